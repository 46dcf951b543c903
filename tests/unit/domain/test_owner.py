import re
from datetime import timedelta
from pathlib import Path

import pytest

from otp_service.domain.limits import Budget, Charge, NumberBudgets
from otp_service.domain.owner import OwnerRule
from otp_service.settings import Rules
from otp_service.settings.applications import ApplicationSettings

DOCUMENT = Path(__file__).parents[3] / "docs" / "limits.md"


@pytest.fixture
def budgets() -> NumberBudgets:
    """Give the defaults as an application has them."""
    return ApplicationSettings().to_domain("shop", defaults=Rules()).budgets


def limit(budgets: NumberBudgets, charge: Charge, window: timedelta) -> int:
    (budget,) = [b for b in budgets.sliding if (b.charge, b.window) == (charge, window)]
    assert isinstance(budget, Budget)
    return budget.limit


def test_number_has_one_account_a_owner_and_one_for_strangers() -> None:
    assert OwnerRule(addresses=3).accounts == 4
    assert OwnerRule(addresses=0).accounts == 1


def test_document_says_what_owners_cost(budgets: NumberBudgets) -> None:
    hour, day = timedelta(hours=1), timedelta(days=1)
    limits = [
        limit(budgets, Charge.START, hour),
        limit(budgets, Charge.START, day),
        limit(budgets, Charge.MESSAGE, day),
        budgets.guesses.limit,
    ]

    table = DOCUMENT.read_text(encoding="utf-8").split("### What it costs")[1]
    rows = re.findall(r"^\| [^|]+ \| (\d+) \| (\d+) \| (\d+) \|$", table, re.MULTILINE)

    most = budgets.owners.accounts
    assert [tuple(map(int, row)) for row in rows] == [(n, 2 * n, most * n) for n in limits]


def test_document_says_how_long_a_guesser_waits(budgets: NumberBudgets) -> None:
    guesses = budgets.guesses
    words = {60: "1 minute", 300: "5 minutes", 3_600: "1 hour", 86_400: "the day"}

    table = DOCUMENT.read_text(encoding="utf-8").split("## Wrong guesses")[1]
    rows = re.findall(r"^\| (\d+) [^|]*\| ([^|]+) \|$", table.split("## ")[0], re.MULTILINE)

    stages = enumerate(guesses.waits)
    assert [(int(first), wait) for first, wait in rows] == [
        (guesses.limit + at * guesses.step, words[wait // timedelta(seconds=1)])
        for at, wait in stages
    ]


def test_document_says_the_defaults_of_owners(budgets: NumberBudgets) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    assert f"`OTP_OWNER_DAYS` ({budgets.owners.remembered.days})" in text
    assert f"`OTP_OWNER_ADDRESSES` ({budgets.owners.addresses})" in text
