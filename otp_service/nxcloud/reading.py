"""What an exchange means for the one message it carried, whichever API it was sent to.

Definite is only what the provider itself said in JSON, or that no byte left. Everything else may
have been sent.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from otp_service.nxcloud.connection import ConnectProblem
from otp_service.nxcloud.result_codes import (
    ACCEPTED,
    CLOCK_OFF,
    FIELD_REFUSED,
    Fault,
    Meaning,
    code_reasons,
)
from otp_service.nxcloud.transport import Answer, Exchange, LineProblem, NoAnswer, NotSent
from otp_service.ports import SendReport, SendVerdict

# The page shows 32 hex digits; 48 characters still fit a field of the store.
REQUEST_ID = re.compile(r"[0-9A-Za-z-]{1,48}")

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
"""Every word that can stand as ``reason`` in an event or a report of these clients."""

NOT_REACHED = frozenset(problem.value for problem in ConnectProblem)
"""Those that say that no connection came about."""

NOT_ASKED = frozenset({UNSENDABLE})
"""Those that say that the message was never on its way."""

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
        may_be_retried: whether the message was certainly not sent, through no fault that would
            stay.
    """

    report: SendReport
    advice: str = ""
    code: int | None = None
    may_be_retried: bool = False

    @property
    def is_accepted(self) -> bool:
        """Whether the provider took the message."""
        return self.report.verdict is SendVerdict.ACCEPTED

    @property
    def refuses_a_field(self) -> bool:
        """Whether the fields as they were spelled are what the provider refused."""
        return self.code == FIELD_REFUSED

    @property
    def refuses_our_clock(self) -> bool:
        """Whether the provider says that our time is too far from its own."""
        return self.code == CLOCK_OFF


ReadContent = Callable[[dict[str, Any]], Reading | None]
"""Judges the JSON object of an answer; None where it holds no result code."""


def read_exchange(exchange: Exchange, read_content: ReadContent) -> Reading:
    """Judge one exchange, its JSON as one API's own reader does."""
    if isinstance(exchange, NotSent):
        report = SendReport(SendVerdict.FAILED, exchange.problem.value)
        return Reading(report, may_be_retried=True)
    if isinstance(exchange, NoAnswer):
        return unknown(exchange.problem.value)
    if exchange.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return unknown(HTTP_5XX)
    reading = read_content(_json_object(exchange)) if exchange.status >= HTTPStatus.OK else None
    return _without_code(exchange) if reading is None else reading


def accepted(request_id: object, meaning: Meaning) -> Reading:
    """Judge an acceptance: without an id of the expected form nothing is known."""
    if not isinstance(request_id, str) or not REQUEST_ID.fullmatch(request_id):
        return unknown(BAD_ANSWER)
    report = SendReport(SendVerdict.ACCEPTED, meaning.reason, request_id)
    return Reading(report, code=ACCEPTED)


def refused(code: int, meaning: Meaning) -> Reading:
    """Judge a refusal by whose fault its code is."""
    report = SendReport(_VERDICTS[meaning.fault], meaning.reason)
    advice = meaning.advice if report.verdict is SendVerdict.MISCONFIGURED else ""
    return Reading(report, advice=advice, code=code, may_be_retried=meaning.may_be_retried)


def unknown(reason: str, *, advice: str = "") -> Reading:
    """Judge what leaves open whether the message was sent."""
    return Reading(SendReport(SendVerdict.UNKNOWN, reason), advice=advice)


def _without_code(answer: Answer) -> Reading:
    """Judge an answer that the provider's own API would not give: perhaps it was not the API."""
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return unknown(answer.flaw.value if answer.flaw else BAD_ANSWER)
    return unknown(
        HTTP_4XX if answer.status >= HTTPStatus.BAD_REQUEST else HTTP_3XX,
        advice=f"HTTP {answer.status} without a result code did not come from the provider's API: "
        "check OTP_NXCLOUD_BASE_URL, and any proxy on the way to it.",
    )


def _json_object(answer: Answer) -> dict[str, Any]:
    """Give the answer's object; an empty one stands for everything that is none."""
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
