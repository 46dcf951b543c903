"""What the provider says to a send: accepted with a request id, or refused with a code."""

from typing import Any

from otp_service.data import load

MESSAGES: dict[int, str] = {
    entry["code"]: entry["message"] for entry in load("result_codes.json")["viber"]
}

MISSING_PARAMETERS = 1001
PARAMETER_ERROR = 1002
INVALID_SIGNATURE = 1003
TIMESTAMP_EXPIRED = 1004
INSUFFICIENT_PERMISSIONS = 1005
ACCOUNT_UNAVAILABLE = 1100
INSUFFICIENT_BALANCE = 1102
REQUEST_PARAMETER_ERROR = 9000
PHONE_NUMBER_ERROR = 9002
NO_SUCH_APPKEY = 9003
NO_QUOTATION = 9004
NO_ROUTE = 9005


class Refused(Exception):
    """The provider takes no message from this request.

    Args:
        code: The provider's own code, never 0.
        reason: What is wrong, for the developer who reads the ``X-Simulator-Reason`` header: a
            fixed English sentence that may name a field and never repeats what was sent.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def accepted(request_id: str) -> dict[str, Any]:
    """Give the JSON of a send that was taken.

    Source:
        NXCloud, 'Send Message' (Viber), 'Success Example'.
    """
    return {"code": 0, "message": MESSAGES[0], "data": {"requestId": request_id}}


def refused(code: int) -> dict[str, Any]:
    """Give the JSON of a send that was not taken; a code of no list is a plain failure.

    Source:
        NXCloud, 'Send Message' (Viber), 'Failure Example' and 'Response Code Description'.
    """
    return {"code": code, "message": MESSAGES.get(code, MESSAGES[-1])}
