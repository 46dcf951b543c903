"""Rules between settings."""

import pytest
from support.certificates import authority

from otp_service.domain.api_key import hash_key
from otp_service.settings import DEMO_API_KEY, load_settings

KEY_HASH = "a" * 64


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTP_HOST", "::"),
        ("OTP_NXCLOUD_BASE_URL", "https://api2.nxcloud.com"),
        ("OTP_REDIS_URL", "redis://redis.example:6379"),
    ],
)
def test_demo_mode_that_would_leave_this_machine_is_refused(problems, demo, name, value):
    demo[name] = value

    assert "loopback" in problems(demo)[name]


def test_demo_mode_names_everything_that_leaves_this_machine(problems, demo):
    demo |= {
        "OTP_HOST": "::",
        "OTP_NXCLOUD_BASE_URL": "https://x.example",
        "OTP_REDIS_URL": "redis+cluster://127.0.0.1:1,h:2",
    }

    assert set(problems(demo)) == {"OTP_HOST", "OTP_NXCLOUD_BASE_URL", "OTP_REDIS_URL"}


def test_outside_demo_the_service_may_listen_everywhere(complete):
    complete["OTP_HOST"] = "::"

    assert load_settings(complete).host == "::"


def test_several_workers_on_the_embedded_store_are_refused(problems, complete):
    complete |= {"OTP_REDIS_URL": "memory://", "OTP_WORKERS": "2"}

    assert set(problems(complete)) == {"OTP_WORKERS"}


def test_several_workers_in_demo_mode_need_keys_they_share(problems, demo):
    demo |= {"OTP_REDIS_URL": "redis://127.0.0.1", "OTP_WORKERS": "2"}

    assert set(problems(demo)) == {"OTP_SECRET_KEYS", "OTP_NUMBER_KEY"}
    assert not problems(demo | {"OTP_SECRET_KEYS": "s" * 32, "OTP_NUMBER_KEY": "n" * 32})


def test_fewer_connections_than_threads_are_refused(problems, demo):
    demo |= {"OTP_THREADS": "10", "OTP_REDIS_MAX_CONNECTIONS": "9"}

    assert set(problems(demo)) == {"OTP_REDIS_MAX_CONNECTIONS"}


def test_embedded_store_has_no_replicas_to_wait_for(problems, demo):
    assert set(problems(demo | {"OTP_REDIS_WAIT_REPLICAS": "1"})) == {"OTP_REDIS_WAIT_REPLICAS"}


@pytest.mark.parametrize(("wait_ms", "is_problem"), [("999", False), ("1000", True)])
def test_replicas_are_waited_for_less_long_than_for_an_answer(
    problems, complete, wait_ms, is_problem
):
    complete |= {"OTP_REDIS_WAIT_TIMEOUT_MS": wait_ms}

    assert not problems(complete)
    complete["OTP_REDIS_WAIT_REPLICAS"] = "1"
    assert set(problems(complete)) == ({"OTP_REDIS_WAIT_TIMEOUT_MS"} if is_problem else set())


def test_authority_s_file_needs_a_store_over_tls(problems, complete):
    complete["OTP_REDIS_CA_FILE"] = str(authority().ca_file)

    assert set(problems(complete)) == {"OTP_REDIS_CA_FILE"}
    assert not problems(complete | {"OTP_REDIS_URL": "rediss://redis.example"})


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "cannot be read"), ("no certificate", "no certificate in PEM")]
)
def test_authority_s_file_must_hold_a_certificate(problems, complete, tmp_path, content, problem):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    complete |= {"OTP_REDIS_URL": "rediss://redis.example", "OTP_REDIS_CA_FILE": str(file)}

    assert problem in problems(complete)["OTP_REDIS_CA_FILE"]


@pytest.mark.parametrize(
    ("key", "value"), [("pin_digits", 5), ("pin_digits", 4), ("life_seconds", 601)]
)
def test_weak_codes_need_the_switch(problems, demo, toml, key, value):
    variable = f"OTP_{key.upper()}"
    table = {"OTP_CONFIG": toml(f'[applications.a]\napi_keys_sha256=["{KEY_HASH}"]\n{key}={value}')}
    switch = {"OTP_UNSAFE_ALLOW_WEAK_CODES": "true"}

    assert set(problems(demo | {variable: str(value)})) == {variable}
    assert set(problems(demo | table)) == {f"applications.a.{key}"}
    assert not problems(demo | table | switch | {variable: str(value)})


@pytest.mark.parametrize(
    ("key", "value"),
    [("pin_digits", 3), ("pin_digits", 11), ("life_seconds", 29), ("life_seconds", 3601)],
)
def test_switch_has_bounds_too(problems, demo, key, value):
    demo |= {"OTP_UNSAFE_ALLOW_WEAK_CODES": "true", f"OTP_{key.upper()}": str(value)}

    assert set(problems(demo)) == {f"OTP_{key.upper()}"}


def test_number_key_that_is_a_secret_key_is_refused(problems, complete):
    complete["OTP_SECRET_KEYS"] = f"{'s' * 32},{complete['OTP_NUMBER_KEY']}"

    assert set(problems(complete)) == {"OTP_NUMBER_KEY"}


