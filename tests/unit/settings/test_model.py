"""What loaded settings hold and give."""

import hashlib
import os
from datetime import timedelta

import pytest

from otp_service.domain.api_key import EVERY_SCOPE
from otp_service.domain.limits import Budget, Charge, GuessBudget
from otp_service.domain.owner import OwnerRule
from otp_service.domain.sms_text import SmsAutofill
from otp_service.settings import Settings, SettingsError, load_settings

KEYS = [hashlib.sha256(key).digest() for key in (b"one", b"two", b"three")]


@pytest.fixture
def two_shops(complete, toml):
    one, two, three = (key.hex() for key in KEYS)
    complete["OTP_CONFIG"] = toml(
        f"""
        attempts = 4
        [applications.shop]
        api_keys_sha256 = ["{one}", "{two}"]
        brand = "Example Shop"
        default_country = "ua"
        default_language = "br"
        android_app_hash = "Ab1+Cd2/Ef3"
        web_otp_origin = "Login.Example.com"
        pin_digits = 8
        life_seconds = 120
        attempts = 3
        sends = 2
        resend_cooldown_seconds = 10
        retention_seconds = 60
        proof_life_seconds = 30
        budgets = [
            {{ name = "number_starts_per_hour", limit = 1 }},
            {{ name = "number_starts_per_day", limit = 2 }},
            {{ name = "number_messages_per_hour", limit = 3 }},
            {{ name = "number_messages_per_day", limit = 4 }},
            {{ name = "number_wrong_guesses_per_day", limit = 6 }},
        ]
        owner_addresses = 2
        owner_days = 7
        [applications.plain]
        api_keys_sha256 = ["{three}"]
        """
    )
    return complete


def test_application_has_its_own_rules_and_defaults(two_shops):
    shop = load_settings(two_shops).domain_applications()["shop"]

    assert (shop.id, shop.brand, shop.default_country, shop.default_language) == (
        "shop",
        "Example Shop",
        "UA",
        "br",
    )
    assert shop.autofill == SmsAutofill("Ab1+Cd2/Ef3", "login.example.com")
    rules = shop.rules
    assert (rules.pin_digits, rules.attempts, rules.sends) == (8, 3, 2)
    assert rules.life == timedelta(seconds=120)
    assert rules.resend_cooldown == timedelta(seconds=10)
    assert rules.retention == timedelta(seconds=60)
    assert rules.proof_life == timedelta(seconds=30)


def test_application_has_its_own_budgets(two_shops):
    budgets = load_settings(two_shops).domain_applications()["shop"].budgets

    hour, day = timedelta(hours=1), timedelta(days=1)
    assert budgets.sliding == (
        Budget("number_starts_per_hour", Charge.START, 1, hour),
        Budget("number_starts_per_day", Charge.START, 2, day),
        Budget("number_messages_per_hour", Charge.MESSAGE, 3, hour),
        Budget("number_messages_per_day", Charge.MESSAGE, 4, day),
    )
    assert budgets.guesses == GuessBudget(
        name="number_wrong_guesses_per_day",
        limit=6,
        window=day,
        waits=(timedelta(minutes=1), timedelta(minutes=5), hour, day),
        step=3,
    )


def test_application_has_its_own_rule_of_owners(two_shops):
    applications = load_settings(two_shops).domain_applications()

    assert applications["shop"].budgets.owners == OwnerRule(2, timedelta(days=7))
    assert applications["plain"].budgets.owners == OwnerRule() == OwnerRule(10, timedelta(days=30))


@pytest.mark.parametrize(
    ("name", "value"),
    [("owner_addresses", 11), ("owner_addresses", -1), ("owner_days", 0), ("owner_days", 91)],
)
def test_rule_of_owners_is_bounded(two_shops, name, value):
    with pytest.raises(SettingsError) as refused:
        load_settings({**two_shops, f"OTP_{name.upper()}": str(value)})

    assert [problem.name for problem in refused.value.problems] == [f"OTP_{name.upper()}"]


