import json
from datetime import timedelta
from typing import Any

import pytest

from otp_service import data
from otp_service.nxcloud.connection import ConnectProblem
from otp_service.nxcloud.reading import Reading
from otp_service.nxcloud.transport import Answer, LineProblem, NoAnswer, NotSent
from otp_service.nxcloud.viber_answer import read_exchange
from otp_service.ports import SendReport, SendVerdict
from tests.unit.nxcloud.scripted_server import ACCEPTED, REQUEST_ID

TOOK = timedelta(milliseconds=40)
FAULT_VERDICTS = {
    "none": SendVerdict.UNKNOWN,  # code 0 alone names no message
    "number": SendVerdict.NUMBER_REFUSED,
    "setup": SendVerdict.MISCONFIGURED,
    "provider": SendVerdict.FAILED,
}
ROWS = data.load("result_codes.json")["viber"]
STATUSES_OF_THE_API = [200, 201, 302, 400, 401, 429]


def read(content: object, *, status: int = 200, flaw: LineProblem | None = None) -> Reading:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_exchange(Answer(status=status, body=body, date=None, took=TOOK, flaw=flaw))


@pytest.mark.parametrize("status", STATUSES_OF_THE_API)
def test_code_0_with_a_request_id_is_accepted(status: int) -> None:
    reading = read(ACCEPTED, status=status)

    assert reading.report == SendReport(SendVerdict.ACCEPTED, "code_0", REQUEST_ID)
    assert reading.is_accepted


@pytest.mark.parametrize("status", STATUSES_OF_THE_API)
@pytest.mark.parametrize("row", ROWS[1:], ids=lambda row: str(row["code"]))
def test_known_code_has_the_verdict_of_its_fault(row: dict[str, Any], status: int) -> None:
    reading = read({"code": row["code"], "message": "whatever"}, status=status)

    verdict = FAULT_VERDICTS[row["fault"]]
    assert reading.report == SendReport(verdict, f"code_{row['code']}")
    assert reading.advice == (row["advice"] if row["fault"] == "setup" else "")
    assert reading.may_be_retried is (row["fault"] == "provider")
    assert reading.refuses_a_field is (row["code"] == 9000)
    assert reading.refuses_our_clock is (row["code"] == 1004)


@pytest.mark.parametrize("code", [1, 7, -9000, 12345, 10**40])
def test_other_code_is_the_providers_failure(code: int) -> None:
    reading = read({"code": code})

    assert reading.report == SendReport(SendVerdict.FAILED, "code_other")
    assert reading.may_be_retried


@pytest.mark.parametrize("request_id", ["a", "A-9" * 16], ids=["shortest", "longest"])
def test_request_id_of_any_accepted_shape_is_kept(request_id: str) -> None:
    reading = read({"code": 0, "data": {"requestId": request_id}})

    assert reading.report.request_id == request_id


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param({}, id="no-data"),
        pytest.param({"data": None}, id="null-data"),
        pytest.param({"data": [REQUEST_ID]}, id="list"),
        pytest.param({"data": {}}, id="no-id"),
        pytest.param({"data": {"requestId": 17}}, id="number"),
        pytest.param({"data": {"requestId": ""}}, id="empty"),
        pytest.param({"data": {"requestId": "a" * 49}}, id="too-long"),
        pytest.param({"data": {"requestId": "a b"}}, id="blank"),
        pytest.param({"data": {"requestId": f"{REQUEST_ID}\n"}}, id="line-break"),
        pytest.param({"data": {"requestId": "٣"}}, id="other-digits"),
    ],
)
def test_code_0_of_another_shape_is_unknown(rest: dict[str, Any]) -> None:
    reading = read({"code": 0, **rest})

    assert reading.report == SendReport(SendVerdict.UNKNOWN, "bad_answer")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>", id="html"),
        pytest.param(b'{"code": 0', id="half"),
        pytest.param(b"\xff\xfe\xfd", id="no-text"),
        pytest.param(b"[" * 60_000, id="nested"),
        pytest.param(b'{"code": ' + b"9" * 5_000 + b"}", id="5000-digits"),
        pytest.param([{"code": 0}], id="list"),
        pytest.param(None, id="null"),
        pytest.param({}, id="no-code"),
        pytest.param({"code": None}, id="null-code"),
        pytest.param({"code": "9002"}, id="text-code"),
        pytest.param({"code": 9002.0}, id="float-code"),
        pytest.param({"code": False, "data": {"requestId": REQUEST_ID}}, id="false-is-no-0"),
        pytest.param({"code": True}, id="true-is-no-1"),
    ],
)
@pytest.mark.parametrize(
    ("status", "reason", "advises"),
    [
        (200, "bad_answer", False),
        (202, "bad_answer", False),
        (302, "http_3xx", True),
        (404, "http_4xx", True),
    ],
)
def test_answer_without_a_code_is_unknown(
    content: object,
    status: int,
    reason: str,
    advises: bool,  # noqa: FBT001
) -> None:
    reading = read(content, status=status)

    assert reading.report == SendReport(SendVerdict.UNKNOWN, reason)
    assert ("OTP_NXCLOUD_BASE_URL" in reading.advice) is advises
    assert not reading.may_be_retried


@pytest.mark.parametrize("content", [ACCEPTED, {"code": 9002}, {"code": -1}, b"<html>"])
@pytest.mark.parametrize("status", [500, 502, 503, 599, 600])
def test_server_error_is_unknown_whatever_its_body(status: int, content: object) -> None:
    reading = read(content, status=status)

    assert reading.report == SendReport(SendVerdict.UNKNOWN, "http_5xx")


def test_interim_answer_as_the_last_word_is_unknown() -> None:
    reading = read(ACCEPTED, status=101)

    assert reading.report == SendReport(SendVerdict.UNKNOWN, "bad_answer")


@pytest.mark.parametrize("flaw", LineProblem)
@pytest.mark.parametrize(
    ("status", "reason"), [(200, None), (302, "http_3xx"), (404, "http_4xx"), (502, "http_5xx")]
)
def test_body_that_is_not_whole_is_unknown(
    status: int, reason: str | None, flaw: LineProblem
) -> None:
    reading = read(b"", status=status, flaw=flaw)

    assert reading.report == SendReport(SendVerdict.UNKNOWN, reason or flaw.value)


@pytest.mark.parametrize("problem", LineProblem)
def test_line_that_breaks_after_the_request_is_unknown(problem: LineProblem) -> None:
    reading = read_exchange(NoAnswer(problem, TOOK))

    assert reading.report == SendReport(SendVerdict.UNKNOWN, problem.value)
    assert not reading.may_be_retried


@pytest.mark.parametrize("problem", ConnectProblem)
def test_request_that_never_left_has_definitely_failed(problem: ConnectProblem) -> None:
    reading = read_exchange(NotSent(problem, TOOK))

    assert reading.report == SendReport(SendVerdict.FAILED, problem.value)
    assert reading.may_be_retried
