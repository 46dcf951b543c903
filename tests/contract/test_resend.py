from collections.abc import Callable
from datetime import timedelta

import pytest
from support.store_view import StoppedClock, StoreView
from support.verifications import (
    IDS,
    PHONE,
    PIN,
    SECOND_PIN,
    WRONG_PIN,
    Desk,
    shop,
)

from otp_service.domain.identity import VerificationId
from otp_service.domain.limits import Budget, Charge, NumberBudgets
from otp_service.domain.verification import Channel, DeliveryState, Status, Verification
from otp_service.ports import Ended, NoResend, OverBudget, ResendBar, Verdict

AT_ONCE = timedelta(0)
End = Callable[[Desk, VerificationId], object]


def test_resend_adds_a_message_and_moves_the_end(stopped: Desk, clock: StoppedClock) -> None:
    started = stopped.start()
    clock.advance(timedelta(seconds=30))

    resent = stopped.resend(started.id)

    assert resent.sends_left == 1
    assert resent.expires_at == started.expires_at + timedelta(seconds=30)
    assert [(d.send, d.state) for d in resent.deliveries] == [
        (1, DeliveryState.ACCEPTED),
        (2, DeliveryState.UNKNOWN),
    ]
    assert resent.last_delivery.sent_at == resent.read_at
    assert resent.plan == started.plan


def test_resend_names_its_own_channel(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=30))

    resent = desk.try_resend(started.id, channels=(Channel.SMS,))

    assert isinstance(resent, Verification)
    assert resent.last_delivery.channel is Channel.SMS
    assert resent.deliveries[0].channel is Channel.VIBER


def test_pins_are_valid_side_by_side(desk: Desk, view: StoreView) -> None:
    first, second = desk.start(), desk.start()
    view.advance(timedelta(seconds=30))
    for started in (first, second):
        desk.resend(started.id, SECOND_PIN)

    by_first, by_second = desk.guess(first.id, PIN), desk.guess(second.id, SECOND_PIN)

    assert (by_first.verdict, by_first.matched_send) == (Verdict.APPROVED, 1)
    assert (by_second.verdict, by_second.matched_send) == (Verdict.APPROVED, 2)


def test_each_pin_lives_from_its_own_send(stopped: Desk, clock: StoppedClock) -> None:
    started = stopped.start()
    clock.advance(timedelta(seconds=200))
    stopped.resend(started.id, SECOND_PIN)
    clock.advance(timedelta(seconds=100))

    late = stopped.verdict(started.id, PIN)

    assert late is Verdict.INCORRECT
    assert stopped.verdict(started.id, SECOND_PIN) is Verdict.APPROVED


def test_earlier_pin_works_to_its_last_millisecond(stopped: Desk, clock: StoppedClock) -> None:
    started = stopped.start()
    clock.advance(timedelta(seconds=200))
    stopped.resend(started.id, SECOND_PIN)
    clock.advance(timedelta(seconds=99, milliseconds=999))

    assert stopped.verdict(started.id, PIN) is Verdict.APPROVED


