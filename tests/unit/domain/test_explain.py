"""The bounds, against every play of a plain model of the store's rules."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from support.best_guesser import Game, play
from support.verifications import BUDGETS, GUESSES, RULES, SHOP

from otp_service.domain.application import FixedPin
from otp_service.domain.budget_row import BudgetRow, Counted, Scope
from otp_service.domain.explain import (
    Guesses,
    before_starts_close,
    explain_guessing,
    fixed_pin_guesses,
    guessing,
    live_pins,
    longest_life,
)
from otp_service.domain.limits import Budget, Charge, NumberBudgets
from otp_service.domain.owner import OwnerRule

DAY = timedelta(days=1)
TICK = timedelta(seconds=1)

SMALL = Game(
    starts=((2, 6),),
    messages=(),
    life=1,
    attempts=2,
    sends=1,
    cooldown=1,
    limit=3,
    window=6,
    waits=(1, 6),
    day=6,
)
EXACT = {
    "starts bind": replace(SMALL, life=2, limit=9),
    "edge of the day": replace(SMALL, life=2, starts=((1, 2), (2, 6)), limit=9),
    "guesses bind": replace(SMALL, starts=((2, 1),), limit=2, waits=(6,)),
    "waits grow": replace(SMALL, starts=((1, 1),), limit=1, attempts=1, waits=(1, 2, 6)),
    "PINs side by side": replace(SMALL, starts=((1, 5),), life=2, sends=2, limit=9),
    "messages bind": replace(SMALL, starts=(), messages=((2, 6),), life=2, sends=2, limit=9),
    "one attempt": replace(SMALL, attempts=1, starts=((3, 6),), life=2, limit=2, waits=(6,)),
}


def explained(game):
    rules = replace(
        RULES,
        life=game.life * TICK,
        attempts=game.attempts,
        sends=game.sends,
        resend_cooldown=game.cooldown * TICK,
    )
    sliding = [
        Budget("one", charge, limit, window * TICK)
        for charge, paces in ((Charge.START, game.starts), (Charge.MESSAGE, game.messages))
        for limit, window in paces
    ]
    guesses = replace(
        GUESSES,
        limit=game.limit,
        window=game.window * TICK,
        step=game.attempts,
        waits=tuple(wait * TICK for wait in game.waits),
    )
    return explain_guessing(rules, NumberBudgets(tuple(sliding), guesses), day=game.day * TICK)


@pytest.mark.parametrize("game", EXACT.values(), ids=EXACT)
def test_the_best_guesser_gets_as_far_as_is_said_and_no_further(game):
    guesses, met_pins = play(game)

    assert explained(game).day == Guesses(guesses, met_pins)


@pytest.mark.parametrize("seed", range(25))
def test_no_guesser_gets_further_than_is_said(seed):
    chance = random.Random(seed)
    pick = chance.choice
    window = pick([2, 4, 5])
    game = Game(
        starts=pick([((1, 1),), ((2, 3),), ((1, 2), (2, 5)), ((2, 5),)]),
        messages=pick([(), ((3, 5),), ((1, 1), (3, 5))]),
        life=pick([1, 2]),
        attempts=pick([1, 2]),
        sends=pick([1, 1, 2]),
        cooldown=pick([1, 2]),
        limit=pick([1, 2, 3]),
        window=window,
        waits=tuple(sorted({pick([1, 2, 3]), window})),
        day=pick([4, 5]),
    )

    guesses, met_pins = play(game)

    day = explained(game).day
    assert guesses <= day.guesses
    assert met_pins <= day.met_pins


def test_chance_is_no_lower_than_that_of_every_draw():
    # One digit, two PINs side by side, three different guesses.
    draws = list(product(range(10), repeat=2))
    hits = sum(any(pin in {0, 1, 2} for pin in pins) for pins in draws)

    assert hits / len(draws) <= Guesses(3, 6).chance(1) == 0.6


def test_defaults():
    bounds = guessing(SHOP)

    assert (bounds.live_pins, bounds.longest_life) == (3, timedelta(minutes=15))
    assert (bounds.open_at_once, bounds.before_starts_close) == (5, 34)
    assert bounds.day == Guesses(59, 125)
    assert bounds.day.chance(6) == 0.000125
    # Ten starts a day, and those of the edge.
    assert bounds.year == Guesses(5 * (10 * 365 + 5), 5 * (15 * 365 + 10))


def test_each_owner_has_the_day_once_more():
    bounds = guessing(SHOP)

    assert bounds.accounts == 11
    assert bounds.day_with(0) == bounds.day
    assert bounds.day_with(10) == Guesses(649, 1375)
    assert bounds.year_with(0) == bounds.year
    assert bounds.year_with(10) == Guesses(649 * 365, 1375 * 365)


def test_nobody_is_an_owner_where_there_are_none():
    budgets = replace(BUDGETS, owners=OwnerRule(addresses=0))

    assert explain_guessing(RULES, budgets).accounts == 1


@pytest.mark.parametrize(
    ("sends", "cooldown", "fall_backs", "pins", "lives"),
    [
        (1, 30, 0, 1, 1),
        (3, 30, 0, 3, 3),
        (3, 100, 0, 2, 3),
        (3, 300, 0, 1, 1),
        (3, 300, 1, 2, 2),
        (3, 150, 0, 2, 2),
        (10, 0, 0, 10, 10),
        (10, 30, 0, 4, 5),
        (2, 30, 1, 2, 2),
    ],
)
def test_cooldown_says_how_many_pins_live_side_by_side(sends, cooldown, fall_backs, pins, lives):
    rules = replace(RULES, sends=sends, resend_cooldown=timedelta(seconds=cooldown))

    assert live_pins(rules, fall_backs=fall_backs) == pins
    assert longest_life(rules, fall_backs=fall_backs) == lives * rules.life


def test_shared_budgets_that_every_start_is_charged_to_make_it_less():
    starts = BudgetRow("application_starts", Scope.APPLICATION, Counted.STARTS, 2, DAY)
    address = BudgetRow("address_starts", Scope.ADDRESS, Counted.STARTS, 1, DAY)

    held = explain_guessing(RULES, BUDGETS, shared=[starts, address])

    assert held.day.guesses == 4 * 5


def test_without_a_budget_of_starts_there_is_no_bound():
    bounds = explain_guessing(RULES, NumberBudgets((), GUESSES))

    assert bounds.day == Guesses(None, None)
    assert bounds.day.chance(6) == 1.0
    assert bounds.day_with(3) == bounds.day


def test_waits_that_end_within_the_window_close_nothing():
    budget = replace(GUESSES, waits=(timedelta(minutes=1),))

    assert before_starts_close(budget, DAY) is None
    assert explain_guessing(RULES, replace(BUDGETS, guesses=budget)).day.guesses == 15 * 5


def test_fixed_pin_is_met_by_every_guess_until_its_end():
    now = datetime(2027, 1, 1, tzinfo=UTC)
    pin = FixedPin("app-review", "tag", "hash", until=now + 30 * DAY, starts_per_day=20)

    # 20 starts a day, and those that reach into the first.
    assert fixed_pin_guesses(SHOP, pin, now) == Guesses(31 * 20 * 5, 31 * 20 * 5)
    # On the last day what is open when starts close.
    assert fixed_pin_guesses(SHOP, pin, pin.until - DAY) == Guesses(34 + 100, 34 + 100)
    assert fixed_pin_guesses(SHOP, pin, pin.until) == Guesses(0, 0)
