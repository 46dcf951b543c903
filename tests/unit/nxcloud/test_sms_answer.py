import json
from datetime import timedelta
from typing import Any

import pytest

from otp_service import data
from otp_service.nxcloud.connection import ConnectProblem
from otp_service.nxcloud.reading import Reading
from otp_service.nxcloud.sms_answer import read_exchange
from otp_service.nxcloud.transport import Answer, LineProblem, NoAnswer, NotSent
from otp_service.ports import SendReport, SendVerdict
from tests.unit.nxcloud.scripted_server import REQUEST_ID, SMS_ACCEPTED

TOOK = timedelta(milliseconds=40)
FAULT_VERDICTS = {
    "number": SendVerdict.NUMBER_REFUSED,
    "setup": SendVerdict.MISCONFIGURED,
    "provider": SendVerdict.FAILED,
}
REFUSALS = [row for row in data.load("result_codes.json")["sms"] if row["code"] != 0]


def read(content: object, *, status: int = 200, flaw: LineProblem | None = None) -> Reading:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_exchange(Answer(status=status, body=body, date=None, took=TOOK, flaw=flaw))


@pytest.mark.parametrize(
    ("message_id", "request_id"),
    [
        pytest.param(REQUEST_ID, REQUEST_ID, id="text"),
        pytest.param(1655710885431, "1655710885431", id="number"),
    ],
)
def test_code_0_with_a_message_id_is_accepted(message_id: object, request_id: str) -> None:
    reading = read({**SMS_ACCEPTED, "messageid": message_id})

    assert reading.report == SendReport(SendVerdict.ACCEPTED, "sms_code_0", request_id)
    assert reading.is_accepted


@pytest.mark.parametrize("status", [200, 302, 401])
@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: str(row["code"]))
def test_known_code_has_the_verdict_of_its_fault(row: dict[str, Any], status: int) -> None:
    reading = read({"result": "whatever", "code": str(row["code"])}, status=status)

    verdict = FAULT_VERDICTS[row["fault"]]
    assert reading.report == SendReport(verdict, f"sms_code_{row['code']}")
    assert reading.advice == (row["advice"] if row["fault"] == "setup" else "")
    assert reading.may_be_retried is (row["fault"] == "provider" and row["code"] != 27)
    assert reading.refuses_our_clock is (row["code"] == 1004)


@pytest.mark.parametrize("code", ["7", "-27", "9002", "999999999"])
def test_other_code_is_the_providers_failure(code: str) -> None:
    reading = read({"code": code})

    assert reading.report == SendReport(SendVerdict.FAILED, "sms_code_other")
    assert reading.may_be_retried


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param({}, id="no-id"),
        pytest.param({"messageid": None}, id="null"),
        pytest.param({"messageid": True}, id="true"),
        pytest.param({"messageid": 1.5}, id="fraction"),
        pytest.param({"messageid": ""}, id="empty"),
        pytest.param({"messageid": "a" * 49}, id="too-long"),
        pytest.param({"messageid": 10**48}, id="too-long-a-number"),
        pytest.param({"messageid": "a b"}, id="blank"),
        pytest.param({"messageid": [REQUEST_ID]}, id="list"),
    ],
)
def test_code_0_of_another_shape_is_unknown(rest: dict[str, Any]) -> None:
    reading = read({"code": "0", **rest})

    assert reading.report == SendReport(SendVerdict.UNKNOWN, "bad_answer")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<html>", id="html"),
        pytest.param([], id="list"),
        pytest.param({}, id="no-code"),
        pytest.param({"code": 6}, id="number"),
        pytest.param({"code": ""}, id="empty"),
        pytest.param({"code": "six"}, id="word"),
        pytest.param({"code": " 6"}, id="blank"),
        pytest.param({"code": "06"}, id="leading-zero"),
        pytest.param({"code": "-0", "messageid": REQUEST_ID}, id="minus-0"),
        pytest.param({"code": "9" * 10}, id="ten-digits"),
        pytest.param({"code": "\u0666"}, id="other-digit"),
        pytest.param({"code": None}, id="null"),
    ],
)
def test_answer_without_a_code_is_unknown(content: object) -> None:
    reading = read(content)

    assert reading.report == SendReport(SendVerdict.UNKNOWN, "bad_answer")
    assert not reading.may_be_retried


@pytest.mark.parametrize("content", [SMS_ACCEPTED, {"code": "6"}, b"<html>"])
def test_server_error_is_unknown_whatever_its_body(content: object) -> None:
    reading = read(content, status=500)

    assert reading.report == SendReport(SendVerdict.UNKNOWN, "http_5xx")


def test_line_that_breaks_after_the_request_is_unknown() -> None:
    reading = read_exchange(NoAnswer(LineProblem.DROPPED, TOOK))

    assert reading.report == SendReport(SendVerdict.UNKNOWN, "dropped")


def test_request_that_never_left_has_definitely_failed() -> None:
    reading = read_exchange(NotSent(ConnectProblem.REFUSED, TOOK))

    assert reading.report == SendReport(SendVerdict.FAILED, "refused")
    assert reading.may_be_retried
