from collections.abc import Callable
from datetime import timedelta

import pytest
from support.store_view import StoppedClock, StoreView
from support.verifications import IDS, PHONE, PIN, SEALER, WRONG_PIN, Desk, shop

from otp_service.domain.identity import VerificationId

End = Callable[[Desk, VerificationId], object]


def test_approval_can_be_shown_again_and_again(desk: Desk) -> None:
    started = desk.start(purpose="payment")
    judged = desk.guess(started.id, PIN, purpose="payment")

    shown = [desk.prove(started.id) for _ in range(3)]

    assert all(shown)
    assert shown[0].verified_at == judged.verification.verified_at
    assert shown[0].purpose == "payment"
    assert SEALER.open(shown[0].sealed_phone, bound_to=started.id.text) == PHONE


def test_consumed_approval_is_never_shown_again(desk: Desk) -> None:
    started = desk.start()
    desk.guess(started.id, PIN)

    consumed = [desk.prove(started.id, consume=True) is not None for _ in range(3)]

    assert consumed == [True, False, False]
    assert desk.prove(started.id) is None


def test_looking_changes_nothing(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    desk.guess(started.id, PIN)
    before = view.dump()

    desk.prove(started.id)

    assert view.dump() == before


@pytest.mark.parametrize("consume", [False, True], ids=["look", "consume"])
def test_proof_lives_to_its_last_millisecond(
    stopped: Desk, clock: StoppedClock, *, consume: bool
) -> None:
    started = stopped.start()
    clock.advance(timedelta(seconds=10))
    stopped.guess(started.id, PIN)
    clock.advance(timedelta(seconds=599, milliseconds=999))

    assert stopped.prove(started.id) is not None
    clock.advance(timedelta(milliseconds=1))
    assert stopped.prove(started.id, consume=consume) is None


@pytest.mark.parametrize(
    "end",
    [
        lambda desk, vid: None,
        lambda desk, vid: desk.guess(vid, WRONG_PIN),
        lambda desk, vid: desk.exhaust(vid),
        lambda desk, vid: desk.cancel(vid),
    ],
    ids=["pending", "guessed wrong", "exhausted", "canceled"],
)
def test_what_was_not_approved_is_not_shown(desk: Desk, view: StoreView, end: End) -> None:
    started = desk.start()
    end(desk, started.id)
    before = view.dump()

    assert desk.prove(started.id, consume=True) is None
    assert view.dump() == before


def test_another_application_is_shown_nothing_and_consumes_nothing(desk: Desk) -> None:
    started = desk.start()
    desk.guess(started.id, PIN)

    assert desk.at(shop(name="bank")).prove(started.id, consume=True) is None
    assert desk.prove(started.id, consume=True) is not None


def test_proof_of_what_was_never_started_makes_no_key(desk: Desk, view: StoreView) -> None:
    assert desk.prove(IDS.new(PHONE), consume=True) is None
    assert view.names() == []
