"""Reading, and how long what has ended can be read: the tombstones."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from support.store_view import StoppedClock, StoreView
from support.verifications import IDS, PHONE, PIN, Desk, shop

from otp_service.domain.identity import VerificationId
from otp_service.domain.verification import Status

ENDS = [
    pytest.param(lambda desk, vid: desk.guess(vid, PIN), Status.APPROVED, id="approved"),
    pytest.param(lambda desk, vid: desk.exhaust(vid), Status.EXHAUSTED, id="exhausted"),
    pytest.param(lambda desk, vid: desk.cancel(vid), Status.CANCELED, id="canceled"),
]
End = Callable[[Desk, VerificationId], object]


def test_reading_changes_nothing(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    before = view.dump()

    read = desk.read(started.id)

    assert read.status is Status.PENDING
    assert view.dump() == before


def test_verification_is_pending_to_its_last_millisecond(
    stopped: Desk, clock: StoppedClock
) -> None:
    started = stopped.start()
    clock.advance(timedelta(seconds=299, milliseconds=999))

    assert stopped.read(started.id).status is Status.PENDING
    clock.advance(timedelta(milliseconds=1))
    assert stopped.read(started.id).status is Status.EXPIRED


@pytest.mark.parametrize(("end", "status"), ENDS)
def test_ended_verification_says_how_for_the_retention_time(
    desk: Desk, view: StoreView, end: End, status: Status
) -> None:
    desk = desk.at(shop(retention=timedelta(hours=2)))
    started = desk.start()
    view.advance(timedelta(seconds=100))
    end(desk, started.id)

    view.advance(timedelta(hours=1, minutes=59))

    assert desk.read(started.id).status is status
    view.advance(timedelta(minutes=1))
    assert desk.store.read(started.id, desk.application) is None


def test_expired_verification_says_so_for_the_retention_time(desk: Desk, view: StoreView) -> None:
    desk = desk.at(shop(retention=timedelta(hours=2)))
    started = desk.start()

    view.advance(timedelta(hours=2, minutes=4, seconds=59))

    assert desk.read(started.id).status is Status.EXPIRED
    view.advance(timedelta(seconds=1))
    assert desk.store.read(started.id, desk.application) is None


def test_resend_moves_the_time_it_can_be_read(desk: Desk, view: StoreView) -> None:
    desk = desk.at(shop(retention=timedelta(hours=2)))
    started = desk.start()
    view.advance(timedelta(minutes=4))
    desk.resend(started.id)

    view.advance(timedelta(hours=2, minutes=4, seconds=59))

    assert desk.read(started.id).status is Status.EXPIRED
    view.advance(timedelta(seconds=1))
    assert desk.store.read(started.id, desk.application) is None


def test_approval_can_be_read_as_long_as_its_proof_lives(desk: Desk, view: StoreView) -> None:
    desk = desk.at(shop(retention=timedelta(seconds=60), proof_life=timedelta(seconds=600)))
    started = desk.start()
    desk.guess(started.id, PIN)

    view.advance(timedelta(seconds=599))

    assert desk.read(started.id).status is Status.APPROVED
    assert desk.prove(started.id) is not None


def test_another_application_finds_nothing(desk: Desk) -> None:
    started = desk.start()

    assert desk.at(shop(name="bank")).store.read(started.id, shop(name="bank")) is None


def test_what_was_never_started_is_not_found_and_makes_no_key(desk: Desk, view: StoreView) -> None:
    assert desk.store.read(IDS.new(PHONE), desk.application) is None
    assert view.names() == []


def test_id_with_a_changed_tag_finds_nothing(desk: Desk) -> None:
    started = desk.start()
    changed = "A" if started.id.text[-1] != "A" else "B"
    altered = IDS.read(started.id.text[:-1] + changed)

    assert altered is not None
    assert desk.store.read(altered, desk.application) is None
