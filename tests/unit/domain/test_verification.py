from datetime import UTC, datetime, timedelta

import pytest

from otp_service.domain.identity import IdScheme
from otp_service.domain.verification import (
    Channel,
    Delivery,
    DeliveryState,
    LanguageReason,
    MessagePlan,
    Status,
    Verification,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def delivery(send: int) -> Delivery:
    return Delivery(
        send=send,
        channel=Channel.VIBER,
        template_id=2,
        language="uk",
        state=DeliveryState.ACCEPTED,
        sent_at=NOW + timedelta(seconds=30 * send),
        request_id=f"request {send}",
    )


def verification(*deliveries: Delivery) -> Verification:
    return Verification(
        id=IdScheme(b"number key of the tests, 32 bytes").new("+380671234567"),
        application_id="demo",
        purpose="login",
        status=Status.PENDING,
        country="UA",
        masked_phone="+380*******67",
        sealed_phone=b"sealed bytes",
        life=timedelta(seconds=300),
        attempts_left=5,
        sends_left=2,
        expires_at=NOW + timedelta(seconds=300),
        resend_at=NOW + timedelta(seconds=30),
        read_at=NOW,
        plan=MessagePlan(Channel.VIBER, 2, "uk", LanguageReason.COUNTRY),
        deliveries=deliveries,
    )


def test_last_delivery_is_the_last_message() -> None:
    assert verification(delivery(1), delivery(2)).last_delivery == delivery(2)


@pytest.mark.parametrize(
    ("state", "request_id"),
    [(DeliveryState.UNKNOWN, None), (DeliveryState.ACCEPTED, "request 9")],
)
def test_outcome_of_the_last_message_changes_that_message_alone(
    state: DeliveryState, request_id: str | None
) -> None:
    before = verification(delivery(1), delivery(2))

    after = before.with_last_delivery(state, request_id)

    assert after.deliveries[0] == delivery(1)
    assert after.last_delivery.state is state
    assert after.last_delivery.request_id == request_id
    assert after.last_delivery.sent_at == delivery(2).sent_at
    assert (after.id, after.expires_at, after.plan) == (before.id, before.expires_at, before.plan)
    assert before.deliveries == (delivery(1), delivery(2))


def test_verification_does_not_show_the_sealed_number() -> None:
    shown = repr(verification(delivery(1)))

    assert "sealed bytes" not in shown
    assert "671234" not in shown


def test_words_of_the_contract_are_the_values() -> None:
    assert [*Status] == [
        *("pending", "approved", "expired", "exhausted", "canceled", "undelivered"),
    ]
    assert [*DeliveryState] == ["accepted", "unknown", "delivered", "seen", "failed", "expired"]
    assert [*Channel] == ["viber", "sms"]
