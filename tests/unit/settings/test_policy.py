"""The policy table: rows over rows, each problem named, prices exact."""

from datetime import timedelta

import pytest

from otp_service.domain.budget_row import BudgetRow, Counted, Scope
from otp_service.domain.limits import Budget, Charge
from otp_service.domain.verification import Channel
from otp_service.settings import load_settings
from tests.unit.settings.conftest import SHOP

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OWN = "[[applications.shop.budgets]]\n"
SAME = 'name = "address_starts_per_hour"\n'
NEW = """
[[budgets]]
name = "country_money"
scope = "country"
key = "money"
limit = 12.5
window_seconds = 7200
"""


@pytest.fixture
def shop(complete, toml):
    """Load settings with further tables and give the shop."""

    def load(tables=""):
        complete["OTP_CONFIG"] = toml(SHOP + tables)
        return load_settings(complete).domain_applications()["shop"]

    return load


def row(application, name):
    (found,) = [row for row in application.policy if row.name == name]
    return found


def test_every_application_has_budgets_of_every_scope(shop):
    scopes = {row.scope for row in shop().policy}

    assert scopes == set(Scope) - {Scope.NUMBER}


def test_demo_application_has_the_budgets_of_single_numbers_alone(demo):
    application = load_settings(demo).domain_applications()["demo"]

    assert application.policy == ()
    assert len(application.budgets.sliding) == 4
    assert application.budgets.guesses.limit == 20


def test_demo_application_has_what_the_settings_name_too(demo, toml):
    demo["OTP_CONFIG"] = toml(f"[[budgets]]\n{SAME}limit = 2\n{NEW}")

    application = load_settings(demo).domain_applications()["demo"]

    assert [row.name for row in application.policy] == ["address_starts_per_hour", "country_money"]


def test_row_of_a_known_name_changes_what_it_gives(shop):
    changed = row(shop(f"[[budgets]]\n{SAME}limit = 7\n"), "address_starts_per_hour")

    assert changed == BudgetRow("address_starts_per_hour", Scope.ADDRESS, Counted.STARTS, 7, HOUR)


def test_application_s_row_stands_over_the_service_s(shop):
    tables = f"{OWN}{SAME}limit = 9\n[[budgets]]\n{SAME}limit = 7\nwindow_seconds = 600\n"

    changed = row(shop(tables), "address_starts_per_hour")

    assert (changed.limit, changed.window) == (9, timedelta(minutes=10))


def test_row_of_a_new_name_is_added(shop):
    assert row(shop(NEW), "country_money") == BudgetRow(
        "country_money", Scope.COUNTRY, Counted.MONEY, 12_500_000, timedelta(hours=2)
    )


def test_row_that_is_off_does_not_hold_and_can_be_had_again(shop):
    off = f"[[budgets]]\n{SAME}off = true\n"

    assert "address_starts_per_hour" not in {row.name for row in shop(off).policy}
    assert row(shop(f"{off}{OWN}{SAME}limit = 3\n"), "address_starts_per_hour").limit == 3


def test_row_of_numbers_is_kept_with_the_number(shop):
    tables = """
    [[budgets]]
    name = "number_starts_per_week"
    scope = "number"
    key = "starts"
    limit = 12
    window_seconds = 604800
    """

    application = shop(tables)

    added = Budget("number_starts_per_week", Charge.START, 12, timedelta(days=7))
    assert application.budgets.sliding[-1] == added
    assert added.name not in {row.name for row in application.policy}


def test_money_of_one_number_is_a_budget_too(shop):
    tables = '[[budgets]]\nname = "number_money"\nscope = "number"\nkey = "money"\n'

    found = row(shop(f"{tables}limit = 1\nwindow_seconds = 86400\n"), "number_money")

    assert found.limit == 1_000_000


