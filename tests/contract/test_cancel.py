from collections.abc import Callable
from datetime import timedelta

import pytest
from support.store_view import StoppedClock, StoreView
from support.verifications import IDS, PHONE, PIN, Desk, shop

from otp_service.domain.identity import VerificationId
from otp_service.domain.verification import Status, Verification
from otp_service.ports import Ended

End = Callable[[Desk, VerificationId], object]


def test_canceled_verification_takes_no_code(desk: Desk) -> None:
    started = desk.start()

    canceled = desk.cancel(started.id)

    assert isinstance(canceled, Verification)
    assert canceled.status is Status.CANCELED
    assert desk.guess(started.id, PIN) == Ended(Status.CANCELED)


def test_second_cancel_answers_as_the_first_and_changes_nothing(
    desk: Desk, view: StoreView
) -> None:
    started = desk.start()
    desk.cancel(started.id)
    before, left_before = view.dump(), view.left()

    again = desk.cancel(started.id)

    assert isinstance(again, Verification)
    assert again.status is Status.CANCELED
    assert view.dump() == before
    assert all(left <= left_before[key] for key, left in view.left().items())


@pytest.mark.parametrize(
    ("finish", "status"),
    [
        (lambda desk, vid: desk.guess(vid, PIN), Status.APPROVED),
        (lambda desk, vid: desk.exhaust(vid), Status.EXHAUSTED),
    ],
    ids=["approved", "exhausted"],
)
def test_other_ends_stay_what_they_are(
    desk: Desk, view: StoreView, finish: End, status: Status
) -> None:
    started = desk.start()
    finish(desk, started.id)
    before = view.dump()

    assert desk.cancel(started.id) == Ended(status)
    assert view.dump() == before


def test_expired_verification_is_not_canceled(
    stopped: Desk, clock: StoppedClock, view: StoreView
) -> None:
    first, second = stopped.start(), stopped.start()
    clock.advance(timedelta(seconds=299, milliseconds=999))

    assert isinstance(stopped.cancel(first.id), Verification)
    clock.advance(timedelta(milliseconds=1))
    before = view.dump()
    assert stopped.cancel(second.id) == Ended(Status.EXPIRED)
    assert view.dump() == before


def test_cancel_gives_no_charge_back(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    before = view.logs()

    desk.cancel(started.id)

    assert view.logs() == before


def test_canceled_verification_keeps_neither_digest_nor_number(desk: Desk, view: StoreView) -> None:
    started = desk.start()

    desk.cancel(started.id)

    record = next(iter(view.hashes().values()))
    assert not {b"q", b"d1", b"f"} & record.keys()


def test_another_application_finds_nothing_and_changes_nothing(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    before = view.dump()

    assert desk.at(shop(name="bank")).cancel(started.id) is None
    assert view.dump() == before


def test_cancel_of_what_was_never_started_makes_no_key(desk: Desk, view: StoreView) -> None:
    assert desk.cancel(IDS.new(PHONE)) is None
    assert view.names() == []
