from datetime import timedelta

import pytest
from support.verifications import BUDGETS, GUESSES

from otp_service.domain.limits import Budget, Charge, NumberBudgets
from otp_service.redis_store.budget_text import budget_name, budget_text, milliseconds


def test_budgets_are_written_as_the_scripts_read_them() -> None:
    text = budget_text(BUDGETS)

    assert text.sliding == "s 5 3600000;s 10 86400000;m 10 3600000;m 15 86400000"
    assert text.guesses == "20 86400000 5 60000 300000 3600000 86400000"
    assert text.keep_ms == 86_400_000
    assert text.owners == "10 2592000000"


def test_no_sliding_budget_is_an_empty_text() -> None:
    text = budget_text(NumberBudgets((), GUESSES))

    assert text.sliding == ""
    assert text.keep_ms == 86_400_000


def test_log_is_kept_for_the_longest_window_of_all() -> None:
    weekly = Budget("weekly", Charge.START, 50, timedelta(days=7))

    assert budget_text(NumberBudgets((weekly,), GUESSES)).keep_ms == 7 * 86_400_000


@pytest.mark.parametrize(
    ("which", "name"),
    [
        (0, "number_wrong_guesses"),
        (1, "number_starts_per_hour"),
        (4, "number_messages_per_day"),
    ],
)
def test_budget_a_script_speaks_of_is_named(which: int, name: str) -> None:
    assert budget_name(BUDGETS, which) == name


def test_milliseconds_are_whole() -> None:
    assert milliseconds(timedelta(seconds=1.2345)) == 1234
