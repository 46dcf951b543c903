import json
import re
import socket
from collections.abc import MutableMapping
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.listed_numbers import NOW, listing
from support.verifications import SHOP

from otp_service.cli.policy import command
from otp_service.cli.policy_figures import figures
from otp_service.cli.policy_words import words
from otp_service.domain.application import Application
from otp_service.domain.clauses import Profile, findings
from otp_service.settings import Settings, load_settings
from tests.unit.cli.conftest import SECRETS

DOCUMENT = (Path(__file__).parents[3] / "docs" / "policy.md").read_text(encoding="utf-8")
SHOP_TABLE = f'[applications.shop]\napi_keys_sha256 = ["{"a" * 64}"]\n'
BANK_TABLE = f'[applications.bank]\napi_keys_sha256 = ["{"b" * 64}"]\nattempts = 3\n'

Environ = MutableMapping[str, str]


@pytest.fixture
def alone(environ: Environ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environ:
    """A deployment that can reach nothing."""

    def no_socket(*_: object) -> None:
        raise AssertionError("it asked somebody")

    monkeypatch.setattr(socket.socket, "connect", no_socket)
    config = tmp_path / "otp-service.toml"
    config.write_text(SHOP_TABLE)
    environ.update(SECRETS, OTP_CONFIG=str(config), OTP_REDIS_URL="redis://127.0.0.1:6379/0")
    return environ


def explain(*options: str) -> Result:
    return CliRunner().invoke(command, ["explain", *options])


def explained(*options: str) -> dict[str, object]:
    result = explain("--json", *options)
    assert result.exit_code == 0
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_document_shows_what_is_printed(alone: Environ) -> None:
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", DOCUMENT, flags=re.MULTILINE)
    (shown,) = [block for block in blocks if "Application shop" in block]

    printed = explain().stdout

    stated = [line.removeprefix("    ").rstrip() for line in shown.strip("\n").splitlines()]
    assert stated == [line.rstrip() for line in printed.strip().splitlines()]


def test_document_names_what_each_profile_refuses() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| ([\d.]+) \|", DOCUMENT, flags=re.MULTILINE)
    clauses = {(one.profile, one.clause) for one in findings(SHOP)}

    assert set(rows) <= clauses
    assert {profile for profile, _ in rows} == set(Profile)


def test_figures_are_those_of_the_live_settings(alone: Environ) -> None:
    alone["OTP_PIN_DIGITS"] = "7"
    Path(alone["OTP_CONFIG"]).write_text(
        SHOP_TABLE + '[[budgets]]\nname = "number_starts_per_day"\nlimit = 2\n'
    )

    (shop,) = explained()["applications"]  # type: ignore[misc, attr-defined]

    by_owners = shop["guessing"]["by_owner_addresses"]
    # Two starts of the day, and two that began before it.
    assert [one["day"]["wrong_guesses"] for one in by_owners] == [20, 40, 220]
    assert by_owners[0]["day"]["chance"] == 20 * 3 / 10**7
    assert by_owners[0]["year"]["wrong_guesses"] == 2 * 366 * 5


def test_every_application_is_shown_or_one_alone(alone: Environ) -> None:
    Path(alone["OTP_CONFIG"]).write_text(SHOP_TABLE + BANK_TABLE)

    both, bank = explain().stdout, explain("--application", "bank")

    assert both.count("Application ") == 2
    assert "add up" in both
    assert "Application shop" not in bank.stdout
    assert "takes 3 guesses" in bank.stdout
    assert explain("--application", "none").exit_code == 2


def test_no_bound_is_said_to_be_none(alone: Environ) -> None:
    names = ["number_starts_per_hour", "number_starts_per_day"]
    names += ["number_messages_per_hour", "number_messages_per_day"]
    names += ["prefix_starts_per_hour", "prefix_starts_per_day", "country_starts_per_hour"]
    names += ["country_starts_per_day", "application_sends_per_hour"]
    names += ["application_sends_per_day", "all_sends_per_hour"]
    names += ["application_money_per_day", "all_money_per_day"]
    off = [f'[[budgets]]\nname = "{name}"\noff = true\n' for name in names]
    Path(alone["OTP_CONFIG"]).write_text(SHOP_TABLE + "".join(off))

    (shop,) = explained()["applications"]  # type: ignore[misc, attr-defined]

    assert shop["guessing"]["by_owner_addresses"][0]["day"] == {"wrong_guesses": None, "chance": 1}
    number = shop["spending"][0]
    assert (number["messages_a_day"], number["money_a_day"]) == (None, None)
    assert "one number                      no limit" in explain().stdout


def test_chosen_profile_is_named(alone: Environ) -> None:
    alone["OTP_PROFILE"] = "nist-800-63b,asvs-l2"

    assert explain().stdout.endswith("Profile: nist-800-63b, asvs-l2\n")


def test_settings_that_do_not_hold_are_named_and_nothing_is_explained(alone: Environ) -> None:
    alone |= {
        "OTP_UNSAFE_ALLOW_WEAK_CODES": "true",
        "OTP_PIN_DIGITS": "4",
        "OTP_PROFILE": "asvs-l2",
    }

    result = explain()

    assert (result.exit_code, result.stdout) == (1, "")
    assert "OTP_PIN_DIGITS: breaks asvs-l2 section 6.5.4" in result.stderr


def test_fixed_pins_are_listed_apart(alone: Environ, monkeypatch: pytest.MonkeyPatch) -> None:
    tested = listing(SHOP, starts_per_day=20)

    def only_tested(_: Settings) -> dict[str, Application]:
        return {"shop": tested}

    monkeypatch.setattr(Settings, "domain_applications", only_tested)
    now: datetime = NOW

    found = figures(load_settings(alone), now)

    (pin,) = found["applications"][0]["fixed_pins"]
    assert pin == {
        "name": "app-review",
        "days_left": 30.0,
        "wrong_guesses": 31 * 100,
        "chance": 0.0031,
    }
    lines = [line.split()[:3] for line in words(found)]
    assert ["app-review", "30.0", "3100"] in lines


def test_nothing_secret_is_printed(alone: Environ) -> None:
    printed = explain().stdout + explain("--json").stdout

    assert not [secret for secret in SECRETS.values() if secret in printed]
    assert "a" * 64 not in printed
