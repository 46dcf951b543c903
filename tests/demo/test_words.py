import pytest

from otp_service.api.problems import ProblemCode
from otp_service.demo.otp_client import Refused
from otp_service.demo.words import ENDED, SENTENCES, counted, ending_of, sentence_of, span


def test_there_is_a_sentence_for_each_code_of_the_service_and_no_other() -> None:
    assert SENTENCES.keys() == set(ProblemCode)
    assert set(ProblemCode) >= ENDED


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (Refused("code_incorrect", attempts_left=3), "That is not the code. You have 3 attempts l"),
        (Refused("resend_too_soon", retry_after=1), "on its way. Please try again in 1 second."),
        (Refused("phone_unreachable"), "We cannot reach this number."),
        (Refused(None), "Our service cannot be reached at the moment."),
        (Refused("a_code_of_later"), "Our service cannot be reached at the moment."),
    ],
    ids=["attempts", "wait", "plain", "not reached", "unknown"],
)
def test_refusal_is_told_with_what_helps(refused: Refused, said: str) -> None:
    assert said in sentence_of(refused)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        *[(1, "1 second"), (60, "60 seconds"), (61, "2 minutes"), (3599, "60 minutes")],
        *[(3600, "1 hour"), (3601, "2 hours"), (86_400, "1 day"), (86_401, "2 days")],
    ],
)
def test_wait_is_told_in_the_largest_unit_that_fits(seconds: int, said: str) -> None:
    assert span(seconds) == said


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 attempts"), (1, "1 attempt"), (2, "2 attempts")]
)
def test_things_are_counted(number: int, said: str) -> None:
    assert counted(number, "attempt") == said


def test_ending_of_another_kind_says_to_start_again() -> None:
    assert ending_of("later_kind") == SENTENCES["verification_not_found"]
