import json
from collections.abc import MutableMapping
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.processes import ROOT, free_port
from support.redis_servers import RedisServer
from support.street import Street

from otp_service.cli.fraud import command
from otp_service.domain.destinations import NumberHashes
from otp_service.domain.fraud import GuardMode, GuardOutcome
from otp_service.domain.number_prefix import PrefixScheme
from otp_service.redis_store import connect, read_address
from otp_service.settings import load_settings
from otp_service.settings.fraud import FraudSettings, fraud_rules
from tests.unit.cli.conftest import REDIS_PASSWORD, SECRETS

Environ = MutableMapping[str, str]

PHONE = "+380671234567"
NUMBER_KEY = SECRETS["OTP_NUMBER_KEY"].encode()
TAG = PrefixScheme(NUMBER_KEY).tag(PHONE)
GUARD = """
fraud_prefix_unverified_per_hour = 3
fraud_country_unverified_per_hour = 5
"""


@pytest.fixture
def street(deployed: Environ, redis: RedisServer) -> Street:
    """The shop's starts, as the service of this deployment counts them."""
    config = Path(deployed["OTP_CONFIG"])
    config.write_text(GUARD + config.read_text())
    application = load_settings(deployed).domain_applications()["shop"]
    return Street(connect(read_address(redis.url)), is_cluster=False, application=application)


def fraud(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(command, list(arguments), input=stdin)


def listed() -> list[dict[str, object]]:
    result = fraud("--json")
    assert (result.exit_code, result.stderr) == (0, "")
    found: list[dict[str, object]] = json.loads(result.stdout)
    return found


def test_nothing_shut_is_said_plainly(street: Street) -> None:
    result = fraud()

    assert (result.exit_code, result.output) == (0, "nothing is shut\n")
    assert listed() == []


def test_what_is_shut_is_a_line_a_budget_with_counts_and_end(street: Street) -> None:
    street.pump(1, TAG)
    street.approve(TAG)
    street.pump(3, TAG)
    street.start(TAG)

    head, line, *more = fraud().stdout.splitlines()

    assert head.split()[:6] == ["application", "area", "country", "guard", "budget", "unverified"]
    assert line.split()[:9] == [
        *("shop", TAG, "UA", "on", "fraud_prefix_per_hour", "3", "of", "3", "1"),
    ]
    assert line.split()[-1] == "-"
    assert more == []


def test_json_says_the_same_to_the_second(street: Street) -> None:
    street.pump(3, TAG)
    street.pump(2, "another0")
    street.start(TAG)

    country, area = listed()

    assert (country["scope"], country["country"], country["prefix_tag"]) == ("country", "UA", None)
    assert (area["scope"], area["country"], area["prefix_tag"]) == ("prefix", "UA", TAG)
    assert (area["application"], area["guard"], area["opened_until"]) == ("shop", "on", None)
    (budget,) = area["budgets"]  # type: ignore[misc]
    assert budget.pop("opens_at") == area["opens_at"]
    assert budget == {
        "name": "fraud_prefix_per_hour",
        "started": 3,
        "verified": 0,
        "unverified": 3,
        "limit": 3,
    }


def test_opened_area_takes_starts_and_shows_until_when(street: Street) -> None:
    street.pump(3, TAG)
    street.start(TAG)

    result = fraud("open", "shop", TAG, "--hours", "2")

    assert (result.exit_code, result.output) == (0, f"shop: {TAG} is open for 2 h\n")
    street.pump(1, TAG)
    (area,) = listed()
    assert area["opened_until"] is not None
    assert "-" not in fraud().stdout.splitlines()[1].split()


def test_closed_area_is_the_guard_s_again(street: Street) -> None:
    street.pump(3, TAG)
    fraud("open", "shop", "ua", "--json")

    result = fraud("close", "shop", "UA", "--json")

    assert json.loads(result.stdout) == {"application": "shop", "area": "UA", "was_open": True}
    assert fraud("close", "shop", "UA").output == "shop: UA was not open\n"


def test_opening_is_told_as_json(street: Street) -> None:
    result = fraud("open", "shop", "UA", "--json")

    assert json.loads(result.stdout) == {
        "application": "shop",
        "area": "UA",
        "opened_for_seconds": 86_400,
    }


@pytest.mark.parametrize("tag", ["-bcdefgh", "--cdefgh", "_bcdefgh", "-jsonabc"])
def test_tag_that_begins_like_an_option_is_opened(
    street: Street, redis: RedisServer, tag: str
) -> None:
    assert fraud("open", "shop", tag).exit_code == 0

    assert redis.client.exists(f"otp1:{{a:shop}}:f:{tag}:o")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("open", "bank", "UA"), "there is no such application, only shop"),
        (("open", "shop", "ZZ"), "a country's two letters or a range's tag"),
        (("open", "shop", PHONE), "a country's two letters or a range's tag"),
        (("close", "shop", "short"), "a country's two letters or a range's tag"),
        (("open", "shop", "UA", "--hours", "0"), "0 is not in the range"),
        (("open", "shop", "UA", "--hours", "169"), "169 is not in the range"),
    ],
)
def test_what_cannot_be_opened_is_refused(
    street: Street, redis: RedisServer, arguments: tuple[str, ...], words: str
) -> None:
    result = fraud(*arguments)

    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert PHONE not in result.output
    assert redis.client.keys() == []