def test_rule_an_application_does_not_give_is_the_services_own(two_shops):
    plain = load_settings(two_shops).domain_applications()["plain"]

    assert plain.rules.attempts == 4
    assert plain.budgets.guesses.step == 4
    assert plain.rules.pin_digits == 6
    assert plain.brand is None
    assert plain.autofill == SmsAutofill()


def test_every_key_opens_its_application(two_shops):
    opened = load_settings(two_shops).callers()

    assert {key: caller.application.id for key, caller in opened.items()} == {
        KEYS[0]: "shop",
        KEYS[1]: "shop",
        KEYS[2]: "plain",
    }


def test_demo_mode_needs_nothing_and_stays_on_this_machine(demo):
    settings = load_settings(demo)

    assert settings.redis_url.get_secret_value() == "memory://"
    assert settings.has_embedded_store
    assert settings.workers == 1
    assert settings.nxcloud_base_url == "http://127.0.0.1:8001"
    assert settings.nxcloud_access_key.get_secret_value() == "sim_access"
    assert settings.nxcloud_access_secret.get_secret_value() == "sim_secret"
    assert settings.nxcloud_appkey.get_secret_value() == "sim_app"


def test_demo_mode_has_one_application_with_the_limits_of_every_other(demo):
    (caller,) = load_settings(demo).callers().values()

    application = caller.application
    assert application.id == "demo"
    assert caller.scopes == EVERY_SCOPE
    assert (application.brand, application.default_country, application.default_language) == (
        None,
        None,
        None,
    )
    assert application.rules.life == timedelta(seconds=300)
    assert [budget.limit for budget in application.budgets.sliding] == [5, 10, 10, 15]


def test_demo_key_is_the_one_everybody_knows(demo):
    assert list(load_settings(demo).callers()) == [hashlib.sha256(b"otp_demo").digest()]


def test_demo_application_is_there_in_demo_mode_alone(complete):
    assert set(load_settings(complete).domain_applications()) == {"shop"}


def test_demo_secrets_are_drawn_anew_for_every_process(demo):
    one, other = load_settings(demo), load_settings(demo)

    drawn = {*one.secret_key_bytes(), *other.secret_key_bytes()}
    drawn |= {one.number_key_bytes(), other.number_key_bytes()}
    assert len(drawn) == 4
    assert min(map(len, drawn)) >= 32


def test_secrets_are_measured_in_bytes(problems, complete):
    fits = "ї" * 16

    assert not problems(complete | {"OTP_NUMBER_KEY": fits})
    assert set(problems(complete | {"OTP_NUMBER_KEY": fits[1:]})) == {"OTP_NUMBER_KEY"}


def test_workers_are_one_a_core_unless_they_could_not_share_a_store(complete):
    shared = load_settings(complete)
    embedded = load_settings(complete | {"OTP_REDIS_URL": "memory://"})

    assert shared.workers == os.cpu_count()
    assert embedded.workers == 1


def test_connections_are_as_many_as_threads(demo):
    assert load_settings(demo | {"OTP_THREADS": "7"}).redis_max_connections == 7


@pytest.mark.parametrize(
    ("threads", "percent", "sends"),
    [(256, 75, 192), (1, 1, 1), (3, 50, 1), (10, 100, 10), (2, 75, 1)],
)
def test_sends_have_their_share_of_the_places_and_one_at_least(demo, threads, percent, sends):
    given = {"OTP_THREADS": str(threads), "OTP_SENDS_SHARE_PERCENT": str(percent)}

    assert load_settings(demo | given).sends_at_a_time() == sends


def test_longest_send_is_three_exchanges_with_every_time_out_at_its_end(demo):
    given = {"OTP_NXCLOUD_CONNECT_TIMEOUT_SECONDS": "1", "OTP_NXCLOUD_READ_TIMEOUT_SECONDS": "4.5"}

    assert load_settings(demo | given).longest_send() == timedelta(seconds=16.5)


