"""What many callers do at the same moment, on every kind of store."""

import socket
import time
from collections import Counter
from datetime import timedelta

import pytest
from support.kinds import Kind
from support.parallel import guess_from_processes, side_by_side, told
from support.store_view import StoreView
from support.verifications import PIN, WRONG_PIN, Desk, SilentJournal, shop

from otp_service.domain.verification import Verification
from otp_service.errors import StoreUnavailable
from otp_service.ports import Ended, NoResend, OverBudget
from otp_service.redis_store import RedisStore, Timeouts, connect, read_address

THREADS = 64
FIVE_ATTEMPTS = {
    "Verdict.INCORRECT": 4,
    "Verdict.EXHAUSTED_NOW": 1,
    "Status.EXHAUSTED": THREADS - 5,
}


@pytest.fixture
def desk(kind: Kind) -> Desk:
    return Desk(RedisStore(kind.connection, SilentJournal()))


def counted_guesses(view: StoreView) -> int:
    return sum(member[:1] == b"g" for log in view.logs().values() for member in log)


def test_wrong_codes_are_evaluated_as_often_as_there_are_attempts(
    desk: Desk, view: StoreView
) -> None:
    started = desk.start()

    verdicts = side_by_side([lambda: desk.verdict(started.id, WRONG_PIN)] * THREADS)

    assert Counter(map(told, verdicts)) == FIVE_ATTEMPTS
    assert counted_guesses(view) == 5


def test_right_codes_give_one_approval(desk: Desk, view: StoreView) -> None:
    started = desk.start()

    verdicts = side_by_side([lambda: desk.verdict(started.id, PIN)] * THREADS)

    assert Counter(map(told, verdicts)) == {
        "Verdict.APPROVED": 1,
        "Status.APPROVED": THREADS - 1,
    }
    assert counted_guesses(view) == 0


def test_right_codes_among_wrong_ones_give_at_most_one_approval(
    desk: Desk, view: StoreView
) -> None:
    started = desk.start()
    pins = [PIN, *[WRONG_PIN] * 7] * (THREADS // 8)

    verdicts = side_by_side([lambda pin=pin: desk.guess(started.id, pin) for pin in pins])

    judged = Counter(str(v.verdict) for v in verdicts if not isinstance(v, Ended))
    assert judged["approved"] + judged["exhausted_now"] == 1
    assert judged["incorrect"] + judged["exhausted_now"] == counted_guesses(view) <= 5


@pytest.mark.parametrize("kind", ["single", "cluster"], indirect=True)
def test_wrong_codes_from_two_processes_share_the_attempts(
    desk: Desk, view: StoreView, kind: Kind
) -> None:
    started = desk.start()

    answers = guess_from_processes(
        kind.another, started.id.text, [WRONG_PIN] * (THREADS // 2), processes=2
    )

    assert answers == FIVE_ATTEMPTS
    assert counted_guesses(view) == 5


@pytest.mark.parametrize("kind", ["single"], indirect=True)
def test_right_codes_from_two_processes_give_one_approval(desk: Desk, kind: Kind) -> None:
    started = desk.start()

    answers = guess_from_processes(
        kind.another, started.id.text, [PIN] * (THREADS // 2), processes=2
    )

    assert answers == {"Verdict.APPROVED": 1, "Status.APPROVED": THREADS - 1}


def test_starts_share_the_budget(desk: Desk, view: StoreView) -> None:
    answers = side_by_side([desk.try_start] * THREADS)

    assert Counter(map(type, answers)) == {Verification: 5, OverBudget: THREADS - 5}
    assert len(view.hashes()) == 5


def test_resends_share_the_cooldown(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=30))

    answers = side_by_side([lambda: desk.try_resend(started.id)] * THREADS)

    assert Counter(map(type, answers)) == {Verification: 1, NoResend: THREADS - 1}
    assert desk.read(started.id).sends_left == 1


def test_resends_without_cooldown_share_the_sends(desk: Desk) -> None:
    desk = desk.at(shop(resend_cooldown=timedelta(0)))
    started = desk.start()

    answers = side_by_side([lambda: desk.try_resend(started.id)] * THREADS)

    assert Counter(map(type, answers)) == {Verification: 2, NoResend: THREADS - 2}


def test_proof_is_consumed_by_one(desk: Desk) -> None:
    started = desk.start()
    desk.guess(started.id, PIN)

    shown = side_by_side([lambda: desk.prove(started.id, consume=True)] * THREADS)

    assert sum(each is not None for each in shown) == 1


def test_code_and_cancel_at_the_same_moment_have_one_winner(desk: Desk) -> None:
    started = desk.start()
    calls = [lambda: desk.guess(started.id, PIN), lambda: desk.cancel(started.id)]

    answers = side_by_side(calls * (THREADS // 2))

    statuses = {
        answer.status if isinstance(answer, (Ended, Verification)) else answer.verification.status
        for answer in answers
    }
    assert len(statuses) == 1
    assert desk.read(started.id).status in statuses


def test_first_use_by_many_callers_at_once_makes_one_store(kind: Kind) -> None:
    fresh = Desk(RedisStore(kind.another(), SilentJournal()))

    answers = side_by_side([fresh.try_start] * 16)

    assert Counter(map(type, answers)) == {Verification: 5, OverBudget: 11}


def test_callers_do_not_wait_for_one_another_while_a_cluster_is_silent() -> None:
    quick = Timeouts(connect=timedelta(milliseconds=300), read=timedelta(milliseconds=300))
    with socket.create_server(("127.0.0.1", 0), backlog=THREADS) as silent:
        address = read_address(f"redis+cluster://127.0.0.1:{silent.getsockname()[1]}")
        desk = Desk(RedisStore(connect(address, timeouts=quick), SilentJournal()))
        began = time.monotonic()

        def start() -> None:
            with pytest.raises(StoreUnavailable):
                desk.start()

        side_by_side([start] * 16)

        assert time.monotonic() - began < 16 * 0.3 / 2
