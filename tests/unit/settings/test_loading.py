"""Every problem at once, by name, without a value."""

import traceback

import pytest

from otp_service.settings import SettingsError, load_settings


def test_without_any_setting_everything_required_is_named(problems):
    found = problems({})

    assert set(found) == {
        "OTP_NUMBER_KEY",
        "OTP_NXCLOUD_ACCESS_KEY",
        "OTP_NXCLOUD_ACCESS_SECRET",
        "OTP_NXCLOUD_APPKEY",
        "OTP_REDIS_URL",
        "OTP_SECRET_KEYS",
        "applications",
    }


def test_what_is_wrong_by_itself_and_what_is_wrong_together_are_reported_at_once(
    problems, complete, toml
):
    complete |= {
        "OTP_PORT": "many",
        "OTP_SECRET_KEYS": "short," + "s" * 32,
        "OTP_PIN_DIGITS": "4",
        "OTP_WORKERS": "2",
        "OTP_REDIS_URL": "memory://",
        "OTP_NUMBER_KEYS": "n",
        "OTP_CONFIG": toml(
            """
            attempts = true
            prot = 1
            [applications.shop]
            brand = "https://example.com"
            pin_digits = 5
            colour = "red"
            api_keys_sha256 = ["zz"]
            [applications."Bad Id"]
            [applications.other]
            life_seconds = 601
            default_country = "XX"
            default_language = "tlh"
            """
        ),
    }

    found = problems(complete)

    assert set(found) == {
        "OTP_PORT",
        "OTP_SECRET_KEYS",
        "OTP_PIN_DIGITS",
        "OTP_WORKERS",
        "OTP_NUMBER_KEYS",
        "OTP_ATTEMPTS",
        "prot",
        "applications.shop.brand",
        "applications.shop.pin_digits",
        "applications.shop.colour",
        "applications.shop.api_keys_sha256",
        "applications.Bad Id",
        "applications.other.life_seconds",
        "applications.other.default_country",
        "applications.other.default_language",
        "applications.other.api_keys_sha256",
    }
    assert found["OTP_SECRET_KEYS"] == "entry 1 must have at least 32 bytes"
    assert found["OTP_NUMBER_KEYS"].endswith("did you mean OTP_NUMBER_KEY?")
    assert found["prot"].endswith("did you mean port?")


def test_error_tells_a_problem_a_line(complete):
    complete |= {"OTP_PORT": "0", "OTP_THREADS": "0"}

    with pytest.raises(SettingsError) as refused:
        load_settings(complete)

    assert str(refused.value).splitlines() == [
        "OTP_PORT: should be greater than or equal to 1",
        "OTP_THREADS: should be greater than or equal to 1",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "OTP_SECRET_KEYS",
        "OTP_NUMBER_KEY",
        "OTP_REDIS_URL",
        "OTP_NXCLOUD_BASE_URL",
        "OTP_NXCLOUD_CALLBACK_SECRETS",
        "OTP_PORT",
        "OTP_LOG_LEVEL",
        "OTP_DEMO",
    ],
)
def test_no_error_shows_a_value(complete, name):
    complete |= {name: "hunter2:hunter2"}

    with pytest.raises(SettingsError) as refused:
        load_settings(complete)

    assert "hunter2" not in "".join(traceback.format_exception(refused.value))
    assert "hunter2" not in repr(refused.value.problems)


def test_no_error_shows_a_line_of_a_broken_file(problems, complete, toml):
    complete["OTP_CONFIG"] = toml('number_key = "hunter2\n')

    found = problems(complete)

    assert found == {"OTP_CONFIG": "the file is not TOML (at line 1, column 22)"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("applications = 1", "applications"),
        ("applications.shop = 1", "applications.shop"),
        ("[[applications]]", "applications"),
        ('[applications.""]', "applications."),
        ('[applications."shop\\n"]', "applications.shop\n"),
    ],
    ids=["no-table", "application-no-table", "list", "empty-id", "newline-in-id"],
)
def test_application_that_is_none_is_one_problem(problems, complete, toml, text, name):
    complete["OTP_CONFIG"] = toml(text)

    found = problems(complete)

    assert list(found) == [name]


def test_demo_switch_that_is_wrong_is_the_only_problem_of_demo_mode(problems):
    found = problems({"OTP_DEMO": "perhaps"})

    assert set(found) == {"OTP_DEMO"}


def test_own_environment_is_read_if_none_is_passed(monkeypatch):
    monkeypatch.setenv("OTP_DEMO", "true")
    monkeypatch.setenv("OTP_PORT", "8123")

    settings = load_settings()

    assert settings.port == 8123


def test_environment_that_is_passed_is_the_only_one_read(monkeypatch, demo):
    monkeypatch.setenv("OTP_PORT", "8123")

    settings = load_settings(demo)

    assert settings.port == 8000
