"""What the provider says to an SMS: the same kinds of answer as to Viber, in other words.

Source:
    NXCloud, 'SMS Downstream Sending v2', response and its codes.
"""

from collections.abc import Mapping
from typing import Any

from otp_service.simulator.answer import MESSAGES

APPLICATION_OR_KEY = 1
PARAMETER = 2
BALANCE = 3
CONTENT = 4
TOO_LONG = 5
NUMBER = 6
SENDER = 8
ADDRESS = 9
TOO_MANY_TO_NUMBER = 27
TOO_FAST = 28
REQUEST_FAILED = 88
ACCOUNT_DEACTIVATED = 102

RESULTS: Mapping[int, str] = {
    0: "Request succeeded",
    APPLICATION_OR_KEY: "Application unavailable or incorrect key",
    PARAMETER: "Parameter error or empty",
    BALANCE: "Insufficient balance",
    CONTENT: "Content is empty or contains illegal keywords",
    TOO_LONG: "Content is too long",
    NUMBER: "Invalid number",
    SENDER: "sourceAddress/sender must be 1-20 digits or letters",
    ADDRESS: "Invalid IP",
    TOO_MANY_TO_NUMBER: "The most messages to one number within one hour have been sent",
    TOO_FAST: "The configured TPS rate limit has been reached",
    REQUEST_FAILED: "Request failed",
    99: "System error",
    ACCOUNT_DEACTIVATED: "The current account has been deactivated",
}


def accepted(message_id: str) -> dict[str, Any]:
    """Give the JSON of an SMS that was taken; its code is a string."""
    return {"result": RESULTS[0], "code": "0", "messageid": message_id}


def refused(code: int) -> dict[str, Any]:
    """Give the JSON of an SMS that was not taken; a code of no list is a plain failure."""
    fallback = MESSAGES.get(code, RESULTS[REQUEST_FAILED])
    return {"result": RESULTS.get(code, fallback), "code": str(code), "messageid": ""}
