"""What the settings allow, as plain figures: ``policy explain`` as JSON, and before its words."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from otp_service.domain.application import Application, FixedPin
from otp_service.domain.budget_row import MILLIONTHS
from otp_service.domain.clauses import findings
from otp_service.domain.explain import (
    DAY,
    Guesses,
    Guessing,
    fixed_pin_guesses,
    guessing,
)
from otp_service.domain.spending import (
    Most,
    Spending,
    number_with_owners,
    spending,
    spending_over_all,
)
from otp_service.settings import Settings
from otp_service.settings.profile import fixed_pins_at_stake

Figures = dict[str, Any]


def figures(settings: Settings, now: datetime, *, only: str | None = None) -> Figures:
    """Give the figures of every application, or of one, and those over all.

    ``None`` is no limit. Money is in units of ``currency``, chances from 0 to 1.

    Args:
        now: aware; fixed PINs are counted from it to their end.
    """
    prices = settings.price_table()
    applications = settings.domain_applications()
    shown = [one for one in applications.values() if only in {None, one.id}]
    return {
        "profile": list(settings.profile),
        "currency": prices.currency,
        "applications": [
            {
                "id": application.id,
                "guessing": _guessing(application, guessing(application)),
                "fixed_pins": [_fixed_pin(application, pin, now) for pin in application.fixed_pins],
                "spending": _spendings(
                    spending(application, prices), number_with_owners(application, prices)
                ),
                "clauses": _clauses(
                    application, fixed_pins_at_stake(settings.applications[application.id])
                ),
            }
            for application in shown
        ],
        "over_all": _spending(spending_over_all(list(applications.values()), prices)),
    }


def _clauses(application: Application, fixed_pins: int) -> list[Figures]:
    return [
        {
            "standard": finding.profile,
            "clause": finding.clause,
            "setting": finding.setting or None,
            "value": finding.value or None,
            "verdict": finding.verdict,
            "why": finding.why,
        }
        for finding in findings(application, fixed_pins=fixed_pins)
    ]


def _guessing(application: Application, bounds: Guessing) -> Figures:
    rules, budget = application.rules, application.budgets.guesses
    most_owners = bounds.accounts - 1
    return {
        "pin_digits": bounds.pin_digits,
        "life_seconds": rules.life.total_seconds(),
        "live_pins": bounds.live_pins,
        "attempts": rules.attempts,
        "longest_life_seconds": bounds.longest_life.total_seconds(),
        "open_at_once": bounds.open_at_once,
        "guess_limit": budget.limit,
        "guess_window_seconds": budget.window.total_seconds(),
        "guess_waits_seconds": [wait.total_seconds() for wait in budget.waits],
        "before_starts_close": bounds.before_starts_close,
        "by_owner_addresses": [
            {
                "owner_addresses": owners,
                "day": _chance(bounds.day_with(owners), bounds.pin_digits),
                "year": _chance(bounds.year_with(owners), bounds.pin_digits),
            }
            for owners in sorted({0, min(1, most_owners), most_owners})
        ],
    }


def _fixed_pin(application: Application, pin: FixedPin, now: datetime) -> Figures:
    bound = fixed_pin_guesses(application, pin, now)
    return {
        "name": pin.name,
        "days_left": max(0.0, (pin.until - now) / DAY),
        **_chance(bound, application.rules.pin_digits),
    }


def _chance(bound: Guesses, pin_digits: int) -> Figures:
    return {"wrong_guesses": bound.guesses, "chance": bound.chance(pin_digits)}


def _spendings(found: Iterable[Spending], with_owners: Spending) -> list[Figures]:
    lines = [_spending(one) for one in found]
    return [lines[0], {**_spending(with_owners), "scope": "number_with_owners"}, *lines[1:]]


def _spending(one: Spending) -> Figures:
    money = one.money.figure
    return {
        "scope": one.scope,
        "messages_a_day": one.messages.figure,
        "messages_bound_by": _name(one.messages),
        "money_a_day": None if money is None else money / MILLIONTHS,
        "money_bound_by": _name(one.money),
    }


def _name(most: Most) -> str | None:
    return most.binds or None
