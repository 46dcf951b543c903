"""Test numbers among the settings: where they may be, and what an entry must be."""

from datetime import UTC, datetime, timedelta

import pytest

from otp_service.domain.identity import IdScheme
from otp_service.domain.test_number import LONGEST_LIFE, FixedPinScheme
from otp_service.settings import SettingsError, load_settings

NUMBER_KEY = b"n" * 32
PHONE, OTHER_PHONE, PIN = "+380671234567", "+12025550123", "271828"
TEST_SHOP = '[applications.shop]\nmode = "test"\n'
LIVE = (
    "a live application has none, unless its table says allow_test_numbers = true: each lets in "
    "whoever knows its PIN; one for tests says mode = 'test'"
)
NOT_MADE_HERE = (
    "entry 1: was not made for this application with this OTP_NUMBER_KEY and a PIN of {} digits; "
    "`otp-service test-numbers new` makes it anew"
)
AS_PRINTED = "as `otp-service test-numbers new` prints it"
NAME = "applications.shop.test_numbers"


def keyed(name):
    return f'api_keys_sha256 = ["{name.encode().hex():0>64}"]\n'


def entry(application="shop", *, made_for=None, phone=PHONE, digits=PIN, **changes):
    """Give one entry's table as TOML; a field that is None is left out."""
    tag = IdScheme(NUMBER_KEY).number_tag(phone)
    hashed = FixedPinScheme(NUMBER_KEY).make(made_for or application, tag, digits=digits)
    fields = {
        "id": '"app-review"',
        "number_tag": f'"{hashed.number_tag}"',
        "pin_hmac": f'"{hashed.pin_hash}"',
        "seal": f'"{hashed.seal}"',
        "until": "2027-01-31T02:00:00+02:00",
        **changes,
    }
    lines = [f"{name} = {value}" for name, value in fields.items() if value is not None]
    return "\n".join([f"[[applications.{application}.test_numbers]]", *lines, ""])


@pytest.fixture
def loaded(complete, toml):
    """Load settings whose applications are these."""
    return lambda text, **more: load_settings(complete | {"OTP_CONFIG": toml(text)} | more)


@pytest.fixture
def told(loaded):
    """Give what is wrong with settings whose applications are these, each with its name."""

    def tell(text, **more):
        with pytest.raises(SettingsError) as refused:
            loaded(text, **more)
        return [(problem.name, problem.detail) for problem in refused.value.problems]

    return tell


def test_entry_becomes_a_fixed_pin_of_its_application(loaded):
    settings = loaded(TEST_SHOP + keyed("a") + entry(starts_per_day=7))

    (pin,) = settings.domain_applications()["shop"].fixed_pins

    tag = IdScheme(NUMBER_KEY).number_tag(PHONE)
    assert (pin.name, pin.number_tag, pin.starts_per_day) == ("app-review", tag, 7)
    assert pin.pin_hash == FixedPinScheme(NUMBER_KEY).hash("shop", tag, digits=PIN)
    assert pin.until == datetime(2027, 1, 31, tzinfo=UTC)


def test_few_starts_are_allowed_by_default(loaded):
    settings = loaded(TEST_SHOP + keyed("a") + entry())

    assert settings.domain_applications()["shop"].fixed_pins[0].starts_per_day == 20


def test_live_application_is_refused_by_name(told):
    bank = '[applications.bank]\nmode = "live"\n' + keyed("b")

    problems = told("[applications.shop]\n" + keyed("a") + entry() + bank + entry("bank"))

    assert problems == [("applications.bank.test_numbers", LIVE), (NAME, LIVE)]


def test_live_application_that_is_flagged_has_them(loaded):
    settings = loaded("[applications.shop]\nallow_test_numbers = true\n" + keyed("a") + entry())

    assert settings.domain_applications()["shop"].fixed_pins


def test_live_application_without_any_needs_no_flag(loaded):
    assert loaded("[applications.shop]\n" + keyed("a")).applications["shop"].mode == "live"


@pytest.mark.parametrize(
    ("line", "name", "detail"),
    [
        ('mode = "staging"', "mode", "should be 'live' or 'test'"),
        ('allow_test_numbers = "perhaps"', "allow_test_numbers", None),
    ],
)
def test_nothing_is_judged_by_a_mode_that_is_wrong_itself(told, line, name, detail):
    ((found, words),) = told(f"[applications.shop]\n{line}\n" + keyed("a") + entry())

    assert found == f"applications.shop.{name}"
    assert detail is None or words == detail


@pytest.mark.parametrize(
    ("table", "digits", "more"),
    [
        (entry(made_for="bank"), 6, {}),
        (entry(), 6, {"OTP_NUMBER_KEY": "m" * 32}),
        (entry(digits="27182818"), 6, {}),
        (entry(), 8, {"OTP_PIN_DIGITS": "8"}),
        (entry(pin_hmac=f'"{"0" * 64}"'), 6, {}),
        (entry(number_tag='"AAAAAAAAAAAAAA"'), 6, {}),
    ],
    ids=[
        "another application's",
        "another number key",
        "longer PIN",
        "the service's own length of PIN",
        "another PIN",
        "another number",
    ],
)
def test_entry_that_was_made_for_something_else_is_refused(told, table, digits, more):
    problems = told(TEST_SHOP + keyed("a") + table, **more)

    assert problems == [(NAME, NOT_MADE_HERE.format(digits))]


