"""What a refused caller is told of the limit: its name, its size, when there is room again."""

from datetime import timedelta

import pytest

from otp_service.errors import (
    ProviderMisconfigured,
    Quota,
    ResendTooSoon,
    SendLimitReached,
    StoreUnavailable,
    TooManyRequests,
)

HOUR = timedelta(hours=1)
WAIT = timedelta(seconds=119, milliseconds=1)
ID = "A1b2C3d4E5f6G7h8I9j0K1L2M3n4O5p6Q7r8"


def resend(client, service, error):
    service.resend.answer = error
    return client.post("/otp/resend", json={"verification_id": ID})


@pytest.mark.parametrize(
    ("error", "policy", "limit"),
    [
        (
            TooManyRequests(retry_after=WAIT, budget="b", quota=Quota("b", 5, HOUR)),
            '"b";q=5;w=3600',
            '"b";r=0;t=120',
        ),
        (TooManyRequests(retry_after=WAIT, budget="guarded"), None, '"guarded";r=0;t=120'),
        (
            ResendTooSoon(retry_after=WAIT, quota=Quota("resend_cooldown", 1)),
            '"resend_cooldown";q=1',
            '"resend_cooldown";r=0;t=120',
        ),
        (
            SendLimitReached(retry_after=WAIT, quota=Quota("sends", 3)),
            '"sends";q=3',
            '"sends";r=0;t=120',
        ),
    ],
    ids=["budget", "without a quota", "cooldown", "sends"],
)
def test_refusal_names_its_limit(client, service, error, policy, limit):
    reply = resend(client, service, error)

    assert reply.status_code == 429
    assert reply.headers["Retry-After"] == "120"
    assert reply.headers.get("RateLimit-Policy") == policy
    assert reply.headers["RateLimit"] == limit


@pytest.mark.parametrize("error_class", [StoreUnavailable, ProviderMisconfigured])
def test_failure_is_no_limit(client, service, error_class):
    reply = resend(client, service, error_class(retry_after=WAIT))

    assert reply.status_code == 503
    assert "RateLimit" not in reply.headers
    assert "RateLimit-Policy" not in reply.headers
