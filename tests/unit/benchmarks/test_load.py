"""What a load says of itself, and what the service says of it."""

import json

import pytest

from benchmarks.cells import SERVICE, Cell
from benchmarks.load import NotRun, Spent, WrongAnswers, read_report
from benchmarks.measuring import check_counted
from benchmarks.parts import read_outcomes

_SAID = {
    "requests": 1000,
    "seconds": 2.0,
    "p50_ms": 5.0,
    "p99_ms": 9.0,
    "broken": 0,
    "late": 0,
    "unexpected": 0,
    "spent": 0,
    "sample": "",
}


def _text(**more: object) -> str:
    return "Running 2s test\n\nREPORT " + json.dumps({**_SAID, **more})


def test_good_load_is_told() -> None:
    outcome = read_report(_text())

    assert (outcome.requests, outcome.rate, outcome.p99_ms) == (1000, 500, 9.0)


def test_one_wrong_answer_voids_the_run() -> None:
    with pytest.raises(WrongAnswers, match="429 too_many"):
        read_report(_text(unexpected=1, sample="429 too_many"))


@pytest.mark.parametrize(
    "text",
    [_text(broken=1), _text(late=1), _text(requests=0), "unable to connect"],
    ids=["broken connection", "late answer", "no answer", "no report"],
)
def test_load_that_did_not_come_through_is_no_figure(text: str) -> None:
    with pytest.raises(NotRun):
        read_report(text)


def test_what_was_answered_when_all_was_spent_says_nothing() -> None:
    with pytest.raises(Spent):
        read_report(_text(spent=1, unexpected=7))


def test_outcomes_are_read_from_an_exposition() -> None:
    text = """
# HELP otp_starts_total Starts.
otp_starts_total{application="shop",country="UA",outcome="started",reason=""} 3.0
otp_starts_total{application="shop",country="PL",outcome="started",reason=""} 2.0
otp_guesses_total{application="shop",country="UA",channel="viber",outcome="code_incorrect"} 7.0
otp_http_request_seconds_count{route="/otp/start"} 9.0
"""

    assert read_outcomes(text) == {"starts/started": 5, "guesses/code_incorrect": 7}


_WRONG = Cell(SERVICE, "wrong", connections=8)


@pytest.mark.parametrize("counted", [1000, 1008], ids=["each", "cut off at the end"])
def test_what_the_service_counted_agrees(counted: int) -> None:
    before = {"guesses/code_incorrect": 50.0, "starts/started": 5.0}
    after = {"guesses/code_incorrect": 50.0 + counted, "starts/started": 5.0}

    check_counted(before, after, _WRONG, 1000)


@pytest.mark.parametrize(
    "after",
    [
        {"guesses/code_incorrect": 999.0},
        {"guesses/code_incorrect": 1009.0},
        {"guesses/code_incorrect": 1000.0, "guesses/verification_exhausted": 1.0},
        {"guesses/approved": 1000.0},
        {},
    ],
    ids=["fewer", "more", "another outcome too", "another outcome", "nothing"],
)
def test_what_the_service_counted_otherwise_voids_the_run(after: dict[str, float]) -> None:
    with pytest.raises(WrongAnswers):
        check_counted({}, after, _WRONG, 1000)
