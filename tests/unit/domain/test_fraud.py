"""How many starts may stay unverified."""

from datetime import timedelta

import pytest

from otp_service.domain.fraud import FraudRules, GuardBudget, GuardMode, GuardScope, Tally

HOUR = timedelta(hours=1)


def budget(*, floor: int = 40, ratio: float = 3, scope: GuardScope = GuardScope.PREFIX):
    return GuardBudget("fraud_prefix_per_hour", scope, HOUR, floor, ratio)


@pytest.mark.parametrize(
    ("verified", "limit"),
    [
        pytest.param(0, 40, id="nothing_verified_leaves_the_floor"),
        pytest.param(13, 40, id="few_verified_leave_the_floor"),
        pytest.param(14, 42, id="verified_traffic_widens"),
        pytest.param(1_000, 3_000, id="and_has_no_end"),
    ],
)
def test_limit_is_the_floor_or_the_share_of_what_is_verified(verified: int, limit: int) -> None:
    assert budget().limit(verified) == limit


def test_share_that_is_no_whole_number_is_rounded_down() -> None:
    assert budget(floor=1, ratio=0.5).limit(5) == 2


@pytest.mark.parametrize(
    ("started", "verified", "used_up"),
    [
        pytest.param(39, 0, False, id="one_place_left"),
        pytest.param(40, 0, True, id="floor_used_up"),
        pytest.param(40, 1, False, id="approval_makes_room"),
        pytest.param(55, 14, False, id="below_the_share"),
        pytest.param(56, 14, True, id="share_used_up"),
        pytest.param(0, 100, False, id="nothing_started"),
    ],
)
def test_budget_is_used_up_by_what_is_unverified(
    *, started: int, verified: int, used_up: bool
) -> None:
    assert budget().is_used_up(Tally(started, verified)) is used_up


def test_approvals_of_earlier_starts_leave_nothing_unverified() -> None:
    assert Tally(started=3, verified=5).unverified == 0


def test_rules_give_the_budgets_of_one_scope() -> None:
    of_prefix, of_country = budget(), budget(scope=GuardScope.COUNTRY)
    rules = FraudRules(GuardMode.ON, (of_prefix, of_country))

    assert rules.budgets_of(GuardScope.COUNTRY) == (of_country,)