def test_log_level_is_read_in_either_case(demo):
    assert load_settings(demo | {"OTP_LOG_LEVEL": "WARNING"}).log_level == "warning"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("log_level = 1", "OTP_LOG_LEVEL"),
        ("port = true", "OTP_PORT"),
        ("nxcloud_read_timeout_seconds = true", "OTP_NXCLOUD_READ_TIMEOUT_SECONDS"),
        ("nxcloud_read_timeout_seconds = nan", "OTP_NXCLOUD_READ_TIMEOUT_SECONDS"),
        ("nxcloud_read_timeout_seconds = inf", "OTP_NXCLOUD_READ_TIMEOUT_SECONDS"),
        ("redis_connect_timeout_seconds = 0", "OTP_REDIS_CONNECT_TIMEOUT_SECONDS"),
        ('nxcloud_dialect = "old"', "OTP_NXCLOUD_DIALECT"),
        ('nxcloud_sms_source_address = "Nova Shop"', "OTP_NXCLOUD_SMS_SOURCE_ADDRESS"),
        (f'nxcloud_sms_source_address = "{"a" * 21}"', "OTP_NXCLOUD_SMS_SOURCE_ADDRESS"),
        ("number_key = 1", "OTP_NUMBER_KEY"),
        ("secret_keys = 'x'", "OTP_SECRET_KEYS"),
        ("attempts = 11", "OTP_ATTEMPTS"),
        ("sends = 0", "OTP_SENDS"),
        ("retention_seconds = 59", "OTP_RETENTION_SECONDS"),
        ("retention_seconds = 86401", "OTP_RETENTION_SECONDS"),
    ],
)
def test_value_of_the_wrong_kind_or_size_is_named(problems, demo, toml, text, name):
    demo["OTP_CONFIG"] = toml(text)

    assert set(problems(demo)) == {name}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("android_app_hash", text) for text in ("", "Ab1+Cd2/Ef", "Ab1+Cd2/Ef3=", "Ab1-Cd2_Ef3")],
        *[("web_otp_origin", text) for text in ("", "localhost", "example.com:8443", "127.0.0.1")],
        *[("web_otp_origin", text) for text in ("https://example.com", "example.com/x", "a..com")],
        *[("web_otp_origin", text) for text in ("приклад.укр", "-a.com", "a_b.com", "@a.com")],
        ("web_otp_origin", f"{'a' * 64}.com"),
    ],
)
def test_autofill_line_that_no_phone_would_read_is_named(problems, demo, toml, key, value):
    demo["OTP_CONFIG"] = toml(
        f'[applications.a]\napi_keys_sha256 = ["{"a" * 64}"]\n{key} = "{value}"'
    )

    assert set(problems(demo)) == {f"applications.a.{key}"}


@pytest.mark.parametrize("domain", ["a.co", "xn--80aswg.xn--j1amh", "4.example.com", "a-b.example"])
def test_domain_is_taken_as_its_pages_have_it(demo, toml, domain):
    demo["OTP_CONFIG"] = toml(
        f'[applications.a]\napi_keys_sha256 = ["{"a" * 64}"]\nweb_otp_origin = "{domain}"'
    )

    assert load_settings(demo).domain_applications()["a"].autofill.web_otp_origin == domain


def test_no_representation_shows_a_secret(complete):
    complete |= {
        "OTP_REDIS_URL": "redis://:hunter2@redis.example",
        "OTP_REDIS_SENTINEL_PASSWORD": "hunter2",
        "OTP_SECRET_KEYS": "hunter2" * 5 + "," + "hunter2" * 6,
        "OTP_NUMBER_KEY": "hunter2" * 7,
        "OTP_NXCLOUD_ACCESS_KEY": "hunter2",
        "OTP_NXCLOUD_ACCESS_SECRET": "hunter2",
        "OTP_NXCLOUD_APPKEY": "hunter2",
        "OTP_NXCLOUD_SMS_APPKEY": "hunter2",
        "OTP_NXCLOUD_CALLBACK_SECRETS": "hunter2" * 8,
    }

    settings = load_settings(complete)

    shown = f"{settings} {settings!r} {settings.model_dump()} {settings.applications}"
    assert "hunter2" not in shown
    assert not any(key.hex() in repr(settings) for key in settings.callers())


