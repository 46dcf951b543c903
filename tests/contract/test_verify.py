from datetime import timedelta

import pytest
from support.store_view import StoppedClock, StoreView
from support.verifications import (
    IDS,
    PHONE,
    PIN,
    SECRET,
    WRONG_PIN,
    Desk,
    shop,
)

from otp_service.domain.keys import KeyRing
from otp_service.domain.verification import Status
from otp_service.ports import Ended, Verdict


def test_right_code_is_approved(desk: Desk) -> None:
    started = desk.start(purpose="payment")

    judged = desk.guess(started.id, PIN, purpose="payment")

    assert judged.verdict is Verdict.APPROVED
    assert judged.matched_send == 1
    assert judged.verification.status is Status.APPROVED
    assert judged.verification.verified_at == judged.verification.read_at
    assert judged.verification.purpose == "payment"
    assert judged.verification.sealed_phone == started.sealed_phone


def test_right_code_works_once(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    desk.guess(started.id, PIN)
    before = view.dump()

    assert desk.guess(started.id, PIN) == Ended(Status.APPROVED)
    assert view.dump() == before


def test_wrong_guesses_count_down(desk: Desk) -> None:
    started = desk.start()

    judged = [desk.guess(started.id, WRONG_PIN) for _ in range(5)]

    assert [guess.verdict for guess in judged] == [Verdict.INCORRECT] * 4 + [Verdict.EXHAUSTED_NOW]
    assert [guess.verification.attempts_left for guess in judged] == [4, 3, 2, 1, 0]
    assert judged[-1].verification.status is Status.EXHAUSTED
    assert all(guess.matched_send is None for guess in judged)


def test_last_wrong_guess_locks_out_even_the_right_code(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    desk.exhaust(started.id)
    before = view.dump()

    assert desk.guess(started.id, PIN) == Ended(Status.EXHAUSTED)
    assert view.dump() == before


def test_right_code_works_as_the_last_attempt(desk: Desk) -> None:
    started = desk.start()
    for _ in range(4):
        desk.guess(started.id, WRONG_PIN)

    assert desk.verdict(started.id, PIN) is Verdict.APPROVED


def test_right_code_for_another_purpose_counts_as_a_wrong_guess(
    desk: Desk, view: StoreView
) -> None:
    started = desk.start(purpose="login")

    judged = desk.guess(started.id, PIN, purpose="payment")

    assert judged.verdict is Verdict.INCORRECT
    assert judged.verification.attempts_left == 4
    assert sum(member.startswith(b"g") for log in view.logs().values() for member in log) == 1
    assert desk.verdict(started.id, PIN) is Verdict.APPROVED


def test_right_code_works_to_the_last_millisecond(stopped: Desk, clock: StoppedClock) -> None:
    started = stopped.start()
    clock.advance(timedelta(seconds=299, milliseconds=999))

    assert stopped.verdict(started.id, PIN) is Verdict.APPROVED


def test_right_code_is_expired_from_its_end_on(
    stopped: Desk, clock: StoppedClock, view: StoreView
) -> None:
    started = stopped.start()
    clock.advance(timedelta(seconds=300))
    before = view.dump()

    assert stopped.guess(started.id, PIN) == Ended(Status.EXPIRED)
    assert view.dump() == before


def test_expiry_is_told_by_the_store_s_own_clock(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=300))

    assert desk.verdict(started.id, PIN) is Status.EXPIRED


def test_code_of_another_verification_of_the_same_number_is_wrong(desk: Desk) -> None:
    first, second = desk.start(pin="111111"), desk.start(pin="222222")

    assert desk.verdict(first.id, "222222") is Verdict.INCORRECT
    assert desk.read(second.id).attempts_left == 5


def test_guesses_at_one_verification_cost_no_other_an_attempt(desk: Desk) -> None:
    attacked, live = desk.start(), desk.start()
    desk.exhaust(attacked.id)

    assert desk.read(live.id).attempts_left == 5
    assert desk.verdict(live.id, PIN) is Verdict.APPROVED


def test_another_application_finds_nothing_and_changes_nothing(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    before = view.dump()

    assert desk.at(shop(name="bank")).guess(started.id, PIN) is None
    assert view.dump() == before


def test_guess_at_what_was_never_started_makes_no_key(desk: Desk, view: StoreView) -> None:
    assert desk.guess(IDS.new(PHONE), PIN) is None
    assert view.names() == []


def test_guess_at_what_is_long_gone_makes_no_key(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    view.advance(timedelta(days=2))

    assert desk.guess(started.id, PIN) is None
    assert view.names() == []


@pytest.mark.parametrize(
    "keys",
    [
        KeyRing([SECRET, b"the secret that comes next, 32 b"]),
        KeyRing([b"the secret that came afterwards.", SECRET]),
        KeyRing([b"a third secret, of 32 bytes, 333", b"a fourth secret, of 32 bytes, 44", SECRET]),
    ],
    ids=["next is added last", "next is moved first", "older ones stay"],
)
def test_code_works_all_through_a_rotation_of_secrets(desk: Desk, keys: KeyRing) -> None:
    started = desk.start()

    wrong = desk.guess(started.id, WRONG_PIN, keys=keys)
    right = desk.guess(started.id, PIN, keys=keys)

    assert wrong.verdict is Verdict.INCORRECT
    assert right.verdict is Verdict.APPROVED


def test_code_signed_with_a_secret_that_was_removed_is_wrong(desk: Desk) -> None:
    started = desk.start()

    judged = desk.guess(started.id, PIN, keys=KeyRing([b"a secret of another installation"]))

    assert judged.verdict is Verdict.INCORRECT


def test_exhausted_verification_keeps_neither_digest_nor_number(
    desk: Desk, view: StoreView
) -> None:
    started = desk.start()

    desk.exhaust(started.id)

    record = next(iter(view.hashes().values()))
    assert not {b"q", b"d1", b"f"} & record.keys()


def test_approved_verification_keeps_no_digest(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=30))
    desk.resend(started.id)
    record = next(iter(view.hashes().values()))
    digests = {record[name] for name in (b"q", b"d1", b"d2")}

    desk.guess(started.id, PIN)

    record = next(iter(view.hashes().values()))
    assert digests.isdisjoint(record.values())
