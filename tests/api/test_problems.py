from collections.abc import Iterator
from datetime import timedelta

import pytest

from otp_service.api.problems import (
    PROBLEM_TYPES,
    ProblemCode,
    problem_of_error,
    problem_of_status,
    whole_seconds,
)
from otp_service.errors import (
    CodeIncorrect,
    FieldProblem,
    InvalidRequest,
    OtpError,
    PhoneInvalid,
    ProviderFailed,
    ProviderMisconfigured,
    ResendTooSoon,
    StoreUnavailable,
)

CONTRACT = {
    400: {"invalid_request", "phone_invalid", "code_incorrect"},
    401: {"unauthenticated"},
    403: {"forbidden", "destination_not_allowed"},
    404: {"verification_not_found", "not_found"},
    405: {"method_not_allowed"},
    409: {"request_in_progress"},
    410: {
        "verification_expired",
        "verification_exhausted",
        "verification_approved",
        "verification_canceled",
    },
    413: {"payload_too_large"},
    415: {"unsupported_media_type"},
    422: {"phone_unreachable", "idempotency_key_reused"},
    429: {"resend_too_soon", "send_limit_reached", "too_many_requests"},
    502: {"provider_failed"},
    503: {"provider_misconfigured", "store_unavailable", "service_busy"},
}


def leaves(error: type[OtpError]) -> Iterator[type[OtpError]]:
    below = error.__subclasses__()
    if not below:
        yield error
    for child in below:
        yield from leaves(child)


def test_the_map_is_the_contract():
    mapped: dict[int, set[str]] = {}
    for code, row in PROBLEM_TYPES.items():
        mapped.setdefault(row.status, set()).add(code.value)

    assert mapped == CONTRACT


@pytest.mark.parametrize("error", list(leaves(OtpError)), ids=lambda error: error.__name__)
def test_every_error_has_its_row(error):
    assert ProblemCode(error.code) in PROBLEM_TYPES


def test_every_row_has_a_title_of_its_own():
    titles = [row.title for row in PROBLEM_TYPES.values()]

    assert len(set(titles)) == len(titles)


def test_the_error_s_own_words_are_told():
    problem = problem_of_error(PhoneInvalid("Too short for its country."))

    assert problem.model_dump(exclude_none=True) == {
        "type": "urn:otp-service:problem:phone_invalid",
        "title": "Invalid phone number",
        "status": 400,
        "detail": "Too short for its country.",
        "code": "phone_invalid",
    }


def test_an_error_without_words_gets_its_row_s():
    assert "E.164" in problem_of_error(PhoneInvalid()).detail


@pytest.mark.parametrize(
    "error",
    [
        ProviderFailed("upstream said: 9001 +380671234567"),
        ProviderMisconfigured("upstream said: 1005", retry_after=timedelta(seconds=60)),
        StoreUnavailable("redis://:secret@host", retry_after=timedelta(seconds=1)),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_failure_of_our_side_never_tells_what_stood_behind_it(error):
    problem = problem_of_error(error)

    assert problem.detail == PROBLEM_TYPES[ProblemCode(error.code)].detail


def test_fields_at_fault_are_pointed_at():
    error = InvalidRequest(FieldProblem("/message/reason", "holds a link"), FieldProblem("/é", "?"))

    problem = problem_of_error(error)

    assert problem.model_dump()["errors"] == [
        {"pointer": "#/message/reason", "detail": "holds a link"},
        {"pointer": "#/%C3%A9", "detail": "?"},
    ]
    assert problem.detail == "#/message/reason: holds a link; #/%C3%A9: ?"


def test_a_request_wrong_as_a_whole_points_at_nothing():
    problem = problem_of_error(InvalidRequest(detail="The body is empty."))

    assert (problem.detail, problem.errors) == ("The body is empty.", None)


def test_a_wrong_code_tells_the_attempts_left():
    assert problem_of_error(CodeIncorrect(attempts_left=0)).attempts_left == 0


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [
        pytest.param(timedelta(0), 1, id="none"),
        pytest.param(timedelta(seconds=-5), 1, id="over"),
        pytest.param(timedelta(milliseconds=1), 1, id="a moment"),
        pytest.param(timedelta(seconds=2), 2, id="whole"),
        pytest.param(timedelta(seconds=2, microseconds=1), 3, id="rounded up"),
    ],
)
def test_a_wait_is_whole_seconds_and_at_least_one(wait, seconds):
    assert problem_of_error(ResendTooSoon(retry_after=wait)).retry_after == seconds


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "invalid_request"),
        (404, "not_found"),
        (405, "method_not_allowed"),
        (413, "payload_too_large"),
        (415, "unsupported_media_type"),
    ],
)
def test_what_the_framework_refuses_has_its_code(status, code):
    problem = problem_of_status(status)

    assert (problem.status, problem.code) == (status, code)


@pytest.mark.parametrize("status", [408, 426, 500, 501])
def test_a_status_outside_the_list_says_all_there_is(status):
    problem = problem_of_status(status)

    assert (problem.type, problem.status, problem.code) == ("about:blank", status, None)
    assert problem.title
    assert problem.detail


@pytest.mark.parametrize(
    ("span", "seconds"),
    [
        (timedelta(seconds=-1), 0),
        (timedelta(0), 0),
        (timedelta(milliseconds=1), 1),
        (timedelta(minutes=5), 300),
        (timedelta(minutes=5, microseconds=1), 301),
    ],
    ids=str,
)
def test_seconds_are_rounded_up_and_never_negative(span, seconds):
    assert whole_seconds(span) == seconds
