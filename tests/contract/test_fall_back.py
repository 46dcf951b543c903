"""Another channel in the stead of one that failed: at once, or when a receipt says so."""

from dataclasses import replace
from datetime import timedelta

import pytest
from support.parallel import side_by_side
from support.store_view import StoreView
from support.verifications import (
    BOTH,
    BOTH_PLANS,
    BOTH_SHOP,
    OTHER_PHONE,
    PIN,
    SECOND_PIN,
    SMS_PLAN,
    Desk,
    shop,
)

from otp_service.domain.verification import Channel, Status, Verification
from otp_service.ports import Ended, NoResend, OverBudget, ResendBar, Verdict

THIRD_PIN = "777777"
DAY = timedelta(days=1)


@pytest.fixture
def both(desk: Desk) -> Desk:
    return desk.at(BOTH_SHOP)


def started(desk: Desk, **details: object) -> Verification:
    return desk.start(plans=BOTH_PLANS, **details)


def channels(verification: Verification | None) -> list[Channel]:
    assert isinstance(verification, Verification)
    return [delivery.channel for delivery in verification.deliveries]


def charges(view: StoreView) -> list[bytes]:
    (log,) = view.logs().values()
    return sorted(member[:1] for member in log)


def test_first_channel_of_the_application_is_taken(both: Desk) -> None:
    assert channels(started(both)) == [Channel.VIBER]
    assert channels(both.start(plans=BOTH_PLANS[::-1])) == [Channel.SMS]


def test_message_in_the_stead_of_another_is_an_sms_without_a_template(both: Desk) -> None:
    replaced = both.replace(started(both))

    assert channels(replaced) == [Channel.SMS]
    assert replaced is not None
    assert replaced.plan == SMS_PLAN
    assert replaced.last_delivery.template_id is None


def test_pin_of_the_replaced_message_is_wrong_and_the_new_one_right(both: Desk) -> None:
    at = started(both)
    both.replace(at)

    assert both.verdict(at.id, PIN) is Verdict.INCORRECT
    assert both.verdict(at.id, SECOND_PIN) is Verdict.APPROVED
    assert both.read(at.id).verified_channel is Channel.SMS


def test_replaced_message_costs_as_much_as_one(both: Desk, view: StoreView) -> None:
    at = started(both)
    before = charges(view)

    replaced = both.replace(at)

    assert charges(view) == before
    assert replaced is not None
    assert (replaced.sends_left, replaced.attempts_left) == (2, 5)


def test_replaced_message_has_its_own_life_and_cooldown(both: Desk, view: StoreView) -> None:
    at = started(both)
    view.advance(timedelta(seconds=10))

    replaced = both.replace(at)

    assert replaced is not None
    assert replaced.expires_at - replaced.last_delivery.sent_at == timedelta(seconds=300)
    assert replaced.resend_at - replaced.last_delivery.sent_at == timedelta(seconds=30)
    assert replaced.last_delivery.sent_at > at.last_delivery.sent_at - timedelta(seconds=1)


def test_replaced_message_can_be_taken_back_with_everything(both: Desk, view: StoreView) -> None:
    at = started(both)
    replaced = both.replace(at)
    assert replaced is not None

    both.take_back(replaced)

    assert view.names() == []


@pytest.mark.parametrize("end", ["cancel", "approve"])
def test_nothing_replaces_a_message_of_an_ended_verification(
    both: Desk, view: StoreView, end: str
) -> None:
    at = started(both)
    both.cancel(at.id) if end == "cancel" else both.guess(at.id, PIN)
    before = view.dump()

    assert both.replace(at, refused=True) is None
    assert view.dump() == before


def test_nothing_replaces_a_message_that_is_not_there(both: Desk, view: StoreView) -> None:
    at = started(both)
    view.flush()

    assert both.replace(at, refused=True) is None
    assert view.names() == []


def test_number_that_viber_refused_goes_straight_to_sms_for_a_day(
    both: Desk, view: StoreView
) -> None:
    both.replace(started(both), refused=True)

    assert channels(started(both)) == [Channel.SMS]
    view.advance(DAY - timedelta(seconds=5))
    assert channels(started(both)) == [Channel.SMS]
    view.advance(timedelta(seconds=6))
    assert channels(started(both)) == [Channel.VIBER]


def test_failure_of_the_provider_is_not_remembered_of_the_number(both: Desk) -> None:
    both.replace(started(both))

    assert channels(started(both)) == [Channel.VIBER]


def test_refusal_of_one_number_says_nothing_of_another(both: Desk) -> None:
    both.replace(started(both), refused=True)

    assert channels(started(both, phone=OTHER_PHONE)) == [Channel.VIBER]


def test_application_without_another_channel_tries_a_refusing_one_again(desk: Desk) -> None:
    both = desk.at(BOTH_SHOP)
    both.replace(started(both), refused=True)

    assert channels(desk.start()) == [Channel.VIBER]


def test_refusal_is_known_to_every_application_and_names_no_number(
    desk: Desk, view: StoreView
) -> None:
    both = desk.at(BOTH_SHOP)
    both.replace(started(both), refused=True)

    (mark,) = [key for key in view.names() if key.endswith(b":w")]
    assert b"380" not in mark
    assert timedelta(0) < view.left()[mark] <= DAY
    assert channels(desk.at(shop(name="bank")).start(plans=BOTH_PLANS)) == [Channel.SMS]


