"""How far a guesser gets with one number, from the rules alone: no more than is said here.

The guesser knows the number and the purpose, may call the application, and does at every moment
what gets him furthest: he starts, resends and guesses whenever that is allowed. What hinders him
besides, such as the budgets of addresses and money, is left out.

A wrong guess keeps new starts away and never a guess, so it is starts that bound the guesses:

- Every guess is at a verification that lived within the day, and each allows its attempts.
- A start within the day comes before the wrong guesses of that day have closed starts for its
  rest. What is guessed after the last start is guessed at verifications open by then.

The lower of the two holds. A guess is right if it is one of the PINs that live side by side in its
verification, and a PIN is met by no more guesses than its verification has attempts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from otp_service.domain.application import Application, FixedPin, VerificationRules
from otp_service.domain.budget_row import BudgetRow, Counted, Scope
from otp_service.domain.limits import Budget, Charge, GuessBudget, NumberBudgets
from otp_service.domain.pace import Pace, least, most_in, product

DAY = timedelta(days=1)
_DAYS_OF_A_YEAR = 365
_COVERING = frozenset({Scope.NUMBER, Scope.PREFIX, Scope.COUNTRY, Scope.APPLICATION, Scope.ALL})


@dataclass(frozen=True, slots=True)
class Guesses:
    """The most one account of a number's budgets allows; None stands for no bound.

    Args:
        guesses: in any span of that length, wherever it begins.
        met_pins: the sum, over these guesses, of the PINs that each of them might be: the chance
            is no higher than this over ``10 ** pin_digits``.
    """

    guesses: int | None
    met_pins: int | None

    def times(self, accounts: int) -> "Guesses":
        """Give the most that so many accounts allow."""
        return Guesses(product(self.guesses, accounts), product(self.met_pins, accounts))

    def chance(self, pin_digits: int) -> float:
        """Give the most that the chance to have guessed a PIN can be, 0 to 1."""
        return 1.0 if self.met_pins is None else min(1.0, self.met_pins / 10**pin_digits)


@dataclass(frozen=True, slots=True)
class Guessing:
    """How far a guesser gets with one number of one application.

    Args:
        live_pins: the most PINs of one verification that are good at the same time.
        longest_life: the most time from a start to the end of its last PIN.
        open_at_once: the most verifications of one account that live at the same time.
        before_starts_close: with more wrong guesses than this in the day, there is no start for the
            rest of it.
        day: of one account, in any 24 hours.
        year: of one account, in any 365 days.
        accounts: the most accounts of the number, the strangers' and its owners'.
    """

    pin_digits: int
    live_pins: int
    longest_life: timedelta
    open_at_once: int | None
    before_starts_close: int | None
    day: Guesses
    year: Guesses
    accounts: int

    def day_with(self, owners: int) -> Guesses:
        """Give the day of a guesser who shares the addresses of so many owners."""
        return self.day.times(1 + owners)

    def year_with(self, owners: int) -> Guesses:
        """Give his year. Owners come and go, so it is no less than the days of the year."""
        if not owners:
            return self.year
        return self.day_with(owners).times(_DAYS_OF_A_YEAR)


def guessing(application: Application) -> Guessing:
    """Say how far a guesser gets with one number of an application."""
    rules, budgets = application.rules, application.budgets
    return explain_guessing(
        rules,
        budgets,
        fall_backs=len(application.channels) - 1,
        shared=application.policy,
    )


def explain_guessing(
    rules: VerificationRules,
    budgets: NumberBudgets,
    *,
    fall_backs: int = 0,
    shared: Sequence[BudgetRow] = (),
    day: timedelta = DAY,
) -> Guessing:
    """Say how far a guesser gets under these rules.

    Args:
        fall_backs: messages a verification that need no cooldown.
        shared: budgets beyond the number's own; those count that every start of it is charged to.
    """
    messages = _paces(budgets, shared, Charge.MESSAGE, Counted.SENDS)
    starts = [*_paces(budgets, shared, Charge.START, Counted.STARTS), *messages]
    life = longest_life(rules, fall_backs=fall_backs)
    pins = live_pins(rules, fall_backs=fall_backs)
    open_at_once = most_in(life, starts)

    def verifications(span: timedelta) -> int | None:
        return most_in(span + life, starts)

    def sent_pins(span: timedelta) -> int | None:
        return least(
            most_in(span + rules.life, messages), product(verifications(span), rules.sends)
        )

    def span_of(span: timedelta, bound: Guesses) -> Guesses:
        guesses = least(bound.guesses, product(verifications(span), rules.attempts))
        met = least(product(guesses, pins), product(sent_pins(span), rules.attempts))
        return Guesses(guesses, least(bound.met_pins, met))

    of_day = span_of(day, Guesses(_until_closed(rules, budgets.guesses, open_at_once, day), None))
    return Guessing(
        pin_digits=rules.pin_digits,
        live_pins=pins,
        longest_life=life,
        open_at_once=open_at_once,
        before_starts_close=before_starts_close(budgets.guesses, min(day, budgets.guesses.window)),
        day=of_day,
        year=span_of(day * _DAYS_OF_A_YEAR, of_day.times(_DAYS_OF_A_YEAR)),
        accounts=budgets.owners.accounts,
    )


def live_pins(rules: VerificationRules, *, fall_backs: int = 0) -> int:
    """Give the most PINs of one verification that are good at the same time."""
    cooldowns = (rules.resend_cooldown * ((1 << send) - 1) for send in range(rules.sends))
    return min(rules.sends, sum(sent < rules.life for sent in cooldowns) + fall_backs)


def longest_life(rules: VerificationRules, *, fall_backs: int = 0) -> timedelta:
    """Give the most time from a start to the end of its last PIN: each resent at the very end."""
    cooldowns = (rules.resend_cooldown * (1 << send) for send in range(rules.sends - 1))
    resends = sum(cooldown < rules.life for cooldown in cooldowns) + fall_backs
    return rules.life * min(rules.sends, 1 + resends)


def before_starts_close(budget: GuessBudget, span: timedelta) -> int | None:
    """Give the most wrong guesses in a span after which there is yet a start in it.

    Args:
        span: at most the budget's window.

    Returns:
        None where even the longest wait is over within the span.
    """
    waited_out = sum(wait < span for wait in budget.waits)
    if waited_out == len(budget.waits):
        return None
    return budget.limit - 1 + waited_out * budget.step


def _until_closed(
    rules: VerificationRules, budget: GuessBudget, open_at_once: int | None, day: timedelta
) -> int | None:
    """Give the bound that the guess budget sets; a day of several windows is their sum."""
    span = min(day, budget.window)
    before = before_starts_close(budget, span)
    if before is None or open_at_once is None:
        return None
    return (before + open_at_once * rules.attempts) * -(-day // span)


def _paces(
    budgets: NumberBudgets, shared: Sequence[BudgetRow], charge: Charge, counted: Counted
) -> list[Pace]:
    own = [Pace(b.name, b.limit, b.window) for b in budgets.sliding if b.charge is charge]
    others = [
        Pace(row.name, row.limit, row.window)
        for row in shared
        if row.counted is counted and row.scope in _COVERING
    ]
    return own + others


def fixed_pin_guesses(application: Application, pin: FixedPin, now: datetime) -> Guesses:
    """Give the most guesses of a stranger at a fixed PIN, until its time is over.

    It stays the same, so each of them, over days and verifications, may be the right one.
    """
    left = pin.until - now
    if left <= timedelta(0):
        return Guesses(0, 0)
    # As a test number's starts are charged: to a budget of its own, without a cooldown.
    starts = Budget("starts_per_day", Charge.START, pin.starts_per_day, DAY)
    rules = replace(application.rules, resend_cooldown=timedelta(0))
    bounds = explain_guessing(rules, NumberBudgets((starts,), application.budgets.guesses))
    begun = most_in(left + bounds.longest_life, [Pace(starts.name, starts.limit, starts.window)])
    guesses = least(product(bounds.day.guesses, -(-left // DAY)), product(begun, rules.attempts))
    return Guesses(guesses, guesses)
