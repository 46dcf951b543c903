"""The provider's address for SMS: ``POST /api/sms/mtsend_v2``.

Source:
    NXCloud, 'SMS Downstream Sending v2': parameters, response and its codes.
"""

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from otp_service.simulator import phone, sending
from otp_service.simulator.answer import MESSAGES as AUTHENTICATION_MESSAGES
from otp_service.simulator.answer import Refused
from otp_service.simulator.chat import Message
from otp_service.simulator.field import is_text
from otp_service.simulator.sending import Channel, Provider
from otp_service.simulator.signature import Business
from otp_service.simulator.submission import Submission

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
MAX_CHARACTERS = 1_000

_SENDER = re.compile(r"[0-9A-Za-z]{1,20}")
_MESSAGE_ID = re.compile(r"[0-9A-Za-z-]{10,50}")


def blueprint(provider: Provider) -> Blueprint:
    """Give the route of this provider."""
    routes = Blueprint("sms", __name__)

    @routes.post("/api/sms/mtsend_v2")
    def send() -> Response:
        return sending.answer(provider, SMS, request)

    return routes


def accepted(message_id: str) -> dict[str, Any]:
    """Give the JSON of an SMS that was taken; its code is a string."""
    return {"result": RESULTS[0], "code": "0", "messageid": message_id}


def refused(code: int) -> dict[str, Any]:
    """Give the JSON of an SMS that was not taken; a code of no list is a plain failure."""
    fallback = AUTHENTICATION_MESSAGES.get(code, RESULTS[REQUEST_FAILED])
    return {"result": RESULTS.get(code, fallback), "code": str(code), "messageid": ""}


def read(content: Mapping[str, Any], *, appkey: str) -> Submission:
    """Give the SMS this object asks for.

    Raises:
        Refused: With 1, 2, 6, 4, 5 or 8, in this order; at last with 2 for what is optional.
    """
    if content.get("appKey") != appkey:
        raise Refused(APPLICATION_OR_KEY, "no application has this appKey")
    for name in ("phone", "content"):
        if not isinstance(content.get(name), str):
            raise Refused(PARAMETER, f"{name} is missing or no text")
    number = phone.from_wire(content["phone"])
    if number is None:
        raise Refused(NUMBER, "phone is not 7 to 15 digits with the country code")
    text = content["content"]
    if not is_text(text):
        raise Refused(CONTENT, "content is empty or no whole text")
    if len(text) > MAX_CHARACTERS:
        raise Refused(TOO_LONG, f"content is longer than {MAX_CHARACTERS} characters")
    _check_optional(content)
    return Submission(phone=number, function_type="text", text=text, fields={"text": text})


def _check_optional(content: Mapping[str, Any]) -> None:
    sender = content.get("sourceAddress")
    if sender is not None and not (isinstance(sender, str) and _SENDER.fullmatch(sender)):
        raise Refused(SENDER, "sourceAddress is not 1 to 20 letters or digits")
    message_id = content.get("sysMessageId")
    if message_id is not None and not (
        isinstance(message_id, str) and _MESSAGE_ID.fullmatch(message_id)
    ):
        raise Refused(PARAMETER, "sysMessageId is not 10 to 50 letters, digits or hyphens")
    for name in ("drUrl", "ext"):
        if not isinstance(content.get(name, ""), str | None):
            raise Refused(PARAMETER, f"{name} is no text")


def _take(provider: Provider, content: Mapping[str, Any]) -> Message:
    asked = read(content, appkey=provider.keys.appkey)
    return provider.inbox.deliver(asked, at=provider.clock(), billed_as="SMS", channel="sms")


SMS = Channel(
    name="sms",
    business=Business(biz_type="3", action="mtsend"),
    take=_take,
    accepted=accepted,
    refused=refused,
)