def test_length_of_the_application_s_own_pins_is_the_one_that_counts(loaded):
    shop = TEST_SHOP + "pin_digits = 8\n" + keyed("a")

    assert loaded(shop + entry(digits="27182818")).applications["shop"].test_numbers


@pytest.mark.parametrize(
    ("broken", "name"),
    [({"OTP_NUMBER_KEY": "short"}, "OTP_NUMBER_KEY"), ({"OTP_PIN_DIGITS": "x"}, "OTP_PIN_DIGITS")],
    ids=["number key", "length of PINs"],
)
def test_nothing_is_judged_by_a_key_or_length_that_is_wrong_itself(told, broken, name):
    problems = told(TEST_SHOP + keyed("a") + entry(made_for="bank"), **broken)

    assert [found for found, _ in problems] == [name]


def test_own_length_that_is_wrong_itself_judges_nothing(told):
    problems = told(TEST_SHOP + "pin_digits = true\n" + keyed("a") + entry())

    assert [found for found, _ in problems] == ["applications.shop.pin_digits"]


def test_end_is_at_most_366_days_ahead(told, loaded):
    now = datetime.now(UTC)
    far, near = (now + LONGEST_LIFE + timedelta(minutes=minutes) for minutes in (5, -5))
    shop = TEST_SHOP + keyed("a")

    problems = told(shop + entry(until=f"{far:%Y-%m-%dT%H:%M:%SZ}"))

    assert problems == [(NAME, "entry 1: until: must be at most 366 days ahead")]
    assert loaded(shop + entry(until=f"{near:%Y-%m-%dT%H:%M:%SZ}")).applications


def test_entry_that_is_over_is_no_problem(loaded):
    assert loaded(TEST_SHOP + keyed("a") + entry(until="2020-01-31T00:00:00Z")).applications


@pytest.mark.parametrize(
    ("second", "detail"),
    [
        (entry(phone=OTHER_PHONE), "holds an id that names two"),
        (entry(id='"other"', digits="314159"), "holds a number twice"),
    ],
    ids=["id", "number"],
)
def test_two_of_a_kind_in_one_application_are_refused(told, second, detail):
    assert told(TEST_SHOP + keyed("a") + entry() + second) == [(NAME, detail)]


def test_same_number_in_two_applications_is_two_entries(loaded):
    bank = '[applications.bank]\nmode = "test"\n' + keyed("b") + entry("bank")

    applications = loaded(TEST_SHOP + keyed("a") + entry() + bank).domain_applications()

    shops, banks = (applications[name].fixed_pins[0] for name in ("shop", "bank"))
    assert shops.number_tag == banks.number_tag
    assert shops.pin_hash != banks.pin_hash


@pytest.mark.parametrize(
    ("table", "detail"),
    [
        (entry(id='"App"'), "entry 1: id must have 1 to 32 of a-z, 0-9, _ and -"),
        (entry(until=None), "entry 1: until is required"),
        (
            entry(until="2027-01-31"),
            "entry 1: until must be a moment with its offset, such as 2027-01-31T00:00:00Z",
        ),
        (
            entry(until="2027-01-31T00:00:00"),
            "entry 1: until must be a moment with its offset, such as 2027-01-31T00:00:00Z",
        ),
        (
            entry(number_tag='"+380671234567"'),
            f"entry 1: number_tag must have 14 characters, {AS_PRINTED}",
        ),
        (
            entry(pin_hmac='"271828"'),
            f"entry 1: pin_hmac must have 64 hexadecimal digits, {AS_PRINTED}",
        ),
        (
            entry(seal='"?"'),
            f"entry 1: seal must have 16 characters, {AS_PRINTED}",
        ),
        (entry(starts_per_day=0), "entry 1: starts_per_day should be greater than or equal to 1"),
        (entry(starts_per_day="true"), "entry 1: starts_per_day should be a number"),
        (entry(phone=PHONE, pin='"271828"'), "entry 1: pin there is no such setting"),
        (
            "[applications.shop.test_numbers]\nid = 1\n",
            "must be tables in double brackets: [[applications.<id>.test_numbers]]",
        ),
    ],
)
def test_what_no_entry_can_be_is_told_by_its_place_and_without_the_value(told, table, detail):
    problems = told(TEST_SHOP + keyed("a") + table)

    assert problems == [(NAME, detail)]
    assert PHONE not in str(problems)


def test_neither_number_nor_hash_is_shown(loaded):
    settings = loaded(TEST_SHOP + keyed("a") + entry())

    (one,) = settings.applications["shop"].test_numbers
    for secret in (one.number_tag, one.pin_hmac, one.seal):
        assert secret not in repr(settings)
