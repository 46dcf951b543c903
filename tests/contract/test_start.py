from datetime import timedelta

import pytest
from support.store_view import StoppedClock, StoreView
from support.verifications import OTHER_PHONE, PHONE, PLAN, PREFIXES, REQUEST_ID, SEALER, Desk, shop

from otp_service.domain.verification import (
    Channel,
    Delivery,
    DeliveryState,
    LanguageReason,
    MessagePlan,
    Status,
    Verification,
)
from otp_service.ports import OverBudget


def test_new_verification_is_pending_with_everything_left(desk: Desk) -> None:
    started = desk.try_start(purpose="payment")

    assert isinstance(started, Verification)
    assert started.status is Status.PENDING
    assert started.application_id == "shop"
    assert started.purpose == "payment"
    assert (started.country, started.masked_phone) == ("UA", "+380*******67")
    assert (started.attempts_left, started.sends_left) == (5, 2)
    assert started.expires_at - started.read_at == timedelta(seconds=300)
    assert started.resend_at - started.read_at == timedelta(seconds=30)
    assert started.life == timedelta(seconds=300)
    assert started.verified_at is None


def test_new_verification_has_one_message_of_unknown_fate(desk: Desk) -> None:
    started = desk.try_start()

    assert isinstance(started, Verification)
    assert started.deliveries == (
        Delivery(1, Channel.VIBER, 3, "uk", DeliveryState.UNKNOWN, started.read_at),
    )


@pytest.mark.parametrize("address_tag", [None, "A1b2C3d4E5f6"], ids=str)
def test_tags_of_range_and_address_come_back(desk: Desk, address_tag: str | None) -> None:
    desk.address_tag = address_tag

    started = desk.started()

    assert (started.prefix_tag, started.address_tag) == (PREFIXES.tag(PHONE), address_tag)


def test_sealed_number_comes_back_as_it_went_in(desk: Desk) -> None:
    started = desk.start(phone=OTHER_PHONE)

    read = desk.read(started.id)

    assert SEALER.open(read.sealed_phone, bound_to=started.id.text) == OTHER_PHONE


@pytest.mark.parametrize("reason", LanguageReason, ids=str)
def test_reason_for_the_language_comes_back(desk: Desk, reason: LanguageReason) -> None:
    plan = MessagePlan(Channel.VIBER, 1, "en", reason)

    started = desk.start(plans=(plan,))

    assert desk.read(started.id).plan == plan


@pytest.mark.parametrize(
    "plan",
    [
        PLAN,
        MessagePlan(Channel.SMS, None, "fa", LanguageReason.LOCALE),
        MessagePlan(
            Channel.VIBER,
            9,
            "my",
            LanguageReason.LOCALE,
            {"business_name": "\U0001f1fa" * 50, "reason": '\\"{}|,' * 8},
            ("action", "pin_type"),
        ),
    ],
    ids=["usual", "no template", "longest texts"],
)
def test_planned_message_comes_back_whole(desk: Desk, plan: MessagePlan) -> None:
    started = desk.start(plans=(plan,), request_id=REQUEST_ID)

    read = desk.read(started.id)

    assert read.plan == plan
    assert read.last_delivery.request_id == REQUEST_ID


@pytest.mark.parametrize("allowed", [5])
def test_start_beyond_the_budget_is_refused_with_its_name_and_wait(
    stopped: Desk, clock: StoppedClock, allowed: int
) -> None:
    for _ in range(allowed):
        stopped.start()
        clock.advance(timedelta(seconds=1))

    refused = stopped.try_start()

    assert refused == OverBudget("number_starts_per_hour", timedelta(seconds=3595))


def test_refused_start_changes_nothing(desk: Desk, view: StoreView) -> None:
    for _ in range(5):
        desk.start()
    view.advance(timedelta(minutes=10))
    before, left_before = view.dump(), view.left()

    refused = desk.try_start()

    assert isinstance(refused, OverBudget)
    assert view.dump() == before
    assert all(left <= left_before[key] for key, left in view.left().items())


def test_start_is_not_refused_for_another_number(desk: Desk) -> None:
    for _ in range(5):
        desk.start(phone=PHONE)

    assert isinstance(desk.try_start(phone=OTHER_PHONE), Verification)


def test_start_is_not_refused_for_another_application(desk: Desk) -> None:
    for _ in range(5):
        desk.start()

    assert isinstance(desk.at(shop(name="bank")).try_start(), Verification)


def test_start_leaves_other_verifications_of_the_number_alone(desk: Desk, view: StoreView) -> None:
    earlier = desk.start()
    record = view.hashes()

    desk.start()

    assert view.hashes().items() >= record.items()
    assert desk.read(earlier.id).attempts_left == 5
