from dataclasses import replace

import pytest
from support.verifications import BOTH_SHOP, SHOP

from otp_service.domain.application import Application
from otp_service.domain.verification import Channel

SMS_FIRST = replace(BOTH_SHOP, channels=(Channel.SMS, Channel.VIBER))


@pytest.mark.parametrize(
    ("application", "failed", "next_one"),
    [
        (BOTH_SHOP, Channel.VIBER, Channel.SMS),
        (BOTH_SHOP, Channel.SMS, None),
        (SMS_FIRST, Channel.SMS, Channel.VIBER),
        (SMS_FIRST, Channel.VIBER, None),
        (SHOP, Channel.VIBER, None),
        (SHOP, Channel.SMS, None),
    ],
)
def test_channels_are_fallen_back_to_in_the_application_s_order(
    application: Application, failed: Channel, next_one: Channel | None
) -> None:
    assert application.channel_after(failed) is next_one


@pytest.mark.parametrize(
    ("application", "channel", "expected"),
    [
        (BOTH_SHOP, Channel.VIBER, (Channel.VIBER, Channel.SMS)),
        (BOTH_SHOP, Channel.SMS, (Channel.SMS,)),
        (SMS_FIRST, Channel.SMS, (Channel.SMS, Channel.VIBER)),
        (SHOP, Channel.SMS, (Channel.SMS,)),
    ],
)
def test_channels_from_one_on_are_those_that_may_take_its_message(
    application: Application, channel: Channel, expected: tuple[Channel, ...]
) -> None:
    assert application.channels_from(channel) == expected