def test_resend_refills_no_attempt(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    for _ in range(3):
        desk.guess(started.id, WRONG_PIN)
    view.advance(timedelta(seconds=30))

    resent = desk.resend(started.id)

    assert resent.attempts_left == 2
    assert desk.verdict(started.id, WRONG_PIN) is Verdict.INCORRECT
    assert desk.verdict(started.id, WRONG_PIN) is Verdict.EXHAUSTED_NOW
    assert desk.verdict(started.id, SECOND_PIN) is Status.EXHAUSTED


def test_resend_is_too_soon_until_the_last_millisecond(stopped: Desk, clock: StoppedClock) -> None:
    started = stopped.start()
    clock.advance(timedelta(seconds=29, milliseconds=999))

    assert stopped.try_resend(started.id) == NoResend(ResendBar.TOO_SOON, timedelta(milliseconds=1))
    clock.advance(timedelta(milliseconds=1))
    assert isinstance(stopped.try_resend(started.id), Verification)


def test_cooldown_doubles(stopped: Desk, clock: StoppedClock) -> None:
    desk = stopped.at(shop(sends=4))
    started = desk.start()

    waits = []
    for cooldown in (30, 60, 120):
        bar = desk.try_resend(started.id)
        assert isinstance(bar, NoResend)
        waits.append(bar.retry_after)
        clock.advance(timedelta(seconds=cooldown))
        desk.resend(started.id)

    assert waits == [timedelta(seconds=seconds) for seconds in (30, 60, 120)]


def test_refused_resend_changes_nothing(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    before, left_before = view.dump(), view.left()

    desk.try_resend(started.id)

    assert view.dump() == before
    assert all(left <= left_before[key] for key, left in view.left().items())


def test_no_sends_left_tells_when_a_new_start_is_allowed(
    stopped: Desk, clock: StoppedClock
) -> None:
    desk = stopped.at(shop(sends=1))
    for _ in range(5):
        started = desk.start()
        clock.advance(timedelta(seconds=10))

    refused = desk.try_resend(started.id)

    assert refused == NoResend(ResendBar.NO_SENDS_LEFT, timedelta(seconds=3550))


def test_no_sends_left_goes_before_the_cooldown(desk: Desk) -> None:
    once = desk.at(shop(sends=1))
    started = once.start()

    refused = once.try_resend(started.id)

    assert refused == NoResend(ResendBar.NO_SENDS_LEFT, timedelta(0))


def test_no_sends_left_waits_for_the_guess_budget_too(stopped: Desk, clock: StoppedClock) -> None:
    desk = stopped.at(shop(sends=1, attempts=25))
    started = desk.start()
    for _ in range(20):
        desk.guess(started.id, WRONG_PIN)
    clock.advance(timedelta(seconds=20))

    refused = desk.try_resend(started.id)

    assert refused == NoResend(ResendBar.NO_SENDS_LEFT, timedelta(seconds=40))


def test_resend_beyond_the_budget_is_refused_and_changes_nothing(
    stopped: Desk, clock: StoppedClock, view: StoreView
) -> None:
    budget = Budget("messages_per_hour", Charge.MESSAGE, 2, timedelta(hours=1))
    budgets = NumberBudgets((budget,), shop().budgets.guesses)
    desk = stopped.at(shop(budgets=budgets, resend_cooldown=AT_ONCE))
    started = desk.start()
    clock.advance(timedelta(seconds=5))
    desk.resend(started.id)
    before = view.dump()

    refused = desk.try_resend(started.id, "777777")

    assert refused == OverBudget("messages_per_hour", timedelta(seconds=3595))
    assert view.dump() == before
    assert desk.verdict(started.id, "777777") is Verdict.INCORRECT


def test_start_budgets_do_not_hold_a_resend_back(desk: Desk, view: StoreView) -> None:
    for _ in range(5):
        started = desk.start()
    view.advance(timedelta(seconds=30))

    assert isinstance(desk.try_resend(started.id), Verification)


def test_guesses_made_elsewhere_do_not_hold_a_resend_back(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    for _ in range(4):
        desk.exhaust(desk.start().id)
    view.advance(timedelta(seconds=30))

    resent = desk.resend(started.id)

    assert resent.attempts_left == 5


@pytest.mark.parametrize(
    ("finish", "status"),
    [
        (lambda desk, vid: desk.guess(vid, PIN), Status.APPROVED),
        (lambda desk, vid: desk.exhaust(vid), Status.EXHAUSTED),
        (lambda desk, vid: desk.cancel(vid), Status.CANCELED),
    ],
    ids=["approved", "exhausted", "canceled"],
)
def test_ended_verification_takes_no_resend(
    desk: Desk, view: StoreView, finish: End, status: Status
) -> None:
    started = desk.start()
    finish(desk, started.id)
    view.advance(timedelta(seconds=30))
    before = view.dump()

    assert desk.try_resend(started.id) == Ended(status)
    assert view.dump() == before


def test_resend_is_possible_until_the_end_and_not_after(stopped: Desk, clock: StoppedClock) -> None:
    first, second = stopped.start(), stopped.start()
    clock.advance(timedelta(seconds=299, milliseconds=999))

    assert isinstance(stopped.try_resend(first.id), Verification)
    clock.advance(timedelta(milliseconds=1))
    assert stopped.try_resend(second.id) == Ended(Status.EXPIRED)


def test_resend_of_another_application_finds_nothing_and_changes_nothing(
    desk: Desk, view: StoreView
) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=30))
    before = view.dump()

    assert desk.at(shop(name="bank")).try_resend(started.id) is None
    assert view.dump() == before


def test_resend_of_what_was_never_started_makes_no_key(desk: Desk, view: StoreView) -> None:
    assert desk.try_resend(IDS.new(PHONE)) is None
    assert view.names() == []
