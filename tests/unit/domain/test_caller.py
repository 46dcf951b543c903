from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from support.verifications import SHOP

from otp_service.domain.api_key import Scope
from otp_service.domain.caller import Caller
from otp_service.errors import Forbidden

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
CALLER = Caller(SHOP, "web", "0123456789abcdef", frozenset({Scope.VERIFY, Scope.STATUS}))


@pytest.mark.parametrize("scope", [Scope.VERIFY, Scope.STATUS])
def test_scope_that_the_key_has_is_granted(scope: Scope) -> None:
    CALLER.require(scope)


@pytest.mark.parametrize("scope", [Scope.START, Scope.TOKENS, Scope.CLIENT_IP])
def test_scope_that_the_key_lacks_is_forbidden_by_name(scope: Scope) -> None:
    with pytest.raises(Forbidden) as refusal:
        CALLER.require(scope)

    assert refusal.value.detail == f"This key lacks the scope '{scope.value}'."


@pytest.mark.parametrize(
    ("now", "is_expired"),
    [
        pytest.param(END - timedelta(microseconds=1), False, id="just before"),
        pytest.param(END, True, id="at its end"),
        pytest.param(END + timedelta(days=400), True, id="long after"),
        pytest.param(
            datetime(2026, 3, 1, 14, 30, tzinfo=timezone(timedelta(hours=3))),
            False,
            id="half an hour before, by another zone's clock",
        ),
    ],
)
def test_key_ends_at_its_moment(now: datetime, is_expired: object) -> None:
    assert replace(CALLER, expires_at=END).is_expired(now) is is_expired


def test_key_without_an_end_does_not_end() -> None:
    assert not CALLER.is_expired(datetime.max.replace(tzinfo=UTC))