@pytest.mark.parametrize("shared", ["OTP_SECRET_KEYS", "OTP_NUMBER_KEY"])
def test_callback_secret_that_is_another_secret_is_refused(problems, complete, shared):
    complete["OTP_NXCLOUD_CALLBACK_SECRETS"] = f"{'c' * 32},{complete[shared]}"

    assert set(problems(complete)) == {"OTP_NXCLOUD_CALLBACK_SECRETS"}


def test_two_applications_that_share_a_key_are_both_named(problems, demo, toml):
    demo["OTP_CONFIG"] = toml(
        f"""
        [applications.a]
        api_keys_sha256 = ["{KEY_HASH}", "{"b" * 64}"]
        [applications.b]
        api_keys_sha256 = ["{KEY_HASH.upper()}"]
        [applications.c]
        api_keys_sha256 = ["{"c" * 64}"]
        """
    )

    found = problems(demo)

    assert set(found) == {"applications.a.api_keys_sha256", "applications.b.api_keys_sha256"}


def test_application_without_a_key_is_refused(problems, demo, toml):
    demo["OTP_CONFIG"] = toml('[applications.a]\nbrand = "A"')

    assert set(problems(demo)) == {"applications.a.api_keys_sha256"}


def test_demo_key_outside_demo_mode_is_refused(problems, complete, toml):
    key_hashes = f'["{KEY_HASH}", "{hash_key(DEMO_API_KEY).upper()}"]'
    complete["OTP_CONFIG"] = toml(f"[applications.a]\napi_keys_sha256 = {key_hashes}")

    found = problems(complete)

    assert set(found) == {"applications.a.api_keys_sha256"}
    assert "everybody knows" in found["applications.a.api_keys_sha256"]


def test_demo_key_listed_in_demo_mode_is_a_shared_key(problems, demo, toml):
    key_hash = hash_key(DEMO_API_KEY)
    demo["OTP_CONFIG"] = toml(f'[applications.a]\napi_keys_sha256 = ["{key_hash}"]')

    assert "applications.a.api_keys_sha256" in problems(demo)


def test_application_named_demo_stands_in_the_way_of_demo_mode_alone(problems, complete, toml):
    config = toml(f'[applications.demo]\napi_keys_sha256 = ["{KEY_HASH}"]')

    assert set(problems({"OTP_DEMO": "true", "OTP_CONFIG": config})) == {"applications"}
    assert not problems(complete | {"OTP_CONFIG": config})


@pytest.mark.parametrize(
    ("characters", "more", "fits"),
    [
        (38, "", True),
        (39, "", False),
        (30, "pin_digits = 10", True),
        (31, "pin_digits = 10", False),
        (26, 'android_app_hash = "Ab1+Cd2/Ef3"', True),
        (27, 'android_app_hash = "Ab1+Cd2/Ef3"', False),
    ],
)
def test_domain_that_leaves_an_sms_no_room_is_named_with_the_languages(
    problems, demo, toml, *, characters, more, fits
):
    domain = "a" * (characters - len(".example")) + ".example"
    demo["OTP_CONFIG"] = toml(
        f"""
        [applications.a]
        api_keys_sha256 = ["{KEY_HASH}"]
        web_otp_origin = "{domain}"
        {more}
        """
    )

    found = problems(demo)

    assert set(found) == (set() if fits else {"applications.a.web_otp_origin"})
    assert fits or found["applications.a.web_otp_origin"].endswith("in pt, br")


def test_domain_is_judged_by_the_services_own_pin_where_the_application_has_none(
    problems, demo, toml
):
    demo["OTP_CONFIG"] = toml(
        f"""
        [applications.a]
        api_keys_sha256 = ["{KEY_HASH}"]
        web_otp_origin = "{"a" * 23}.example"
        """
    )

    assert not problems(demo)
    assert set(problems(demo | {"OTP_PIN_DIGITS": "10"})) == {"applications.a.web_otp_origin"}


def test_domain_is_not_judged_by_a_pin_that_is_wrong_itself(problems, demo, toml):
    demo["OTP_CONFIG"] = toml(
        f"""
        [applications.a]
        api_keys_sha256 = ["{KEY_HASH}"]
        web_otp_origin = "{"a" * 40}.example"
        """
    )

    assert set(problems(demo | {"OTP_PIN_DIGITS": "11"})) == {"OTP_PIN_DIGITS"}


OPERATORS = "OTP_OPERATOR_KEYS_SHA256"


def test_key_of_an_application_is_no_operators(problems, complete, toml):
    complete["OTP_CONFIG"] = toml(f'[applications.shop]\napi_keys_sha256 = ["{KEY_HASH}"]\n')

    assert set(problems(complete | {OPERATORS: KEY_HASH.upper()})) == {OPERATORS}
    assert not problems(complete | {OPERATORS: "b" * 64})


@pytest.mark.parametrize(
    "hashes",
    [hash_key(DEMO_API_KEY), f"{'b' * 64},{'B' * 64}", "b" * 63, f"{'b' * 64},otp_operator_x"],
    ids=["demo key", "twice", "short", "key itself"],
)
def test_operators_key_that_everybody_knows_or_is_none_is_refused(problems, complete, hashes):
    found = problems(complete | {OPERATORS: hashes})

    assert set(found) == {OPERATORS}
    assert "otp_operator" not in found[OPERATORS]