def test_resend_passes_over_a_channel_that_refuses_the_number(both: Desk, view: StoreView) -> None:
    at = started(both)
    both.replace(started(both), refused=True)
    view.advance(timedelta(seconds=40))

    resent = both.try_resend(at.id, channels=BOTH)

    assert channels(resent) == [Channel.VIBER, Channel.SMS]  # type: ignore[arg-type]


def test_channel_that_was_asked_for_by_name_is_taken_all_the_same(
    both: Desk, view: StoreView
) -> None:
    at = started(both)
    both.replace(started(both), refused=True)
    view.advance(timedelta(seconds=40))

    resent = both.try_resend(at.id, channels=(Channel.VIBER,))

    assert channels(resent) == [Channel.VIBER, Channel.VIBER]  # type: ignore[arg-type]


def test_fall_back_needs_no_cooldown_and_leaves_the_first_pin_good(both: Desk) -> None:
    at = started(both)

    fallen = both.fall_back(at)

    assert channels(fallen) == [Channel.VIBER, Channel.SMS]  # type: ignore[arg-type]
    assert both.verdict(at.id, PIN) is Verdict.APPROVED
    assert both.read(at.id).verified_channel is Channel.VIBER


def test_fall_back_is_charged_like_a_resend(both: Desk, view: StoreView) -> None:
    at = started(both)

    fallen = both.fall_back(at)

    assert isinstance(fallen, Verification)
    assert fallen.sends_left == 1
    assert charges(view) == [b"m", b"m", b"s"]
    assert fallen.resend_at - fallen.last_delivery.sent_at == timedelta(seconds=60)


def test_fall_back_happens_once(both: Desk, view: StoreView) -> None:
    at = started(both)
    both.fall_back(at)
    before = view.dump()

    again = both.fall_back(at, THIRD_PIN)

    assert again == NoResend(ResendBar.NOT_NEEDED, timedelta(0))
    assert view.dump() == before


def test_fall_back_happens_once_for_many_receipts_at_once(both: Desk) -> None:
    at = started(both)

    answers = side_by_side([lambda: both.fall_back(at)] * 16)

    assert sum(isinstance(answer, Verification) for answer in answers) == 1
    assert channels(both.read(at.id)) == [Channel.VIBER, Channel.SMS]


def test_fall_back_that_was_taken_back_may_be_tried_again(both: Desk) -> None:
    at = started(both)
    fallen = both.fall_back(at)
    assert isinstance(fallen, Verification)
    both.take_back(fallen)

    assert channels(both.fall_back(at)) == [Channel.VIBER, Channel.SMS]  # type: ignore[arg-type]


def test_sms_that_the_user_asked_for_leaves_nothing_to_fall_back_for(
    both: Desk, view: StoreView
) -> None:
    at = started(both)
    view.advance(timedelta(seconds=40))
    both.try_resend(at.id, channels=(Channel.SMS,))

    assert both.fall_back(at) == NoResend(ResendBar.NOT_NEEDED, timedelta(0))


def test_fall_back_needs_a_send_that_is_left(desk: Desk) -> None:
    one_send = desk.at(shop(sends=1))
    at = started(one_send)

    answer = one_send.fall_back(at)

    assert isinstance(answer, NoResend)
    assert answer.bar is ResendBar.NO_SENDS_LEFT


def test_fall_back_needs_room_in_the_number_s_budget(both: Desk, view: StoreView) -> None:
    at = started(both)
    for _ in range(3):
        other = started(both)
        for _ in range(2):
            view.advance(timedelta(seconds=61))
            both.try_resend(other.id)
    view.advance(timedelta(seconds=-360))

    answer = both.fall_back(at)

    assert isinstance(answer, OverBudget)
    assert answer.budget == "number_messages_per_hour"


@pytest.mark.parametrize("status", [Status.CANCELED, Status.EXPIRED], ids=str)
def test_ended_verification_does_not_fall_back(both: Desk, view: StoreView, status: Status) -> None:
    at = started(both)
    if status is Status.CANCELED:
        both.cancel(at.id)
    else:
        view.advance(timedelta(seconds=301))

    assert both.fall_back(at) == Ended(status)


def test_nothing_falls_back_that_is_not_there(both: Desk, view: StoreView) -> None:
    at = started(both)
    view.flush()

    assert both.fall_back(at, refused=True) is None
    assert view.names() == []


def test_refusal_told_by_a_receipt_is_remembered_even_when_nothing_is_sent(both: Desk) -> None:
    at = started(both)
    both.cancel(at.id)

    both.fall_back(at, refused=True)

    assert channels(started(both)) == [Channel.SMS]


def test_mark_ends_a_day_after_the_first_refusal(both: Desk, view: StoreView) -> None:
    at = started(both)
    both.fall_back(at, refused=True)
    view.advance(timedelta(hours=23))

    both.fall_back(at, refused=True)

    view.advance(timedelta(hours=1, seconds=1))
    assert channels(started(both)) == [Channel.VIBER]


def test_fall_back_for_a_send_that_is_not_the_verification_s_is_none(
    both: Desk, view: StoreView
) -> None:
    at = started(both)
    stranger = replace(at, deliveries=(replace(at.last_delivery, send=7),))
    before = view.dump()

    assert both.fall_back(stranger) is None
    assert view.dump() == before


def test_message_that_was_replaced_is_taken_back_by_nobody(both: Desk, view: StoreView) -> None:
    at = started(both)
    both.replace(at)
    before = view.dump()

    assert both.take_back(at) is None
    assert view.dump() == before
