"""A number's wrong guesses: counted by verify, enforced by start, the wait growing."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from support.store_view import StoppedClock, StoreView
from support.verifications import (
    GUESSES,
    NO_LIMITS,
    OTHER_PHONE,
    PIN,
    WRONG_PIN,
    Desk,
    shop,
)

from otp_service.domain.limits import NumberBudgets
from otp_service.domain.verification import Verification
from otp_service.ports import OverBudget, Verdict

MILLISECOND = timedelta(milliseconds=1)
UNLIMITED_STARTS = NumberBudgets((), GUESSES)
NAME = GUESSES.name


@pytest.fixture
def guessed(stopped: Desk) -> Desk:
    """A desk at which only wrong guesses keep a start away."""
    return stopped.at(shop(budgets=UNLIMITED_STARTS, attempts=1000, life=timedelta(days=3)))


def wait_after(desk: Desk, guesses: int, verification: Verification) -> timedelta:
    for _ in range(guesses):
        desk.guess(verification.id, WRONG_PIN)
    answer = desk.try_start()
    return answer.retry_after if isinstance(answer, OverBudget) else timedelta(0)


def test_wait_grows_with_every_step_of_wrong_guesses(guessed: Desk) -> None:
    live = guessed.start()

    waits = [wait_after(guessed, 19, live)]
    waits += [wait_after(guessed, 1, live) for _ in range(22)]

    minute = timedelta(minutes=1)
    assert waits == (
        [timedelta(0)] + [minute] * 5 + [5 * minute] * 5 + [60 * minute] * 5 + [1440 * minute] * 7
    )


def test_refusal_names_the_guess_budget(guessed: Desk) -> None:
    live = guessed.start()
    for _ in range(20):
        guessed.guess(live.id, WRONG_PIN)

    assert guessed.try_start() == OverBudget(NAME, timedelta(minutes=1))


def test_wait_runs_from_the_last_wrong_guess_and_ends_to_the_millisecond(
    guessed: Desk, clock: StoppedClock
) -> None:
    live = guessed.start()
    for _ in range(20):
        guessed.guess(live.id, WRONG_PIN)
        clock.advance(timedelta(seconds=1))
    clock.advance(timedelta(seconds=58, milliseconds=999))

    assert guessed.try_start() == OverBudget(NAME, MILLISECOND)
    clock.advance(MILLISECOND)
    assert isinstance(guessed.try_start(), Verification)


def test_wait_is_never_longer_than_until_the_window_has_room(
    guessed: Desk, clock: StoppedClock
) -> None:
    live = guessed.start()
    for _ in range(20):
        guessed.guess(live.id, WRONG_PIN)
    clock.advance(timedelta(hours=20))
    for _ in range(15):
        guessed.guess(live.id, WRONG_PIN)

    refused = guessed.try_start()

    assert refused == OverBudget(NAME, timedelta(hours=4))
    clock.advance(timedelta(hours=4) - MILLISECOND)
    assert guessed.try_start() == OverBudget(NAME, MILLISECOND)
    clock.advance(MILLISECOND)
    assert isinstance(guessed.try_start(), Verification)


def test_guesses_leave_with_the_day(guessed: Desk, clock: StoppedClock) -> None:
    live = guessed.start()
    for _ in range(19):
        guessed.guess(live.id, WRONG_PIN)
    clock.advance(timedelta(days=1))

    assert wait_after(guessed, 19, live) == timedelta(0)
    assert wait_after(guessed, 1, live) == timedelta(minutes=1)


def test_guesses_that_leave_with_the_day_make_no_wait_longer(
    guessed: Desk, clock: StoppedClock
) -> None:
    live = guessed.start()
    for _ in range(5):
        guessed.guess(live.id, WRONG_PIN)
    clock.advance(timedelta(days=1, seconds=-30))
    assert wait_after(guessed, 20, live) == timedelta(minutes=5)

    clock.advance(timedelta(seconds=30) - MILLISECOND)
    assert wait_after(guessed, 0, live) == timedelta(minutes=4, seconds=30) + MILLISECOND
    clock.advance(MILLISECOND)
    assert wait_after(guessed, 0, live) == timedelta(seconds=30)


def test_nothing_that_happens_to_a_verification_forgets_its_guesses(
    desk: Desk, view: StoreView
) -> None:
    desk = desk.at(
        shop(
            budgets=UNLIMITED_STARTS,
            attempts=100,
            resend_cooldown=timedelta(0),
            retention=timedelta(seconds=60),
        )
    )
    canceled, approved, forgotten = desk.start(), desk.start(), desk.start()
    for begun in (canceled, approved, forgotten):
        for _ in range(7):
            desk.guess(begun.id, WRONG_PIN)
        desk.resend(begun.id)
    desk.cancel(canceled.id)
    assert desk.verdict(approved.id, PIN) is Verdict.APPROVED

    assert isinstance(desk.try_start(), OverBudget)
    # Their records end; the last guess is more than the minute's wait ago.
    view.advance(timedelta(minutes=10))
    assert view.hashes() == {}
    begun = desk.start()
    desk.guess(begun.id, WRONG_PIN)

    refused = desk.try_start()

    assert isinstance(refused, OverBudget)
    assert refused.budget == NAME


def test_right_codes_and_ended_verifications_are_no_guesses(guessed: Desk, view: StoreView) -> None:
    for _ in range(21):
        started = guessed.start()
        guessed.guess(started.id, PIN)
        guessed.guess(started.id, WRONG_PIN)

    assert isinstance(guessed.try_start(), Verification)
    assert not [member for log in view.logs().values() for member in log if member[:1] == b"g"]


def test_guesses_of_every_verification_of_the_number_add_up(desk: Desk) -> None:
    desk = desk.at(shop(budgets=UNLIMITED_STARTS))
    for _ in range(4):
        desk.exhaust(desk.start().id)

    refused = desk.try_start()

    assert isinstance(refused, OverBudget)
    assert refused.budget == NAME


def test_live_verification_is_never_refused_for_guesses_made_elsewhere(
    guessed: Desk,
) -> None:
    attacked, live = guessed.start(), guessed.start()
    for _ in range(60):
        guessed.guess(attacked.id, WRONG_PIN)

    read = guessed.read(live.id)
    judged = guessed.verdict(live.id, PIN)

    assert read.attempts_left == 1000
    assert judged is Verdict.APPROVED


def test_guesses_at_one_number_or_application_do_not_touch_another(guessed: Desk) -> None:
    live = guessed.start()
    for _ in range(40):
        guessed.guess(live.id, WRONG_PIN)

    bank = guessed.at(shop(name="bank"))

    assert isinstance(guessed.try_start(phone=OTHER_PHONE), Verification)
    assert isinstance(bank.try_start(), Verification)


def test_taking_a_resend_back_forgets_no_guess(guessed: Desk) -> None:
    desk = guessed.at(shop(budgets=UNLIMITED_STARTS, attempts=1000, resend_cooldown=timedelta(0)))
    live = desk.start()
    resent = desk.resend(live.id)
    for _ in range(20):
        desk.guess(live.id, WRONG_PIN)

    desk.take_back(resent)

    assert isinstance(desk.try_start(), OverBudget)


def test_guess_budget_and_a_sliding_one_tell_the_longer_wait(
    stopped: Desk, clock: StoppedClock
) -> None:
    desk = stopped.at(shop(attempts=100))
    live = desk.start()
    for _ in range(4):
        desk.start()

    for _ in range(20):
        desk.guess(live.id, WRONG_PIN)
    assert desk.try_start() == OverBudget("number_starts_per_hour", timedelta(hours=1))
    for _ in range(15):
        desk.guess(live.id, WRONG_PIN)
    assert desk.try_start() == OverBudget(NAME, timedelta(days=1))


@pytest.mark.parametrize("seed", range(4))
def test_any_run_of_guesses_is_judged_as_the_plain_model_judges_it(
    stopped: Desk, clock: StoppedClock, seed: int
) -> None:
    chance = random.Random(seed)
    budget = replace(
        GUESSES,
        limit=4,
        window=timedelta(seconds=90),
        waits=(timedelta(seconds=2), timedelta(seconds=7), timedelta(seconds=100)),
        step=3,
    )
    application = shop(budgets=NumberBudgets((), budget), attempts=1000, life=timedelta(days=1))
    desk = stopped.at(application)
    live = stopped.at(application).start()
    guesses: list[int] = []
    waited = set()

    for _ in range(80):
        clock.advance(MILLISECOND * chance.choice([0, 1, 999, 2000, 9000, 20_000]))
        if chance.random() < 0.6:
            desk.guess(live.id, WRONG_PIN)
            guesses.append(clock.now_ms)
        inside = [at for at in guesses if clock.now_ms - at < 90_000]
        wait_ms = 0
        if len(inside) >= 4:
            stage = min((len(inside) - 4) // 3, 2)
            until_room = inside[-4] + 90_000 - clock.now_ms
            growing = inside[-1] + budget.waits[stage] // MILLISECOND - clock.now_ms
            wait_ms = max(0, min(until_room, growing))
        waited.add(wait_ms > 0)

        answer = desk.try_start()

        expected = OverBudget(NAME, wait_ms * MILLISECOND) if wait_ms else None
        assert (answer if isinstance(answer, OverBudget) else None) == expected
    assert waited == {True, False}


def test_guesses_without_a_reachable_limit_never_refuse(desk: Desk) -> None:
    desk = desk.at(shop(budgets=NO_LIMITS))
    for _ in range(5):
        desk.exhaust(desk.start().id)

    assert isinstance(desk.try_start(), Verification)
