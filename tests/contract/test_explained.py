"""The store against what is explained of it: a guesser gets exactly so far in a day."""

import random
from datetime import timedelta

from support.store_view import StoppedClock
from support.verifications import (
    PIN,
    SECOND_PIN,
    SHOP,
    WRONG_PIN,
    Desk,
    shop,
)

from otp_service.domain.explain import DAY, explain_guessing, guessing
from otp_service.domain.limits import Budget, Charge, GuessBudget, NumberBudgets
from otp_service.domain.verification import Verification
from otp_service.ports import OverBudget, Verdict

MILLISECOND = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)
WRONG = {Verdict.INCORRECT, Verdict.EXHAUSTED_NOW}


def guess_out(desk: Desk, verifications: list[Verification], most: int = 1000) -> int:
    """Guess at each until nothing more is counted, or so often; give how often."""
    made = 0
    for verification in verifications:
        while made < most and desk.verdict(verification.id, WRONG_PIN) in WRONG:
            made += 1
    return made


def start_all(desk: Desk) -> list[Verification]:
    """Start as long as it is allowed."""
    begun = []
    while isinstance(started := desk.try_start(), Verification):
        begun.append(started)
    return begun


def test_guesser_makes_the_explained_guesses_in_a_day_and_not_one_more(
    stopped: Desk, clock: StoppedClock
) -> None:
    bounds = guessing(SHOP)
    before = start_all(stopped)
    clock.advance(MILLISECOND)
    begins_ms = clock.now_ms

    guesses = guess_out(stopped, before)
    clock.advance(HOUR - MILLISECOND)
    guesses += guess_out(stopped, start_all(stopped), bounds.before_starts_close - guesses)
    clock.advance(DAY - HOUR)
    guesses += guess_out(stopped, start_all(stopped))

    assert guesses == bounds.day.guesses == 59
    assert (clock.now_ms - begins_ms) * MILLISECOND == DAY - MILLISECOND
    assert isinstance(stopped.try_start(), OverBudget)
    clock.advance(MILLISECOND)
    assert isinstance(stopped.try_start(), OverBudget)


def test_one_guess_more_before_the_last_starts_closes_the_day(
    stopped: Desk, clock: StoppedClock
) -> None:
    bounds = guessing(SHOP)
    before = start_all(stopped)
    clock.advance(MILLISECOND)
    begins_ms = clock.now_ms
    guesses = guess_out(stopped, before)
    clock.advance(HOUR - MILLISECOND)
    one_more = bounds.before_starts_close + 1 - guesses
    guesses += guess_out(stopped, start_all(stopped), one_more)

    clock.advance(DAY - HOUR)

    assert guesses == 35
    assert (clock.now_ms - begins_ms) * MILLISECOND == DAY - MILLISECOND
    assert start_all(stopped) == []


def test_guesser_meets_the_explained_pins_in_a_day(stopped: Desk, clock: StoppedClock) -> None:
    met = 0

    def guess_full(verifications: list[Verification], pins: list[int]) -> None:
        nonlocal met
        for verification, count in zip(verifications, pins, strict=True):
            met += guess_out(stopped, [verification]) * count

    def burst() -> list[Verification]:
        """Ten messages within 90 s: three verifications of three, one of one."""
        begun = [stopped.started() for _ in range(3)]
        for cooldown in (30, 60):
            clock.advance(timedelta(seconds=cooldown))
            for verification in begun:
                stopped.resend(verification.id)
        return [*begun, stopped.started()]

    first = burst()
    clock.advance(MILLISECOND)
    guess_full(first, [3, 3, 3, 1])
    clock.advance(HOUR)
    second = [stopped.started(), stopped.started()]
    clock.advance(timedelta(seconds=30))
    for verification in second:
        stopped.resend(verification.id)
    clock.advance(timedelta(seconds=60))
    stopped.resend(second[0].id)
    guess_full(second, [3, 2])
    clock.advance(DAY - HOUR - timedelta(seconds=180) - MILLISECOND)
    guess_full(burst(), [3, 3, 3, 1])

    assert met == guessing(SHOP).day.met_pins == 125


def test_pins_that_are_said_to_live_side_by_side_do(stopped: Desk, clock: StoppedClock) -> None:
    def live_after_the_last_resend(pins: list[str]) -> list[object]:
        """Give the verdict on each PIN at the moment the last of them is sent."""
        verdicts: list[object] = []
        for tried in pins:
            verification = stopped.started(pin=pins[0])
            for cooldown, pin in zip((30, 60), pins[1:], strict=True):
                clock.advance(timedelta(seconds=cooldown))
                stopped.resend(verification.id, pin)
            verdicts.append(stopped.verdict(verification.id, tried))
        return verdicts

    live = live_after_the_last_resend([PIN, SECOND_PIN, "111222"])

    assert live == [Verdict.APPROVED] * guessing(SHOP).live_pins


def test_no_guesser_on_the_store_gets_further_than_is_explained(
    stopped: Desk, clock: StoppedClock
) -> None:
    second = timedelta(seconds=1)
    day = 60 * second
    rules = {"attempts": 2, "sends": 2, "life": 5 * second, "resend_cooldown": second}
    budgets = NumberBudgets(
        (
            Budget("starts", Charge.START, 2, 20 * second),
            Budget("starts_a_day", Charge.START, 4, day),
            Budget("messages", Charge.MESSAGE, 6, day),
        ),
        GuessBudget("guesses", 3, day, (second, 5 * second, 10 * second, day), step=2),
    )
    application = shop(budgets=budgets, **rules)
    desk = stopped.at(application)
    bounds = explain_guessing(application.rules, budgets, day=day)
    chance = random.Random(7)
    guesses: list[int] = []
    begun: list[Verification] = []

    for _ in range(250):
        clock.advance(second * chance.choice([0, 0, 0, 1, 4, 15]))
        match chance.choice(["start", "resend", "guess", "guess"]):
            case "start" if isinstance(started := desk.try_start(), Verification):
                begun.append(started)
            case "resend" if begun:
                desk.try_resend(begun[-1].id)
            case "guess" if begun:
                made = guess_out(desk, begun[-3:], most=chance.choice([1, 2, 6]))
                guesses += [clock.now_ms] * made

    most = max(sum(at <= other < at + 60_000 for other in guesses) for at in guesses)
    assert bounds.day.guesses == 12
    assert 6 <= most <= 12