@pytest.mark.parametrize("text", ["two words", "line\n", "\u00fcber", "tab\t"])
@pytest.mark.parametrize(
    "name",
    [
        "OTP_NXCLOUD_ACCESS_KEY",
        "OTP_NXCLOUD_ACCESS_SECRET",
        "OTP_NXCLOUD_APPKEY",
        "OTP_NXCLOUD_SMS_APPKEY",
    ],
)
def test_account_is_refused_where_it_could_not_be_sent(complete, problems, name, text):
    complete[name] = text

    assert set(problems(complete)) == {name}


@pytest.mark.parametrize(
    ("given", "appkey"),
    [({}, "appkey"), ({"OTP_NXCLOUD_SMS_APPKEY": "other"}, "other")],
    ids=["vibers", "its_own"],
)
def test_sms_has_vibers_appkey_unless_it_has_its_own(complete, given, appkey):
    assert load_settings(complete | given).sms_appkey() == appkey


@pytest.mark.parametrize("mark", ["/", "+", "=", "%", " ", "\u00fc", "?", "#"])
def test_callback_secret_that_a_url_would_not_carry_as_it_is_is_named(complete, problems, mark):
    complete["OTP_NXCLOUD_CALLBACK_SECRETS"] = f"{'c' * 20}{mark}{'c' * 20}"

    assert set(problems(complete)) == {"OTP_NXCLOUD_CALLBACK_SECRETS"}


@pytest.mark.parametrize("secret", ["0a" * 32, "Az09-._~" * 4])
def test_callback_secret_of_a_url_s_own_letters_is_taken(complete, secret):
    complete["OTP_NXCLOUD_CALLBACK_SECRETS"] = secret

    (taken,) = load_settings(complete).nxcloud_callback_secrets

    assert taken.get_secret_value() == secret


KEY_HASH = "a" * 64


@pytest.mark.parametrize("channels", ['["viber", "viber"]', "[]", '["telegram"]', '"viber"'])
def test_channels_that_are_none_or_named_twice_are_named(problems, demo, toml, channels):
    table = f'[applications.shop]\napi_keys_sha256 = ["{KEY_HASH}"]\nchannels = {channels}\n'

    found = problems(demo | {"OTP_CONFIG": toml(table)})

    assert set(found) == {"applications.shop.channels"}


def test_channels_are_taken_in_their_order(demo, toml):
    table = f'[applications.shop]\napi_keys_sha256 = ["{KEY_HASH}"]\nchannels = ["sms", "viber"]\n'

    shop = load_settings(demo | {"OTP_CONFIG": toml(table)}).domain_applications()["shop"]

    assert [*shop.channels] == ["sms", "viber"]


def test_demo_application_has_both_channels_and_every_other_viber_alone(demo, toml):
    table = f'[applications.shop]\napi_keys_sha256 = ["{KEY_HASH}"]\n'

    made = load_settings(demo | {"OTP_CONFIG": toml(table)}).domain_applications()

    assert [*made["demo"].channels] == ["viber", "sms"]
    assert [*made["shop"].channels] == ["viber"]


def test_settings_do_not_change(demo):
    settings = load_settings(demo)

    with pytest.raises(ValueError, match="frozen"):
        settings.demo = False


def test_settings_made_by_hand_read_no_environment(monkeypatch):
    monkeypatch.setenv("OTP_PORT", "8123")

    assert Settings().port == 8000
