from collections.abc import Callable
from datetime import timedelta

import pytest
from support.store_view import StoreView
from support.verifications import (
    PIN,
    REQUEST_ID,
    SECOND_PIN,
    WRONG_PIN,
    Desk,
    new_verification,
)

from otp_service.domain.verification import DeliveryState, Status, Verification
from otp_service.ports import SendOutcome, Verdict


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (SendOutcome.ACCEPTED, DeliveryState.ACCEPTED),
        (SendOutcome.UNKNOWN, DeliveryState.UNKNOWN),
    ],
    ids=str,
)
def test_outcome_of_a_send_is_written_down(
    desk: Desk, outcome: SendOutcome, state: DeliveryState
) -> None:
    started = desk.try_start()
    assert isinstance(started, Verification)

    settled = desk.store.settle(started, outcome, REQUEST_ID).verification

    assert settled is not None
    assert settled.last_delivery.state is state
    assert settled.last_delivery.request_id == REQUEST_ID
    assert desk.read(started.id).deliveries == settled.deliveries


def test_unknown_send_without_a_request_id_has_none(desk: Desk) -> None:
    started = desk.try_start()
    assert isinstance(started, Verification)

    settled = desk.store.settle(started, SendOutcome.UNKNOWN).verification

    assert settled is not None
    assert settled.last_delivery.request_id is None


def test_first_send_taken_back_leaves_no_key_at_all(desk: Desk, view: StoreView) -> None:
    started = desk.try_start()
    assert isinstance(started, Verification)

    left = desk.take_back(started)

    assert left is None
    assert view.names() == []


def test_first_send_taken_back_removes_its_own_charges_alone(desk: Desk, view: StoreView) -> None:
    other = desk.start()
    desk.guess(other.id, WRONG_PIN)
    before = view.dump()
    started = desk.try_start()
    assert isinstance(started, Verification)

    desk.take_back(started)

    assert view.dump() == before


def test_starts_that_were_taken_back_cost_nothing(desk: Desk) -> None:
    for _ in range(12):
        started = desk.try_start()
        assert isinstance(started, Verification)
        desk.take_back(started)

    assert isinstance(desk.try_start(), Verification)


def test_resend_taken_back_leaves_everything_as_it_was(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    desk.guess(started.id, WRONG_PIN)
    view.advance(timedelta(seconds=40))
    before = desk.read(started.id)
    log_before, left_before = view.logs(), view.left()
    resent = desk.resend(started.id)

    settled = desk.take_back(resent)

    assert settled is not None
    for read in (settled, desk.read(started.id)):
        assert (read.sends_left, read.attempts_left) == (2, 4)
        assert read.expires_at == before.expires_at
        assert read.resend_at == before.resend_at
        assert read.deliveries == before.deliveries
    assert view.logs() == log_before
    record = next(iter(view.hashes()))
    assert view.left()[record] <= left_before[record]


def test_earlier_pin_still_works_after_a_resend_was_taken_back(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=40))
    desk.take_back(desk.resend(started.id))

    assert desk.verdict(started.id, PIN) is Verdict.APPROVED


def test_pin_of_a_resend_that_was_taken_back_is_a_wrong_code(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=40))
    desk.take_back(desk.resend(started.id))

    judged = desk.verdict(started.id, SECOND_PIN)

    assert judged is Verdict.INCORRECT
    assert desk.read(started.id).attempts_left == 4


def test_second_cooldown_is_restored_after_the_third_send_was_taken_back(
    desk: Desk, view: StoreView
) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=30))
    second = desk.resend(started.id)
    view.advance(timedelta(seconds=60))
    before = desk.read(started.id)

    settled = desk.take_back(desk.resend(started.id))

    assert settled is not None
    assert settled.resend_at == before.resend_at
    assert settled.expires_at == before.expires_at
    assert [delivery.send for delivery in settled.deliveries] == [1, second.last_delivery.send]


