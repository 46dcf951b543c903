from dataclasses import replace

import pytest
from support.verifications import BOTH_SHOP, SHOP

from otp_service.domain.message_text import MessageRequest
from otp_service.domain.verification import Channel, MessagePlan
from otp_service.errors import InvalidRequest
from otp_service.service.planning import plan_messages

EVERYTHING = MessageRequest(
    business_name="Nova", action="payment", reason="you asked", pin_type="login"
)


def plans(
    request: MessageRequest = EVERYTHING, *, application: object = BOTH_SHOP
) -> dict[Channel, MessagePlan]:
    made = plan_messages(application, request, locales=["pl"], country="UA")  # type: ignore[arg-type]
    return {plan.channel: plan for plan in made}


def test_each_channel_has_its_plan_in_the_application_s_order() -> None:
    sms_first = replace(BOTH_SHOP, channels=(Channel.SMS, Channel.VIBER))

    assert list(plans()) == [Channel.VIBER, Channel.SMS]
    assert list(plans(application=sms_first)) == [Channel.SMS, Channel.VIBER]
    assert list(plans(application=SHOP)) == [Channel.VIBER]


def test_both_channels_speak_the_same_language() -> None:
    made = plans()

    assert {plan.language for plan in made.values()} == {"pl"}
    assert {plan.language_reason for plan in made.values()} == {"locale"}


def test_sms_has_no_template_and_holds_the_business_name_alone() -> None:
    sms = plans()[Channel.SMS]

    assert sms.template_id is None
    assert sms.texts == {"business_name": "Nova"}
    assert sms.unused == ("action", "reason", "pin_type")


def test_business_name_without_room_in_an_sms_is_unused() -> None:
    request = MessageRequest(business_name="\u0416" * 50)

    assert plans(request)[Channel.SMS].unused == ("business_name",)


def test_sms_without_words_of_the_caller_leaves_none_unused() -> None:
    assert plans(MessageRequest())[Channel.SMS].unused == ()


def test_forced_template_is_for_viber_alone() -> None:
    made = plans(MessageRequest(business_name="Nova", template_id=1))

    assert made[Channel.VIBER].template_id == 1
    assert made[Channel.VIBER].unused == ("business_name",)
    assert made[Channel.SMS].unused == ()


def test_forced_template_that_is_not_true_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        plans(MessageRequest(template_id=9))
