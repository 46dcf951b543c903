"""A store whose clock is set back by ten minutes: nothing is refilled, nothing lasts for ever.

What is still to end does so by the clock as it is then: up to as much later as it was set back.
"""

from datetime import timedelta

import pytest
from support.store_view import StoppedClock
from support.street import Street
from support.verifications import IDS, ONCE, PIN, SECOND_PIN, WRONG_PIN, Desk, SilentJournal, shop

from otp_service.domain.idempotency import Claimed, KeyHeld
from otp_service.domain.verification import Verification
from otp_service.ports import Ended, NoResend, OverBudget, Verdict
from otp_service.redis_store import RedisClaims
from tests.contract.test_window_counter import Counters

BACK = timedelta(minutes=10)
MILLISECOND = timedelta(milliseconds=1)
HOUR, LOCK = timedelta(hours=1), timedelta(seconds=30)
A_BUCKET_MS, HOUR_MS, BACK_MS = 60_000, 3_600_000, 600_000


def test_starts_of_a_number_are_not_refilled(stopped: Desk, clock: StoppedClock) -> None:
    while isinstance(refused := stopped.try_start(), Verification):
        clock.advance(timedelta(seconds=1))
    assert isinstance(refused, OverBudget)
    clock.advance(-BACK)

    again = stopped.try_start()

    assert again == OverBudget(refused.budget, refused.retry_after + BACK)
    clock.advance(again.retry_after - MILLISECOND)
    assert stopped.try_start() == OverBudget(refused.budget, MILLISECOND)
    clock.advance(MILLISECOND)
    assert isinstance(stopped.try_start(), Verification)


def test_starts_before_and_after_share_one_budget(stopped: Desk, clock: StoppedClock) -> None:
    most = 0
    while isinstance(stopped.try_start(), Verification):
        most += 1
    clock.advance(HOUR * 24 + BACK)
    before = [stopped.started() for _ in range(most - 1)]
    clock.advance(-BACK)

    after = [isinstance(stopped.try_start(), Verification) for _ in range(most)]

    assert (len(before), after.count(True)) == (most - 1, 1)


def test_guesses_are_judged_as_often_as_ever(stopped: Desk, clock: StoppedClock) -> None:
    started = stopped.start()
    attempts = stopped.application.rules.attempts
    for _ in range(attempts - 1):
        stopped.guess(started.id, WRONG_PIN)
    clock.advance(-BACK)

    assert stopped.verdict(started.id, WRONG_PIN) is Verdict.EXHAUSTED_NOW
    assert stopped.verdict(started.id, PIN) == "exhausted"


def test_wait_for_wrong_guesses_is_no_shorter(stopped: Desk, clock: StoppedClock) -> None:
    desk = stopped.at(shop(attempts=1000, life=timedelta(days=3)))
    live = desk.start()
    for _ in range(20):
        desk.guess(live.id, WRONG_PIN)
    clock.advance(-BACK)

    refused = desk.try_start()

    assert isinstance(refused, OverBudget)
    assert refused.retry_after == timedelta(minutes=1) + BACK


def test_pin_ends_when_the_clock_says_so(stopped: Desk, clock: StoppedClock) -> None:
    started, other = stopped.start(), stopped.start()
    life = stopped.application.rules.life
    clock.advance(-BACK)

    read = stopped.read(started.id)
    assert read.expires_at - read.read_at == life + BACK
    clock.advance(BACK + life - MILLISECOND)
    assert stopped.verdict(other.id, PIN) is Verdict.APPROVED
    clock.advance(MILLISECOND)
    assert stopped.verdict(started.id, PIN) == "expired"


def test_approval_and_proof_are_good_once(stopped: Desk, clock: StoppedClock) -> None:
    started = stopped.start()
    stopped.guess(started.id, PIN)
    clock.advance(-BACK)

    assert stopped.verdict(started.id, PIN) == "approved"
    assert stopped.prove(started.id, consume=True) is not None
    assert stopped.prove(started.id, consume=True) is None


def test_proof_ends_when_the_clock_says_so(stopped: Desk, clock: StoppedClock) -> None:
    started = stopped.start()
    stopped.guess(started.id, PIN)
    clock.advance(-BACK)
    clock.advance(BACK + stopped.application.rules.proof_life - MILLISECOND)

    assert stopped.prove(started.id) is not None
    clock.advance(MILLISECOND)
    assert stopped.prove(started.id) is None


def test_resend_waits_by_the_clock(stopped: Desk, clock: StoppedClock) -> None:
    started = stopped.start()
    cooldown = stopped.application.rules.resend_cooldown
    clock.advance(-BACK)

    refused = stopped.try_resend(started.id)

    assert isinstance(refused, NoResend)
    assert refused.retry_after == cooldown + BACK
    clock.advance(refused.retry_after)
    resent = stopped.try_resend(started.id, SECOND_PIN)
    assert isinstance(resent, Verification | Ended)


@pytest.mark.parametrize("used_ms", [0, 30 * A_BUCKET_MS], ids=["fresh", "in use"])
def test_shared_counter_is_not_refilled_and_ends(clock: StoppedClock, used_ms: int) -> None:
    counters = Counters(clock)
    assert counters.is_charged()
    clock.advance(timedelta(milliseconds=used_ms))
    assert counters.is_charged(amount=2)
    clock.advance(-BACK)

    assert [counters.is_charged() for _ in range(3)] == [True, True, False]
    wait_ms = counters.wait_ms(amount=5)
    assert 0 < wait_ms <= HOUR_MS + A_BUCKET_MS + BACK_MS
    clock.advance(timedelta(milliseconds=wait_ms))
    assert counters.is_charged()


def test_fraud_guard_stays_shut(stopped_street: Street, clock: StoppedClock) -> None:
    stopped_street.pump(4)
    shut = stopped_street.start()
    assert isinstance(shut, OverBudget)
    clock.advance(-BACK)

    again = stopped_street.start()

    assert again == OverBudget(shut.budget, shut.retry_after + BACK)
    clock.advance(again.retry_after)
    assert not isinstance(stopped_street.start(), OverBudget)


def test_key_of_a_start_is_locked_no_longer_than_ever(clock: StoppedClock) -> None:
    claims = RedisClaims(clock, SilentJournal(), IDS)
    first = IDS.new("+380671234567")
    assert claims.claim(ONCE, first) == Claimed(first)
    clock.advance(-BACK)

    held = claims.claim(ONCE, IDS.new("+380671234567"))
    clock.advance(LOCK - MILLISECOND)
    still = claims.claim(ONCE, IDS.new("+380671234567"))
    clock.advance(MILLISECOND)

    assert (held, still) == (KeyHeld(LOCK), KeyHeld(MILLISECOND))
    assert claims.claim(ONCE, IDS.new("+380671234567")) == Claimed(first)
