"""The number's sliding budgets: exactly the limit in any window, refunds exact, nobody else's."""

import random
from datetime import timedelta

import pytest
from support.store_view import StoppedClock, StoreView
from support.verifications import GUESSES, PIN, Desk, shop

from otp_service.domain.limits import Budget, Charge, NumberBudgets
from otp_service.domain.verification import Verification
from otp_service.ports import OverBudget

HOUR = timedelta(hours=1)
MILLISECOND = timedelta(milliseconds=1)


def budgets(*sliding: Budget) -> NumberBudgets:
    return NumberBudgets(sliding, GUESSES)


def test_window_slides_across_the_hour_s_edge(stopped: Desk, clock: StoppedClock) -> None:
    clock.now_ms -= clock.now_ms % 3_600_000
    clock.advance(timedelta(minutes=58))
    for _ in range(4):
        stopped.start()
    clock.advance(timedelta(minutes=4))

    last = stopped.try_start()
    refused = stopped.try_start()

    assert isinstance(last, Verification)
    assert refused == OverBudget("number_starts_per_hour", timedelta(minutes=56))


def test_place_in_the_window_is_free_to_the_millisecond(stopped: Desk, clock: StoppedClock) -> None:
    for _ in range(5):
        stopped.start()
    clock.advance(HOUR - MILLISECOND)

    assert stopped.try_start() == OverBudget("number_starts_per_hour", MILLISECOND)
    clock.advance(MILLISECOND)
    for _ in range(5):
        assert isinstance(stopped.try_start(), Verification)
    assert isinstance(stopped.try_start(), OverBudget)


def test_day_s_budget_holds_where_the_hour_s_has_room(stopped: Desk, clock: StoppedClock) -> None:
    for _ in range(2):
        for _ in range(5):
            stopped.start()
        clock.advance(HOUR)

    refused = stopped.try_start()

    assert refused == OverBudget("number_starts_per_day", timedelta(hours=22))


def test_budget_that_holds_longest_is_named(stopped: Desk, clock: StoppedClock) -> None:
    desk = stopped.at(
        shop(
            budgets=budgets(
                Budget("short", Charge.START, 1, timedelta(minutes=1)),
                Budget("long", Charge.MESSAGE, 1, timedelta(minutes=2)),
                Budget("middle", Charge.START, 1, timedelta(seconds=90)),
            )
        )
    )
    desk.start()
    clock.advance(timedelta(seconds=10))

    assert desk.try_start() == OverBudget("long", timedelta(seconds=110))


def test_number_of_messages_counts_first_sends_and_resends(
    stopped: Desk, clock: StoppedClock
) -> None:
    desk = stopped.at(shop(resend_cooldown=timedelta(0)))
    for _ in range(3):
        started = desk.start()
        desk.resend(started.id)
        desk.resend(started.id)
    desk.start()

    refused = desk.try_start()

    assert refused == OverBudget("number_messages_per_hour", HOUR)


def test_resends_of_one_verification_wait_for_the_messages_of_another(
    stopped: Desk, clock: StoppedClock
) -> None:
    limit = Budget("messages", Charge.MESSAGE, 3, HOUR)
    desk = stopped.at(shop(budgets=budgets(limit), resend_cooldown=timedelta(0)))
    first, second = desk.start(), desk.start()
    desk.resend(first.id)

    assert desk.try_resend(second.id) == OverBudget("messages", HOUR)


def test_message_taken_back_makes_room_for_one(stopped: Desk) -> None:
    limit = Budget("messages", Charge.MESSAGE, 2, HOUR)
    desk = stopped.at(shop(budgets=budgets(limit), resend_cooldown=timedelta(0)))
    started = desk.start()
    desk.take_back(desk.resend(started.id))

    assert isinstance(desk.try_resend(started.id), Verification)
    assert isinstance(desk.try_resend(started.id), OverBudget)


def test_approval_and_cancel_give_no_charge_back(desk: Desk) -> None:
    for _ in range(4):
        desk.guess(desk.start().id, PIN)
    desk.cancel(desk.start().id)

    assert isinstance(desk.try_start(), OverBudget)


def test_charges_outlive_their_verification(desk: Desk, view: StoreView) -> None:
    desk = desk.at(shop(retention=timedelta(seconds=60)))
    for _ in range(5):
        desk.start()
        view.advance(timedelta(minutes=10))

    assert len(view.hashes()) < 5
    assert isinstance(desk.try_start(), OverBudget)


def test_log_ends_with_its_longest_window(desk: Desk, view: StoreView) -> None:
    desk.start()

    view.advance(timedelta(days=1) - timedelta(seconds=1))
    assert len(view.logs()) == 1
    view.advance(timedelta(seconds=1))
    assert view.logs() == {}


def test_charges_that_no_window_reaches_are_dropped(desk: Desk, view: StoreView) -> None:
    desk.start()
    view.advance(timedelta(hours=23))
    desk.start()
    view.advance(timedelta(hours=1))

    desk.start()

    assert [len(log) for log in view.logs().values()] == [4]


class Model:
    """The budgets, told once more in the plainest way: a list of moments a kind."""

    def __init__(self, sliding: tuple[Budget, ...]) -> None:
        self.sliding = sliding
        self.charges: dict[Charge, list[int]] = {Charge.START: [], Charge.MESSAGE: []}

    def refusal(self, now_ms: int, kinds: set[Charge]) -> OverBudget | None:
        refusals = []
        for budget in self.sliding:
            window_ms = budget.window // MILLISECOND
            inside = [at for at in self.charges[budget.charge] if now_ms - at < window_ms]
            if budget.charge in kinds and len(inside) >= budget.limit:
                wait_ms = sorted(inside)[-budget.limit] + window_ms - now_ms
                refusals.append(OverBudget(budget.name, wait_ms * MILLISECOND))
        return max(refusals, key=lambda refusal: refusal.retry_after, default=None)


@pytest.mark.parametrize("seed", range(6))
def test_any_run_of_starts_and_resends_is_judged_as_the_plain_model_judges_it(
    stopped: Desk, clock: StoppedClock, seed: int
) -> None:
    chance = random.Random(seed)
    sliding = (
        Budget("starts_short", Charge.START, 3, timedelta(seconds=20)),
        Budget("starts_long", Charge.START, 6, timedelta(seconds=60)),
        Budget("messages_short", Charge.MESSAGE, 5, timedelta(seconds=20)),
        Budget("messages_long", Charge.MESSAGE, 9, timedelta(seconds=61)),
    )
    desk = stopped.at(shop(budgets=budgets(*sliding), resend_cooldown=timedelta(0), sends=50))
    model = Model(sliding)
    latest: Verification | None = None
    refused = 0

    for _ in range(80):
        clock.advance(MILLISECOND * chance.choice([0, 1, 500, 3000, 7000]))
        kinds = {Charge.MESSAGE} if latest and chance.random() < 0.5 else set(Charge)
        answer = (
            desk.try_resend(latest.id) if latest and Charge.START not in kinds else desk.try_start()
        )
        expected = model.refusal(clock.now_ms, kinds)
        assert (answer if isinstance(answer, OverBudget) else None) == expected
        if not isinstance(answer, Verification):
            refused += 1
        elif chance.random() < 0.2:
            desk.take_back(answer)
            latest = latest if latest and latest.id != answer.id else None
        else:
            for kind in kinds & model.charges.keys():
                model.charges[kind].append(clock.now_ms)
            latest = answer
    assert 10 < refused < 70
