"""Test numbers over a real store: the fixed PIN, its bounds, and what changes under way."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from support.kinds import Kind
from support.listed_numbers import FIXED_PIN, UNTIL, Service, listing
from support.parallel import side_by_side
from support.store_view import StoppedClock, StoreView, WatchedConnection
from support.verifications import GUESSES, OTHER_PHONE, SHOP, WRONG_PIN, SilentJournal, shop

from otp_service.domain.application import Application
from otp_service.domain.events import StartJudged
from otp_service.domain.limits import NumberBudgets
from otp_service.domain.verification import DeliveryState, Status
from otp_service.errors import (
    CodeIncorrect,
    OtpError,
    ResendTooSoon,
    SendLimitReached,
    TooManyRequests,
    VerificationApproved,
    VerificationCanceled,
    VerificationExhausted,
    VerificationExpired,
    VerificationNotFound,
)
from otp_service.redis_store import RedisStore
from otp_service.service.verify import Approval

TESTED = listing()
DAY = timedelta(days=1)


@pytest.fixture
def service(watched: WatchedConnection) -> Service:
    return Service(RedisStore(watched, SilentJournal()))


@pytest.fixture
def stopped_service(clock: StoppedClock) -> Service:
    return Service(RedisStore(clock, SilentJournal()))


@pytest.fixture
def crowded(kind: Kind) -> Service:
    """For many callers at the same moment."""
    return Service(RedisStore(kind.connection, SilentJournal()))


def outcome(attempt: Callable[[], object]) -> object:
    try:
        return attempt()
    except OtpError as refusal:
        return type(refusal)


def test_fixed_pin_opens_and_nothing_is_sent(service: Service) -> None:
    started = service.start(TESTED)

    approval = service.verify(TESTED, started, FIXED_PIN)

    assert service.sent == 0
    assert started.last_delivery.state is DeliveryState.ACCEPTED
    assert (approval.is_test, approval.phone) == (True, "+380671234567")
    assert service.status(TESTED, started).is_test
    proven = service.proof(TESTED, approval)
    assert proven is not None
    assert proven.is_test


def test_other_number_is_no_test(service: Service) -> None:
    started = service.start(TESTED, OTHER_PHONE)

    approval = service.verify(TESTED, started, service.last_pin())

    assert service.sent == 1
    assert not approval.is_test
    proven = service.proof(TESTED, approval)
    assert proven is not None
    assert not proven.is_test


def test_fixed_pin_is_wrong_for_another_number(service: Service) -> None:
    started = service.start(TESTED, OTHER_PHONE)

    with pytest.raises(CodeIncorrect) as refusal:
        service.verify(TESTED, started, FIXED_PIN)

    assert refusal.value.attempts_left == 4


def test_fixed_pin_is_wrong_in_another_application(service: Service) -> None:
    bank = shop(name="bank")
    started = service.start(bank)

    assert service.sent == 1
    assert outcome(lambda: service.verify(bank, started, FIXED_PIN)) is CodeIncorrect


def test_hash_moved_to_another_application_opens_nothing(service: Service) -> None:
    """Were the hash not bound to its application, a line moved in the settings would work."""
    bank = replace(shop(name="bank"), fixed_pins=TESTED.fixed_pins)
    started = service.start(bank)

    assert outcome(lambda: service.verify(bank, started, FIXED_PIN)) is CodeIncorrect
    assert service.sent == 0


def test_test_verification_is_not_there_for_another_application(service: Service) -> None:
    started = service.start(TESTED)

    bank = listing(shop(name="bank"))
    assert outcome(lambda: service.verify(bank, started, FIXED_PIN)) is VerificationNotFound


def test_wrong_guesses_count_and_the_last_shuts_out_the_fixed_pin(service: Service) -> None:
    started = service.start(TESTED)

    refused = [outcome(lambda: service.verify(TESTED, started, WRONG_PIN)) for _ in range(5)]

    assert refused == [CodeIncorrect] * 4 + [VerificationExhausted]
    assert outcome(lambda: service.verify(TESTED, started, FIXED_PIN)) is VerificationExhausted


def test_wrong_guesses_use_up_the_number_s_guess_budget(service: Service) -> None:
    for _ in range(4):
        started = service.start(TESTED)
        for _ in range(5):
            outcome(lambda at=started: service.verify(TESTED, at, WRONG_PIN))

    with pytest.raises(TooManyRequests) as refusal:
        service.start(TESTED)

    assert refusal.value.budget == GUESSES.name


def test_fixed_pin_opens_one_verification_once_of_many_at_a_time(crowded: Service) -> None:
    started = crowded.start(TESTED)

    outcomes = side_by_side(
        [lambda: outcome(lambda: crowded.verify(TESTED, started, FIXED_PIN))] * 20
    )

    assert sum(isinstance(each, Approval) for each in outcomes) == 1
    assert outcomes.count(VerificationApproved) == 19


def test_at_most_the_day_s_starts_at_a_time(crowded: Service) -> None:
    few = listing(starts_per_day=3)

    outcomes = side_by_side([lambda: outcome(lambda: crowded.start(few))] * 12)

    assert outcomes.count(TooManyRequests) == 9


def test_own_budget_stands_in_for_the_number_s(
    stopped_service: Service, clock: StoppedClock
) -> None:
    few, service = listing(starts_per_day=12), stopped_service
    for _ in range(12):
        service.start(few)
        clock.advance(timedelta(minutes=1))

    with pytest.raises(TooManyRequests) as refusal:
        service.start(few)

    assert refusal.value.budget == "test_number_starts_per_day"
    assert refusal.value.retry_after == DAY - timedelta(minutes=12)
    clock.advance(refusal.value.retry_after)
    assert service.start(few).is_test


def test_test_starts_leave_the_number_s_own_budgets_whole(service: Service) -> None:
    for _ in range(20):
        service.start(TESTED)

    real = [outcome(lambda: service.start(SHOP)) for _ in range(6)]

    assert service.sent == 5
    assert real[5] is TooManyRequests


def test_real_starts_leave_the_test_number_s_budget_whole(service: Service) -> None:
    for _ in range(5):
        service.start(SHOP)

    outcomes = [outcome(lambda: service.start(listing(starts_per_day=2))) for _ in range(3)]

    assert outcomes[2] is TooManyRequests
    assert TooManyRequests not in outcomes[:2]


def test_resend_needs_no_cooldown_and_sends_nothing(service: Service) -> None:
    started = service.start(TESTED)

    resent = [service.resend(TESTED, started) for _ in range(2)]

    assert service.sent == 0
    assert [each.sends_left for each in resent] == [1, 0]
    assert resent[-1].resend_at <= resent[-1].read_at
    assert all(each.last_delivery.state is DeliveryState.ACCEPTED for each in resent)
    assert outcome(lambda: service.resend(TESTED, started)) is SendLimitReached
    assert service.verify(TESTED, started, FIXED_PIN).is_test


def test_resends_of_a_test_number_charge_no_messages(service: Service) -> None:
    for _ in range(8):
        started = service.start(TESTED)
        service.resend(TESTED, started)
        service.resend(TESTED, started)

    assert not service.start(SHOP).is_test


def test_resends_of_a_test_number_need_no_room_in_the_number_s_budgets(service: Service) -> None:
    quick = shop(resend_cooldown=timedelta(0))
    for _ in range(5):
        real = service.start(quick)
        service.resend(quick, real)
    assert outcome(lambda: service.resend(quick, real)) is TooManyRequests

    started = service.start(TESTED)

    assert service.resend(TESTED, started).sends_left == 1


def test_caller_without_sends_is_told_when_the_number_may_start_again(
    stopped_service: Service,
) -> None:
    once = listing(starts_per_day=1)
    started = stopped_service.start(once)
    stopped_service.resend(once, started)
    stopped_service.resend(once, started)

    with pytest.raises(SendLimitReached) as refusal:
        stopped_service.resend(once, started)

    assert refusal.value.retry_after == DAY


def test_fixed_pin_lives_on_with_a_resend(stopped_service: Service, clock: StoppedClock) -> None:
    service = stopped_service
    started = service.start(TESTED)
    clock.advance(SHOP.rules.life - timedelta(seconds=1))
    service.resend(TESTED, started)
    clock.advance(SHOP.rules.life - timedelta(seconds=1))

    assert service.verify(TESTED, started, FIXED_PIN).is_test


def test_fixed_pin_ends_with_the_verification_s_life(
    stopped_service: Service, clock: StoppedClock
) -> None:
    started = stopped_service.start(TESTED)

    clock.advance(SHOP.rules.life)

    assert stopped_service.status(TESTED, started).status is Status.EXPIRED
    refused = outcome(lambda: stopped_service.verify(TESTED, started, FIXED_PIN))
    assert refused is VerificationExpired


def test_real_verification_stays_real_when_its_number_is_listed(service: Service) -> None:
    started = service.start(SHOP)

    refused = outcome(lambda: service.verify(TESTED, started, FIXED_PIN))
    approval = service.verify(TESTED, started, service.last_pin())

    assert refused is CodeIncorrect
    assert not approval.is_test


def test_real_verification_resends_for_real_when_its_number_is_listed(service: Service) -> None:
    quick = shop(resend_cooldown=timedelta(0))
    started = service.start(quick)

    service.resend(listing(quick), started)

    assert service.sent == 2
    assert not service.verify(TESTED, started, service.last_pin()).is_test


def test_real_verification_keeps_its_cooldown_when_its_number_is_listed(service: Service) -> None:
    started = service.start(SHOP)

    assert outcome(lambda: service.resend(TESTED, started)) is ResendTooSoon


def test_test_verification_takes_no_drawn_pin_and_sends_nothing_once_unlisted(
    service: Service,
) -> None:
    started = service.start(TESTED)

    resent = service.resend(SHOP, started)

    assert service.sent == 0
    assert resent.is_test
    assert outcome(lambda: service.verify(SHOP, started, FIXED_PIN)) is CodeIncorrect
    assert service.status(SHOP, started).is_test


def test_replaced_pin_opens_nothing_under_way(service: Service) -> None:
    started = service.start(TESTED)
    anew = listing(digits="314159")

    assert outcome(lambda: service.verify(anew, started, FIXED_PIN)) is CodeIncorrect
    assert outcome(lambda: service.verify(anew, started, "314159")) is CodeIncorrect


def test_after_its_end_the_number_gets_messages_and_its_pin_is_wrong(service: Service) -> None:
    service.clock.moment = UNTIL

    started = service.start(TESTED)

    assert service.sent == 1
    assert not started.is_test
    assert outcome(lambda: service.verify(TESTED, started, FIXED_PIN)) is CodeIncorrect
    assert not service.verify(TESTED, started, service.last_pin()).is_test


def test_last_moment_before_its_end_is_good(service: Service) -> None:
    service.clock.moment = UNTIL - timedelta(milliseconds=1)

    started = service.start(TESTED)

    assert service.verify(TESTED, started, FIXED_PIN).is_test


def test_end_closes_what_is_under_way(service: Service) -> None:
    started = service.start(TESTED)

    service.clock.moment = UNTIL

    assert outcome(lambda: service.verify(TESTED, started, FIXED_PIN)) is CodeIncorrect


def test_canceled_one_is_over(service: Service) -> None:
    started = service.start(TESTED)

    assert service.cancel(TESTED, started).status is Status.CANCELED
    refused = outcome(lambda: service.verify(TESTED, started, FIXED_PIN))
    assert refused is VerificationCanceled


def test_neither_pin_nor_number_nor_hash_is_in_the_store(service: Service, view: StoreView) -> None:
    # Digits that no clock and no count has.
    tested = listing(shop(pin_digits=10), digits="9473625108")
    started = service.start(tested)
    service.resend(tested, started)
    outcome(lambda: service.verify(tested, started, WRONG_PIN))

    (record,) = (value for value in view.hashes().values() if b"B" in value)
    stored = repr(view.dump())
    pin_hash = tested.fixed_pins[0].pin_hash
    for secret in ("9473625108", "671234567", pin_hash):
        assert secret not in stored
    assert bytes.fromhex(pin_hash) not in record.values()
    service.verify(tested, started, "9473625108")


def test_start_takes_two_round_trips_and_a_guess_one(
    service: Service, watched: WatchedConnection
) -> None:
    service.start(TESTED)
    watched.commands.clear()

    started = service.start(TESTED)
    assert watched.commands == ["EVALSHA", "EVALSHA"]
    watched.commands.clear()
    service.resend(TESTED, started)
    assert len(watched.commands) == 2
    watched.commands.clear()
    outcome(lambda: service.verify(TESTED, started, WRONG_PIN))
    assert len(watched.commands) == 1


def test_refusal_by_its_own_budget_is_told_by_name(service: Service) -> None:
    once: Application = replace(
        listing(starts_per_day=1), budgets=NumberBudgets((), SHOP.budgets.guesses)
    )
    service.start(once)

    outcome(lambda: service.start(once))

    refused = service.journal.events[-1]
    assert isinstance(refused, StartJudged)
    assert (refused.outcome, refused.detail) == ("too_many_requests", "test_number_starts_per_day")


ADDRESS = "A1b2C3d4E5f6"


def test_fixed_pin_makes_its_address_no_owner(service: Service) -> None:
    tested = service.start(TESTED, address_tag=ADDRESS)

    service.verify(TESTED, tested, FIXED_PIN)

    assert service.start(SHOP, address_tag=ADDRESS).owner_tag is None


def test_owner_s_start_of_a_test_number_is_not_charged_to_the_owner(service: Service) -> None:
    real = service.start(SHOP, address_tag=ADDRESS)
    service.verify(SHOP, real, service.last_pin())

    assert service.start(SHOP, address_tag=ADDRESS).owner_tag == ADDRESS
    assert service.start(TESTED, address_tag=ADDRESS).owner_tag is None
