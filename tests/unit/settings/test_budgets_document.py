"""docs/budgets.md says what the code does."""

import re
import tomllib
from pathlib import Path

import pytest

from otp_service.domain.budget_row import Counted, Scope
from otp_service.settings.policy import BudgetSettings, shipped_budgets
from tests.unit.settings.conftest import SHOP

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "budgets.md").read_text(encoding="utf-8")
SHIPPED = tomllib.loads((ROOT / "otp_service" / "data" / "policy.toml").read_text(encoding="utf-8"))


def cells(*, columns):
    """Give the rows of all tables with so many columns, below their heads, without back ticks."""
    rows = [line.strip("|").split(" | ") for line in TEXT.splitlines() if line.startswith("| ")]
    plain = [[cell.strip().strip("`") for cell in row] for row in rows]
    return [row for row in plain if len(row) == columns and not row[0].startswith("---")]


def blocks():
    """Give every indented block of TOML."""
    return re.findall(r"(?:^    \[.*\n(?:    .*\n|\n(?=    ))*)", TEXT, flags=re.MULTILINE)


def test_every_row_that_comes_with_the_service_is_there():
    (_, *stated) = cells(columns=5)

    assert stated == [
        [row.name, row.scope, row.key, str(row.limit), str(row.window_seconds)]
        for row in shipped_budgets()
    ]


@pytest.mark.parametrize(
    "words",
    [list(Scope), list(Counted), list(BudgetSettings.model_fields)],
    ids=["scopes", "keys", "fields"],
)
def test_every_word_has_its_line_and_no_other(words):
    stated = [row[0] for row in cells(columns=2)]

    first = stated.index(words[0])
    assert stated[first : first + len(words)] == words


def test_prices_that_come_with_the_service_are_there():
    (shown,) = [tomllib.loads(block)["prices"] for block in blocks() if "[prices]" in block]

    assert shown["default"] == SHIPPED["prices"]["default"]
    assert shown["currency"] == SHIPPED["prices"]["currency"]


def test_examples_load(problems, complete, toml):
    shown = [block for block in blocks() if "budgets" in block or "prices" in block]
    # The first shows one row; the others are changes, to stand in one file.
    complete["OTP_CONFIG"] = toml(SHOP + shown[1] + shown[2])

    assert len(shown) == 3
    assert problems(complete) == {}
