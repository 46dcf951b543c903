"""What an exchange means for the one Viber message it carried.

Definite is only what the provider itself said in JSON, or that no byte left. Everything else may
have been sent.

Source:
    NXCloud, "Send Message" (Viber): response examples and response codes.
"""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from otp_service.nxcloud.connection import ConnectProblem
from otp_service.nxcloud.result_codes import (
    ACCEPTED,
    CLOCK_OFF,
    FIELD_REFUSED,
    Fault,
    code_reasons,
    meaning_of,
)
from otp_service.nxcloud.transport import Answer, Exchange, LineProblem, NoAnswer, NotSent
from otp_service.ports import SendReport, SendVerdict

# The page shows 32 hex digits; 48 characters still fit a field of the store.
_REQUEST_ID = re.compile(r"[0-9A-Za-z-]{1,48}")

BAD_ANSWER = "bad_answer"
HTTP_3XX = "http_3xx"
HTTP_4XX = "http_4xx"
HTTP_5XX = "http_5xx"
UNSENDABLE = "unsendable"
CLOCK = "clock"

REASONS = (
    code_reasons()
    | {BAD_ANSWER, HTTP_3XX, HTTP_4XX, HTTP_5XX, UNSENDABLE, CLOCK}
    | {problem.value for problem in ConnectProblem}
    | {problem.value for problem in LineProblem}
)
"""Every word that can stand as ``reason`` in an event or a report of this client."""

_VERDICTS = {
    Fault.NUMBER: SendVerdict.NUMBER_REFUSED,
    Fault.SETUP: SendVerdict.MISCONFIGURED,
    Fault.PROVIDER: SendVerdict.FAILED,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One exchange, judged.

    Args:
        advice: what an operator should do about it, in words; empty for nothing.
        code: the provider's own, where it gave one.
    """

    report: SendReport
    advice: str = ""
    code: int | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether the provider took the message."""
        return self.report.verdict is SendVerdict.ACCEPTED

    @property
    def may_be_retried(self) -> bool:
        """Whether the message was certainly not sent, through no fault that would stay."""
        return self.report.verdict is SendVerdict.FAILED

    @property
    def refuses_a_field(self) -> bool:
        """Whether the fields as they were spelled are what the provider refused."""
        return self.code == FIELD_REFUSED

    @property
    def refuses_our_clock(self) -> bool:
        """Whether the provider says that our time is too far from its own."""
        return self.code == CLOCK_OFF


def read_exchange(exchange: Exchange) -> Reading:
    """Judge one exchange."""
    if isinstance(exchange, NotSent):
        return Reading(SendReport(SendVerdict.FAILED, exchange.problem.value))
    if isinstance(exchange, NoAnswer):
        return _unknown(exchange.problem.value)
    return _read_answer(exchange)


def _read_answer(answer: Answer) -> Reading:
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unknown(HTTP_5XX)
    content = _json_object(answer)
    code = content.get("code")
    if answer.status < HTTPStatus.OK or type(code) is not int:
        return _without_code(answer)
    if code == ACCEPTED:
        return _accepted(content)
    meaning = meaning_of(code)
    report = SendReport(_VERDICTS[meaning.fault], meaning.reason)
    advice = meaning.advice if report.verdict is SendVerdict.MISCONFIGURED else ""
    return Reading(report, advice=advice, code=code)


def _accepted(content: dict[str, Any]) -> Reading:
    data = content.get("data")
    request_id = data.get("requestId") if isinstance(data, dict) else None
    if not isinstance(request_id, str) or not _REQUEST_ID.fullmatch(request_id):
        return _unknown(BAD_ANSWER)
    reason = meaning_of(ACCEPTED).reason
    return Reading(SendReport(SendVerdict.ACCEPTED, reason, request_id), code=ACCEPTED)


def _without_code(answer: Answer) -> Reading:
    """Judge an answer that the provider's own API would not give: perhaps it was not the API."""
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return _unknown(answer.flaw.value if answer.flaw else BAD_ANSWER)
    return _unknown(
        HTTP_4XX if answer.status >= HTTPStatus.BAD_REQUEST else HTTP_3XX,
        advice=f"HTTP {answer.status} without a result code did not come from the provider's API: "
        "check OTP_NXCLOUD_BASE_URL, and any proxy on the way to it.",
    )


def _unknown(reason: str, *, advice: str = "") -> Reading:
    return Reading(SendReport(SendVerdict.UNKNOWN, reason), advice=advice)


def _json_object(answer: Answer) -> dict[str, Any]:
    """Give the answer's object; an empty one stands for everything that is none."""
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
