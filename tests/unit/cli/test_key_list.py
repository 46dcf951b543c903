from collections.abc import MutableMapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.processes import free_port
from support.redis_servers import RedisServer
from support.verifications import SilentJournal

from otp_service.cli.keys import command
from otp_service.domain.api_key import fingerprint_of_hash, hash_key
from otp_service.redis_store import RedisKeyUses, connect, read_address
from tests.unit.cli.conftest import REDIS_PASSWORD, SECRETS

KEYS = {name: f"otp_test_{name}" for name in ("plain", "web", "old")}
HASHES = {name: hash_key(key) for name, key in KEYS.items()}
TABLES = f"""
[applications.shop]
api_keys_sha256 = ["{HASHES["plain"]}"]
[[applications.shop.api_keys]]
id = "web"
sha256 = "{HASHES["web"]}"
scopes = ["start", "verify"]
expires = 2036-01-31T01:30:00+02:00
[[applications.bank.api_keys]]
id = "old"
sha256 = "{HASHES["old"]}"
scopes = ["status"]
expires = 2020-01-31T00:00:00Z
"""

Environ = MutableMapping[str, str]


@pytest.fixture
def listed(deployed: Environ) -> Environ:
    Path(deployed["OTP_CONFIG"]).write_text(TABLES)
    return deployed


def key_list() -> Result:
    return CliRunner().invoke(command, ["list"])


def rows_of(result: Result) -> list[list[str]]:
    """Give the cells of every line but the first."""
    lines = result.stdout.splitlines()
    starts = [lines[0].index(name) for name in ("key", "scopes", "last use", "expires")]
    ends = [*starts, None]
    return [
        [line[begin:end].strip() for begin, end in zip([0, *starts], ends, strict=True)]
        for line in lines[1:]
    ]


def use(url: str, name: str) -> None:
    uses = RedisKeyUses(connect(read_address(url)), SilentJournal())
    uses.note_uses([fingerprint_of_hash(HASHES[name])])


def test_every_key_is_listed_with_its_scopes_and_its_end(listed: Environ) -> None:
    result = key_list()

    assert (result.exit_code, result.stderr) == (0, "")
    every_scope = "start,verify,status,tokens,client_ip"
    assert rows_of(result) == [
        ["shop", HASHES["plain"][:8], every_scope, "never seen", "never"],
        ["shop", "web", "start,verify", "never seen", "2036-01-30 23:30 UTC"],
        ["bank", "old", "status", "never seen", "2020-01-31 00:00 UTC (over)"],
    ]


def test_last_use_is_shown_to_the_minute(listed: Environ, redis: RedisServer) -> None:
    before = datetime.now(UTC)
    use(redis.url, "web")
    after = datetime.now(UTC)

    uses = {row[1]: row[3] for row in rows_of(key_list())}

    minutes = {f"{each:%Y-%m-%d %H:%M} UTC" for each in (before, after)}
    assert uses["web"] in minutes
    assert {use for name, use in uses.items() if name != "web"} == {"never seen"}


def test_list_holds_no_key_and_no_whole_hash(listed: Environ, redis: RedisServer) -> None:
    use(redis.url, "plain")

    output = key_list().output

    secrets = [*KEYS.values(), *HASHES.values(), *(each[:16] for each in HASHES.values())]
    assert [secret for secret in secrets if secret in output] == []


def test_looking_notes_no_use(listed: Environ, redis: RedisServer) -> None:
    key_list()

    assert redis.client.keys() == []


def test_keys_are_listed_while_redis_is_away_and_the_exit_says_so(listed: Environ) -> None:
    url = f"redis://nobody:{REDIS_PASSWORD}@127.0.0.1:{free_port()}"
    listed["OTP_REDIS_URL"] = url

    result = key_list()

    assert result.exit_code == 1
    assert [row[3] for row in rows_of(result)] == ["unknown"] * 3
    assert result.stderr == "problem: Redis does not answer (ConnectionError).\n"


def test_uses_in_the_embedded_store_are_the_services_own(listed: Environ) -> None:
    listed["OTP_REDIS_URL"] = "memory://"

    result = key_list()

    assert result.exit_code == 0
    assert [row[3] for row in rows_of(result)] == ["unknown"] * 3
    assert result.stderr == "note: only the service itself sees into its embedded store\n"


def test_wrong_settings_are_named_and_nothing_is_listed(listed: Environ) -> None:
    listed.update(OTP_PORT="http", OTP_NUMBER_KEY="short")

    result = key_list()

    assert (result.exit_code, result.stdout) == (1, "")
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == [
        "OTP_NUMBER_KEY",
        "OTP_PORT",
    ]
    assert SECRETS["OTP_NXCLOUD_ACCESS_SECRET"] not in result.output
