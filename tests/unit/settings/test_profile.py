"""Profiles: settings that break a clause are refused by its name."""

import pytest

from otp_service.domain.clauses import Profile
from otp_service.settings import load_settings
from tests.unit.settings.conftest import SHOP
from tests.unit.settings.test_test_numbers import entry

NIST, ASVS = "nist-800-63b", "asvs-l2"


@pytest.mark.parametrize("profile", [NIST, ASVS, f"{NIST},{ASVS}", f"{ASVS}, {NIST}"])
def test_defaults_hold(complete, problems, profile):
    complete["OTP_PROFILE"] = profile

    assert problems(complete) == {}


def test_none_is_the_default(complete):
    assert load_settings(complete).profile == ()


@pytest.mark.parametrize("given", [f'"{NIST}"', f'["{NIST}"]'])
def test_toml_takes_one_or_a_list(complete, toml, given):
    complete["OTP_CONFIG"] = toml(f"profile = {given}\n" + SHOP)

    assert load_settings(complete).profile == (Profile.NIST,)


def test_unknown_profile_is_refused(complete, problems):
    complete["OTP_PROFILE"] = "iso-27001"

    assert set(problems(complete)) == {"OTP_PROFILE"}


@pytest.mark.parametrize(
    "broken",
    [
        (NIST, "OTP_PIN_DIGITS", "5", "nist-800-63b section 3.1.3.2"),
        (NIST, "OTP_LIFE_SECONDS", "601", "nist-800-63b section 3.1.3.2"),
        (ASVS, "OTP_PIN_DIGITS", "5", "asvs-l2 section 6.5.4"),
        (ASVS, "OTP_LIFE_SECONDS", "601", "asvs-l2 section 6.5.5"),
    ],
)
def test_weak_code_is_refused_by_clause_even_behind_the_switch(complete, problems, broken):
    profile, setting, value, clause = broken
    complete |= {"OTP_UNSAFE_ALLOW_WEAK_CODES": "true", setting: value}
    assert problems(complete) == {}

    complete["OTP_PROFILE"] = profile

    found = problems(complete)
    assert list(found) == [setting]
    assert found[setting].startswith(f"breaks {clause}: ")


def test_every_override_of_an_application_is_held_to_it(complete, problems, toml):
    complete["OTP_UNSAFE_ALLOW_WEAK_CODES"] = "true"
    complete["OTP_CONFIG"] = toml(SHOP + "pin_digits = 4\nlife_seconds = 900\n")
    complete["OTP_PROFILE"] = NIST

    assert set(problems(complete)) == {
        "applications.shop.pin_digits",
        "applications.shop.life_seconds",
    }


@pytest.mark.parametrize("place", ["", "applications.shop."])
def test_too_many_guesses_are_refused_where_they_are_set(complete, problems, toml, place):
    row = f'[[{place}budgets]]\nname = "number_wrong_guesses_per_day"\nlimit = 100\n'
    more = [
        f'[[{place}budgets]]\nname = "{name}"\nlimit = {limit}\n'
        for name, limit in (
            ("number_starts_per_hour", 30),
            ("number_starts_per_day", 30),
            ("number_messages_per_hour", 60),
            ("number_messages_per_day", 90),
        )
    ]
    complete["OTP_CONFIG"] = toml(SHOP + row + "".join(more))
    assert problems(complete) == {}

    complete["OTP_PROFILE"] = NIST

    (found,) = problems(complete).items()
    assert found[0] == f"{place}budgets"
    assert found[1].startswith("breaks nist-800-63b section 3.2.2: ")


def test_it_is_named_together_with_every_other_problem(complete, problems):
    complete |= {
        "OTP_PROFILE": f"{NIST},{ASVS}",
        "OTP_UNSAFE_ALLOW_WEAK_CODES": "true",
        "OTP_PIN_DIGITS": "4",
        "OTP_PORT": "none",
        "OTP_LIFE_SECONDS": "700",
    }
    del complete["OTP_NUMBER_KEY"]

    assert set(problems(complete)) == {
        "OTP_PORT",
        "OTP_NUMBER_KEY",
        "OTP_PIN_DIGITS",
        "OTP_LIFE_SECONDS",
    }


@pytest.mark.parametrize(
    ("flag", "refused"),
    [("allow_test_numbers = true", {"applications.shop.test_numbers"}), ('mode = "test"', set())],
    ids=["live", "test"],
)
def test_fixed_pins_are_refused_where_access_hangs_on_them(complete, problems, toml, flag, refused):
    complete["OTP_CONFIG"] = toml(f"{SHOP}{flag}\n{entry()}")
    complete["OTP_PROFILE"] = ASVS

    assert set(problems(complete)) == refused


def test_guesses_are_not_judged_by_budgets_that_are_wrong_themselves(complete, problems, toml):
    complete["OTP_CONFIG"] = toml('[[budgets]]\nname = "number_starts_per_day"\nlimit = 0\n' + SHOP)
    complete["OTP_PROFILE"] = NIST

    (detail,) = problems(complete).values()
    assert "breaks" not in detail