@pytest.mark.parametrize("arguments", [(), ("open", "shop", "UA"), ("close", "shop", "UA")])
def test_store_that_is_away_is_said_in_a_line(
    deployed: Environ, arguments: tuple[str, ...]
) -> None:
    deployed["OTP_REDIS_URL"] = f"redis://nobody:{REDIS_PASSWORD}@127.0.0.1:{free_port()}"

    result = fraud(*arguments)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "problem: Redis does not answer (ConnectionError).\n"


def test_embedded_store_cannot_be_seen_into(deployed: Environ) -> None:
    deployed["OTP_REDIS_URL"] = "memory://"

    result = fraud()

    assert result.exit_code == 1
    assert result.stderr == "problem: only the service itself sees into its embedded store\n"


def test_hash_is_what_a_list_of_numbers_takes(deployed: Environ) -> None:
    result = fraud("hash", PHONE, " +380 67 123-45-68")

    hashes = [NumberHashes(NUMBER_KEY).hash(number) for number in (PHONE, "+380671234568")]
    assert (result.exit_code, result.stdout.splitlines()) == (0, hashes)


def test_numbers_are_read_from_standard_input_too(deployed: Environ) -> None:
    assert fraud("hash", stdin=f"{PHONE}\n\n").stdout == fraud("hash", PHONE).stdout
    assert fraud("prefix", stdin=f"{PHONE}\r\n").stdout == f"{TAG}\n"


@pytest.mark.parametrize("text", [PHONE, "+38067123", "+380 67 123"])
def test_prefix_is_the_tag_of_a_number_s_range(deployed: Environ, text: str) -> None:
    result = fraud("prefix", text)

    assert (result.exit_code, result.stdout) == (0, f"{TAG}\n")


@pytest.mark.parametrize("verb", ["hash", "prefix"])
def test_what_is_no_number_is_named_by_its_place_and_not_repeated(
    deployed: Environ, verb: str
) -> None:
    result = fraud(verb, PHONE, "+3806712", "+4930123456")

    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 1
    places = [line.split(":")[1] for line in result.stderr.splitlines()]
    assert places == [" number 2", " number 3"]
    assert "3806712" not in result.output


def test_wrong_settings_are_named(deployed: Environ) -> None:
    deployed["OTP_PORT"] = "http"

    for arguments in ((), ("hash", PHONE), ("prefix", PHONE), ("open", "shop", "UA")):
        result = fraud(*arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("problem: OTP_PORT: ")


def test_opening_lasts_a_day_by_default(street: Street, redis: RedisServer) -> None:
    fraud("open", "shop", "UA")

    left = timedelta(milliseconds=redis.client.pttl("otp1:{a:shop}:f:UA:o"))
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)


def test_document_names_every_command_and_every_outcome() -> None:
    text = (ROOT / "docs" / "fraud.md").read_text(encoding="utf-8")

    for name in command.commands:
        assert f"    otp-service fraud {name} " in text
    for outcome in GuardOutcome:
        assert f"\n| `{outcome}` | " in text
    for mode in GuardMode:
        assert f"\n| `{mode}` | " in text


def test_document_has_the_budgets_with_their_defaults() -> None:
    text = (ROOT / "docs" / "fraud.md").read_text(encoding="utf-8")
    defaults = FraudSettings()

    for budget in fraud_rules(defaults).budgets:
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{budget.name}` | ")]
        floor = budget.name.replace("_per_", "_unverified_per_")
        assert f"`{floor}`, {getattr(defaults, floor)} |" in row
        assert f"fraud_{budget.scope}_unverified_per_verified`, {budget.ratio:g} |" in text