@pytest.mark.parametrize(
    "case",
    [
        (f"[[budgets]]\n{SAME}" * 2, "budgets", "address_starts_per_hour stands there twice"),
        (f"{OWN}{SAME}" * 2, "applications.shop.budgets", "address_starts_per_hour stands"),
        ('[[budgets]]\nname = "new"\nlimit = 3\n', "budgets", "new lacks scope, key, window_sec"),
        ('[[budgets]]\nname = "new"\noff = true\n', "budgets", "new is off, and there is no such"),
        (f"[[budgets]]\n{SAME}limit = 2.5\n", "budgets", "its limit must be whole"),
        (f"[[budgets]]\n{SAME}limit = 0\n", "budgets", "entry 1: limit should be greater than 0"),
        (f"[[budgets]]\n{SAME}limit = true\n", "budgets", "entry 1: limit must be a number"),
        (f"[[budgets]]\n{SAME}limit = nan\n", "budgets", "entry 1: limit must be a number"),
        (f"[[budgets]]\n{SAME}limit = 1e10\n", "budgets", "entry 1: limit should be less"),
        (f"[[budgets]]\n{SAME}window_seconds = 59\n", "budgets", "entry 1: window_seconds should"),
        (f"[[budgets]]\n{SAME}window_seconds = true\n", "budgets", "entry 1: window_seconds must"),
        (f"[[budgets]]\n{SAME}window_seconds = 2592001\n", "budgets", "entry 1: window_seconds"),
        (f"[[budgets]]\n{SAME}scope = 'planet'\n", "budgets", "entry 1: scope should be"),
        (f"[[budgets]]\n{SAME}key = 'tears'\n", "budgets", "entry 1: key should be"),
        (f"[[budgets]]\n{SAME}colour = 1\n", "budgets", "entry 1: colour there is no such setting"),
        ("[[budgets]]\nlimit = 1\n", "budgets", "entry 1: name is required"),
        ("[[budgets]]\nname = '+380671234567'\n", "budgets", "entry 1: name must have 1 to 48"),
        ("[budgets]\nname = 'one'\n", "budgets", "must be tables in double brackets"),
        (f"[[budgets]]\n{SAME}window_seconds = 86400\n", "budgets", "over the same window"),
        (
            f"{OWN}name = 'all_sends_per_hour'\nlimit = 1\n",
            "applications.shop.budgets",
            "all_sends_per_hour is over all, and so for no application",
        ),
        (
            f"{OWN}name = 'all_sends_per_hour'\noff = true\n",
            "applications.shop.budgets",
            "all_sends_per_hour is over all",
        ),
        (
            "[[budgets]]\nname = 'number_wrong_guesses_per_day'\noff = true\n",
            "budgets",
            "a number's wrong guesses must have a budget",
        ),
        (
            f"{OWN}name = 'number_wrong_guesses_per_day'\noff = true\n",
            "applications.shop.budgets",
            "a number's wrong guesses must have a budget",
        ),
        (
            NEW.replace('"country"', '"number"')
            .replace('"money"', '"wrong_guesses"')
            .replace("12.5", "1"),
            "budgets",
            "country_money: a number's wrong guesses have one budget",
        ),
        (
            "[[budgets]]\nname = 'number_starts_per_day'\nlimit = 1000001\n",
            "budgets",
            "number_starts_per_day is of one number: its limit must be at most 1000000",
        ),
        ("[prices.XX]\nsms = 1\n", "prices", "holds a name that is neither"),
        ("[prices.ua]\nsms = 1\n", "prices", "holds a name that is neither"),
        ("[prices.UA]\nfax = 1\n", "prices.UA.fax", "there is no such setting"),
        ("[prices.UA]\nsms = -1\n", "prices.UA.sms", "should be greater than or equal to 0"),
        ("[prices.UA]\nsms = 1001\n", "prices.UA.sms", "should be less than or equal to 1000"),
        ("[prices.UA]\nsms = 0.0000001\n", "prices.UA.sms", "must have at most 6 decimals"),
        ("[prices]\ncurrency = 'E U R'\n", "prices.currency", "should match"),
    ],
)
def test_problem_is_named(problems, complete, toml, case):
    tables, name, detail = case
    complete["OTP_CONFIG"] = toml(SHOP + tables)

    found = problems(complete)

    assert list(found) == [name]
    assert detail in found[name]


def test_every_problem_of_the_tables_is_reported_together(problems, complete, toml):
    own = f"{OWN}name = 'lacking'\n"
    complete["OTP_CONFIG"] = toml(
        f"{SHOP}{own}[prices.XX]\nsms = 1\n[applications.x]\npin_digits = 3"
    )

    assert problems(complete).keys() == {
        "applications.shop.budgets",
        "applications.x.api_keys_sha256",
        "applications.x.pin_digits",
        "prices",
    }


@pytest.mark.parametrize("name", ["OTP_BUDGETS", "OTP_PRICES"])
def test_tables_come_from_the_file_alone(problems, complete, name):
    complete[name] = "x"

    assert "are tables of the file that OTP_CONFIG names" in problems(complete)[name]


def test_prices_are_exact_and_fall_back_to_the_default_of_their_channel(complete, toml):
    complete["OTP_CONFIG"] = toml(
        f"{SHOP}[prices]\ncurrency = 'UAH'\n[prices.default]\nsms = 0.1\n[prices.UA]\nviber = 0.3\n"
    )

    table = load_settings(complete).price_table()

    assert table.currency == "UAH"
    assert table.price("UA", Channel.VIBER) == 300_000
    assert table.price("UA", Channel.SMS) == 100_000
    assert table.price("US", Channel.SMS) == 100_000
    assert table.price("US", Channel.VIBER) == 50_000


def test_prices_that_come_with_the_service_are_above_nothing(complete):
    table = load_settings(complete).price_table()

    assert all(table.price("US", channel) > 0 for channel in Channel)
