"""The example file and the documentation say what the code does, no more and no less."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr

from otp_service.api.scopes import SCOPE_OF_ROUTE
from otp_service.domain.api_key import Scope
from otp_service.settings import (
    ApiKeySettings,
    ApplicationSettings,
    FixedPinSettings,
    Rules,
    Settings,
    load_settings,
)
from otp_service.settings.policy import shipped_budgets
from otp_service.settings.sources import CONFIG_VARIABLE, SECRET_FILES, TABLES

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "config" / "otp-service.toml"
DOCUMENT = ROOT / "docs" / "settings.md"
SHIPPED = ROOT / "otp_service" / "data" / "policy.toml"
TEST_NUMBERS = ROOT / "docs" / "test-numbers.md"

# What they say where the default is worked out from other settings.
EXAMPLE_OF_DERIVED = {"workers": 1, "redis_max_connections": 64}
DOCUMENTED_DERIVED = {
    "OTP_WORKERS": "one a core",
    "OTP_REDIS_MAX_CONNECTIONS": "as `OTP_THREADS`",
}

OWN_KEYS = ApplicationSettings.model_fields.keys() - Rules.model_fields.keys()


def _defaults():
    settings = Settings()
    return {name: _plain(getattr(settings, name)) for name in Settings.model_fields}


def _plain(value):
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return list(value) if isinstance(value, tuple) else value


def _example_keys():
    """Give the top-level keys of the example: those commented out, and those not."""
    top = EXAMPLE.read_text(encoding="utf-8").partition("[applications.")[0]
    shown = "\n".join(re.findall(r"^# (\w+ = .*)$", top, flags=re.MULTILINE))
    return tomllib.loads(shown), tomllib.loads(top)


def _document_rows():
    """Give the cells of every row whose first cell names settings, by each name."""
    rows = {}
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        names = re.findall(r"`(\w+)`", cells[0])
        if line.startswith("| `") and len(cells) == 3:
            rows |= dict.fromkeys(names, cells)
    return rows


def test_example_shows_every_setting_and_no_other():
    commented, given = _example_keys()

    assert {*commented, *given} == Settings.model_fields.keys() - TABLES
    assert not commented.keys() & given.keys()


def test_example_shows_every_key_of_an_application():
    example = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))

    (shop,) = example["applications"].values()
    assert shop.keys() >= OWN_KEYS


def test_example_shows_every_key_of_an_api_key():
    example = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))

    (key,) = example["applications"]["shop"]["api_keys"]
    assert key.keys() == ApiKeySettings.model_fields.keys()


def test_example_shows_every_key_of_a_test_number():
    (table,) = re.findall(
        r"^# (\[\[applications\.shop\.test_numbers\]\]\n(?:# .*\n)+)",
        EXAMPLE.read_text(),
        re.MULTILINE,
    )
    keys = re.findall(r"^# (\w+ = .*)$", table, re.MULTILINE)

    entry = FixedPinSettings.model_validate(tomllib.loads("\n".join(keys)))

    assert entry.model_fields_set == FixedPinSettings.model_fields.keys()
    assert entry.starts_per_day == FixedPinSettings.model_fields["starts_per_day"].default


def test_document_has_a_row_for_every_key_of_a_test_number():
    section = TEST_NUMBERS.read_text(encoding="utf-8").partition("| of `test_numbers` |")[2]

    table = section.partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) == [
        *FixedPinSettings.model_fields
    ]


def test_example_and_document_name_every_scope():
    for scope in Scope:
        assert f'"{scope}"' in EXAMPLE.read_text(encoding="utf-8")
        assert f"\n| `{scope}` | " in DOCUMENT.read_text(encoding="utf-8")


def test_document_has_a_row_for_every_key_of_an_api_key():
    section = DOCUMENT.read_text(encoding="utf-8").partition("| of `api_keys` |")[2]

    table = section.partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) == [
        *ApiKeySettings.model_fields
    ]


@pytest.mark.parametrize("route", SCOPE_OF_ROUTE)
def test_document_says_which_scope_a_route_needs(route):
    rows = DOCUMENT.read_text(encoding="utf-8").splitlines()
    (row,) = [row for row in rows if row.startswith(f"| `{SCOPE_OF_ROUTE[route]}` | ")]

    assert re.sub(r"<\w+>", "{id}", route) in row


def test_example_shows_the_defaults():
    commented, _ = _example_keys()

    expected = _defaults() | EXAMPLE_OF_DERIVED
    assert commented == {name: expected[name] for name in commented}


def test_example_loads_once_the_secrets_are_given(complete):
    complete["OTP_CONFIG"] = str(EXAMPLE)

    settings = load_settings(complete)

    assert set(settings.domain_applications()) == {"shop"}


def test_example_lacks_nothing_but_secrets(problems):
    found = problems({"OTP_CONFIG": str(EXAMPLE)})

    assert found.keys() <= {variable.removesuffix("_FILE") for variable in SECRET_FILES}
    assert "OTP_SECRET_KEYS" in found


def test_document_has_a_row_for_every_setting_and_no_other():
    variables = {f"OTP_{name.upper()}" for name in Settings.model_fields.keys() - TABLES}

    assert _document_rows().keys() == variables | {CONFIG_VARIABLE} | SECRET_FILES.keys() | OWN_KEYS


@pytest.mark.parametrize("name", sorted(Settings.model_fields.keys() - TABLES))
def test_document_states_the_default(name):
    variable = f"OTP_{name.upper()}"
    default = _defaults()[name]

    stated = _document_rows()[variable][1]

    if variable in DOCUMENTED_DERIVED:
        assert stated == DOCUMENTED_DERIVED[variable]
    elif default in ("", []):
        assert stated in {"none", "empty"}
    else:
        assert stated == f"`{str(default).lower()}`"


def test_example_shows_every_budget_and_price_as_it_comes():
    below = EXAMPLE.read_text(encoding="utf-8").partition("# --- Budgets and prices")[2]

    shown = "\n".join(re.findall(r"^# (\[.+\]|\w+ = .+)$", below, flags=re.MULTILINE))
    assert tomllib.loads(shown) == tomllib.loads(SHIPPED.read_text(encoding="utf-8"))


def test_example_shows_a_budget_of_an_application():
    example = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))

    (row,) = example["applications"]["shop"]["budgets"]
    assert row["name"] in {shipped.name for shipped in shipped_budgets()}
