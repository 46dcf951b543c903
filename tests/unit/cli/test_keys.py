import re
import secrets
import tomllib
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from otp_service.cli.keys import command
from otp_service.domain.api_key import hash_key
from otp_service.settings import load_settings
from tests.unit.cli.test_main import loaded_by

EVERY_SCOPE = ["start", "verify", "status", "tokens", "client_ip"]


def new(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["new", *arguments])


def told(*arguments: str) -> tuple[str, dict[str, Any]]:
    """Give the key that is printed, and the one table for the shop's settings."""
    result = new("--application", "shop", *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    key, _, text = result.stdout.partition("\n")
    (table,) = tomllib.loads(text)["applications"]["shop"]["api_keys"]
    return key, table


@pytest.mark.parametrize(
    ("arguments", "prefix"),
    [([], "otp_live_"), (["--live"], "otp_live_"), (["--test"], "otp_test_")],
    ids=["by default", "live", "test"],
)
def test_key_says_live_or_test_and_is_random(arguments: list[str], prefix: str) -> None:
    key, _ = told(*arguments)
    other, _ = told(*arguments)

    assert re.fullmatch(rf"{prefix}[A-Za-z0-9_-]{{43}}", key)
    assert key != other


def test_table_has_the_hash_and_not_the_key() -> None:
    result = new("--application", "shop")

    key, _, text = result.stdout.partition("\n")
    assert f'sha256 = "{hash_key(key)}"' in text
    assert key not in text
    assert key.removeprefix("otp_live_") not in text


def test_key_is_good_for_everything_and_named_after_its_hash_by_default() -> None:
    key, table = told()

    assert table == {
        "id": hash_key(key)[:8],
        "sha256": hash_key(key),
        "scopes": EVERY_SCOPE,
    }


def test_key_has_the_scopes_and_the_name_it_is_given() -> None:
    _, table = told("--id", "web-2", "--scope", "verify", "--scope", "start", "--scope", "verify")

    assert (table["id"], table["scopes"]) == ("web-2", ["start", "verify"])


def test_tables_of_several_keys_load_as_settings_as_printed(
    deployed: MutableMapping[str, str],
) -> None:
    first, second = (new("--application", "shop").stdout.partition("\n") for _ in range(2))
    with Path(deployed["OTP_CONFIG"]).open("a") as config:
        config.write(first[2] + second[2])

    callers = load_settings(deployed).callers()

    known = {digest.hex() for digest in callers}
    assert known > {hash_key(first[0]), hash_key(second[0])}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing option '--application'"),
        (["--application", "Shop"], "'--application': must have 1 to 32 of a-z, 0-9, _ and -"),
        (["--application", "a.b"], "'--application': must have 1 to 32 of a-z, 0-9, _ and -"),
        (["--id", "w" * 33], "'--id': must have 1 to 32 of a-z, 0-9, _ and -"),
        (["--id", ""], "'--id': must have 1 to 32 of a-z, 0-9, _ and -"),
        (["--scope", "mint"], "'--scope': must be one of start, verify, status, tokens, client_ip"),
        (["--scope", "start", "--scope", "admin"], "must not be admin: that is the command line's"),
    ],
)
def test_what_no_setting_takes_is_refused_and_no_key_is_drawn(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.setattr(secrets, "token_urlsafe", lambda _: pytest.fail("a key was drawn"))
    whose = ["--application", "shop"] if arguments and arguments[0] != "--application" else []

    result = new(*whose, *arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert words in " ".join(result.stderr.split())


def test_new_key_reads_no_settings_and_writes_nothing(tmp_path: Path) -> None:
    loaded = loaded_by("keys", "new", "--application", "shop")

    assert "otp_service.domain.api_key" in loaded
    assert loaded.isdisjoint({"otp_service.settings", "pydantic", "redis", "flask", "requests"})


def test_operators_key_says_so_and_its_line_loads_as_printed(
    deployed: MutableMapping[str, str],
) -> None:
    del deployed["OTP_OPERATOR_KEYS_SHA256"]
    result = new("--operator")
    key, _, text = result.stdout.partition("\n")
    config = Path(deployed["OTP_CONFIG"])
    config.write_text(text + config.read_text())

    settings = load_settings(deployed)

    assert re.fullmatch(r"otp_operator_[A-Za-z0-9_-]{43}", key)
    assert key not in text
    assert settings.operator_key_digests() == (bytes.fromhex(hash_key(key)),)
    assert bytes.fromhex(hash_key(key)) not in settings.callers()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--operator", "--application", "shop"],
        ["--operator", "--scope", "verify"],
        ["--operator", "--id", "web"],
        ["--operator", "--test"],
        [],
    ],
    ids=["application", "scope", "id", "kind", "neither"],
)
def test_key_is_an_operators_or_an_applications(arguments: list[str]) -> None:
    result = new(*arguments)

    assert result.exit_code == 2
    assert "--operator" in result.stderr
    assert "otp_" not in result.stdout
