"""Budgets as the scripts read them: short texts, made once an application."""

from dataclasses import dataclass
from datetime import timedelta

from otp_service.domain.limits import Charge, GuessBudget, NumberBudgets
from otp_service.domain.owner import OwnerRule

_KINDS = {Charge.START: "s", Charge.MESSAGE: "m", Charge.WRONG_GUESS: "g", Charge.TEST_START: "t"}


@dataclass(frozen=True, slots=True)
class BudgetText:
    """What ``number_log.lua`` and ``owners.lua`` read.

    Args:
        sliding: ``"s 5 3600000;m 10 3600000"``: kind, limit, window in ms.
        guesses: ``"20 86400000 5 60000 300000"``: limit, window in ms, step, the waits in ms.
        keep_ms: the longest window; older charges tell nothing any more.
        owners: ``"10 2592000000"``: how many addresses, for how long in ms.
    """

    sliding: str
    guesses: str
    keep_ms: int
    owners: str


def budget_text(budgets: NumberBudgets) -> BudgetText:
    """Write an application's number budgets for the scripts."""
    windows = [budget.window for budget in budgets.sliding] + [budgets.guesses.window]
    return BudgetText(
        sliding=";".join(
            f"{_KINDS[budget.charge]} {budget.limit} {milliseconds(budget.window)}"
            for budget in budgets.sliding
        ),
        guesses=_guess_text(budgets.guesses),
        keep_ms=milliseconds(max(windows)),
        owners=_owner_text(budgets.owners),
    )


def budget_name(budgets: NumberBudgets, which: int) -> str:
    """Name the budget a script speaks of: its place from 1, or 0 for the guess budget."""
    return budgets.sliding[which - 1].name if which else budgets.guesses.name


def milliseconds(span: timedelta) -> int:
    """Give whole milliseconds."""
    return span // timedelta(milliseconds=1)


def _guess_text(guesses: GuessBudget) -> str:
    figures = [guesses.limit, milliseconds(guesses.window), guesses.step]
    return " ".join(map(str, figures + [milliseconds(wait) for wait in guesses.waits]))


def _owner_text(owners: OwnerRule) -> str:
    return f"{owners.addresses} {milliseconds(owners.remembered)}"
