"""The fraud guard and the lists of destinations, from the settings to the domain."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from otp_service.domain.application import Application
from otp_service.domain.fraud import GUARD_OFF, GuardBudget, GuardMode, GuardScope
from otp_service.settings import load_settings

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ONE, TWO = "A" * 20, "b-_4567890123456789B"
KEY = f'api_keys_sha256 = ["{"0" * 64}"]\n'

Loads = Callable[[str, str], Application]


@pytest.fixture
def shop(complete, toml) -> Loads:
    """Give the shop of settings for all and for itself."""

    def load(for_all: str = "", own: str = "") -> Application:
        complete["OTP_CONFIG"] = toml(f"{for_all}\n[applications.shop]\n{KEY}{own}")
        return load_settings(complete).domain_applications()["shop"]

    return load


def test_guard_is_on_by_default_with_larger_floors_for_a_country(shop) -> None:
    rules = shop().fraud

    assert rules.mode is GuardMode.ON
    assert rules.budgets == (
        GuardBudget("fraud_prefix_per_hour", GuardScope.PREFIX, HOUR, 100, 3),
        GuardBudget("fraud_prefix_per_day", GuardScope.PREFIX, DAY, 300, 3),
        GuardBudget("fraud_country_per_hour", GuardScope.COUNTRY, HOUR, 1_000, 3),
        GuardBudget("fraud_country_per_day", GuardScope.COUNTRY, DAY, 5_000, 3),
    )


def test_demo_application_has_it_in_shadow_and_goes_everywhere(demo) -> None:
    application = load_settings(demo).domain_applications()["demo"]

    assert application.fraud.mode is GuardMode.SHADOW
    assert application.destinations.allowed_countries == frozenset()


def test_application_may_have_a_guard_of_its_own(shop) -> None:
    rules = shop(
        "fraud_prefix_unverified_per_hour = 7",
        'fraud_guard = "shadow"\nfraud_prefix_unverified_per_verified = 0.5',
    ).fraud

    assert rules.mode is GuardMode.SHADOW
    assert (rules.budgets[0].floor, rules.budgets[0].ratio) == (7, 0.5)


def test_guard_that_is_off_has_no_budgets(shop) -> None:
    assert shop('fraud_guard = "off"').fraud == GUARD_OFF


def test_guard_can_be_set_from_the_environment(complete) -> None:
    complete |= {"OTP_FRAUD_GUARD": "shadow", "OTP_ALLOWED_COUNTRIES": "ua,PL"}

    application = load_settings(complete).domain_applications()["shop"]

    assert application.fraud.mode is GuardMode.SHADOW
    assert application.destinations.allowed_countries == {"UA", "PL"}


def test_application_s_own_countries_replace_those_for_all(shop) -> None:
    for_all = 'allowed_countries = ["UA", "PL"]'

    assert shop(for_all).destinations.allowed_countries == {"UA", "PL"}
    assert shop(for_all, 'allowed_countries = ["de"]').destinations.allowed_countries == {"DE"}
    assert shop(for_all, "allowed_countries = []").destinations.allowed_countries == frozenset()


@pytest.mark.parametrize(
    ("name", "for_all", "own"),
    [
        ("denied_countries", "UA", "PL"),
        ("allowed_prefixes", "+38067", "+1"),
        ("denied_prefixes", "+38067", "+88213"),
        ("allowed_numbers", ONE, TWO),
        ("denied_numbers", ONE, TWO),
    ],
)
def test_application_adds_to_every_other_list(shop, name: str, for_all: str, own: str) -> None:
    lists = shop(f'{name} = ["{for_all}"]', f'{name} = ["{own}"]').destinations

    assert getattr(lists, name) == {for_all, own}


@pytest.mark.parametrize(
    ("setting", "detail"),
    [
        ('fraud_guard = "maybe"', "should be 'off', 'shadow' or 'on'"),
        ("fraud_guard = true", "should be 'off', 'shadow' or 'on'"),
        ("fraud_prefix_unverified_per_hour = 0", "should be greater than or equal to 1"),
        ("fraud_country_unverified_per_day = true", "should be a number"),
        ("fraud_country_unverified_per_verified = -1", "should be greater than or equal to 0"),
        ("fraud_prefix_unverified_per_verified = nan", "greater than or equal to 0"),
        ('allowed_countries = ["ZZ"]', "must be a country's two letters"),
        ('denied_countries = ["UA", "Ukraine"]', "entry 2 must be a country's two letters"),
        ('denied_prefixes = ["38067"]', "must begin a number"),
        ('denied_prefixes = ["+380671234567"]', "must not be a whole number"),
        ("denied_prefixes = [380]", "must be a text"),
        ('denied_numbers = ["+380671234567"]', "must have 20 characters"),
        ("allowed_numbers = [380671234567]", "must be a text"),
    ],
)
def test_value_that_cannot_be_is_named_and_not_shown(
    complete, toml, problems, setting: str, detail: str
) -> None:
    complete["OTP_CONFIG"] = toml(f"[applications.shop]\n{KEY}{setting}")

    (name, told) = next(iter(problems(complete).items()))

    assert name == f"applications.shop.{setting.partition(' ')[0]}"
    assert detail in told
    assert "671234567" not in told