def test_send_after_one_that_was_taken_back_is_a_send_of_its_own(
    desk: Desk, view: StoreView
) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=40))
    desk.take_back(desk.resend(started.id, SECOND_PIN))

    third = desk.resend(started.id, "777777")

    assert third.sends_left == 1
    assert len(third.deliveries) == 2
    assert desk.verdict(started.id, SECOND_PIN) is Verdict.INCORRECT
    assert desk.verdict(started.id, "777777") is Verdict.APPROVED


def test_first_send_taken_back_beside_a_resend_leaves_the_resend(
    desk: Desk, view: StoreView
) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=40))
    resent = desk.resend(started.id)

    settled = desk.take_back(started)

    assert settled is not None
    assert settled.expires_at == resent.expires_at
    assert settled.sends_left == 2
    charged = {member[:1] for log in view.logs().values() for member in log}
    assert charged == {b"s", b"m"}
    assert desk.verdict(started.id, PIN) is Verdict.INCORRECT
    assert desk.verdict(started.id, SECOND_PIN) is Verdict.APPROVED


def test_send_after_the_first_was_taken_back_leaves_the_second(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=40))
    desk.resend(started.id, SECOND_PIN)
    desk.take_back(started)
    view.advance(timedelta(seconds=40))

    third = desk.resend(started.id, "777777")

    assert [delivery.send for delivery in third.deliveries] == [2, 3]
    assert third.sends_left == 1
    assert desk.verdict(started.id, SECOND_PIN) is Verdict.APPROVED


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (lambda desk, vid: desk.cancel(vid), Status.CANCELED),
        (lambda desk, vid: desk.guess(vid, PIN), Status.APPROVED),
        (lambda desk, vid: desk.exhaust(vid), Status.EXHAUSTED),
    ],
    ids=["canceled", "approved", "exhausted"],
)
@pytest.mark.parametrize("outcome", SendOutcome, ids=str)
def test_verification_that_ended_during_a_resend_stays_ended(
    desk: Desk,
    view: StoreView,
    end: Callable[[Desk, object], object],
    status: Status,
    outcome: SendOutcome,
) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=40))
    resent = desk.resend(started.id)
    end(desk, started.id)
    left_before = max(view.left().values())

    settled = desk.store.settle(resent, outcome).verification

    assert settled is not None
    assert settled.status is status
    assert desk.verdict(started.id, SECOND_PIN) is status
    assert max(view.left().values()) <= left_before
    for record in view.hashes().values():
        assert not [name for name in record if name.startswith(b"d")]


def test_resend_taken_back_after_the_end_gives_its_charge_back(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=40))
    log_before = view.logs()
    resent = desk.resend(started.id)
    desk.cancel(started.id)

    desk.take_back(resent)

    assert view.logs() == log_before


def test_resend_taken_back_after_the_first_pin_ended_leaves_it_expired(
    desk: Desk, view: StoreView
) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=299))
    resent = desk.resend(started.id)
    view.advance(timedelta(seconds=2))

    settled = desk.take_back(resent)

    assert settled is not None
    assert settled.status is Status.EXPIRED
    assert desk.verdict(started.id, PIN) is Status.EXPIRED


@pytest.mark.parametrize("outcome", SendOutcome, ids=str)
def test_settling_what_is_not_there_makes_no_key(
    desk: Desk, view: StoreView, outcome: SendOutcome
) -> None:
    started = desk.try_start()
    assert isinstance(started, Verification)
    view.flush()

    assert desk.store.settle(started, outcome).verification is None
    assert view.names() == []


def test_send_is_taken_back_once(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=40))
    resent = desk.resend(started.id)
    desk.take_back(resent)
    before = view.dump()

    assert desk.take_back(resent) is None
    assert view.dump() == before


def test_settling_one_verification_leaves_its_neighbour(desk: Desk, view: StoreView) -> None:
    neighbour = desk.store.start(new_verification())
    assert isinstance(neighbour, Verification)
    before = view.hashes()
    started = desk.try_start()
    assert isinstance(started, Verification)

    desk.store.settle(started, SendOutcome.ACCEPTED, REQUEST_ID)

    assert view.hashes().items() >= before.items()
