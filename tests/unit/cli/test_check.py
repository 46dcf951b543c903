import re
import subprocess
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from redis.exceptions import ConnectionError as RedisGone
from support.processes import clean_environ, free_port
from support.redis_servers import RedisServer

from otp_service.cli import findings
from otp_service.cli.check import command
from otp_service.redis_store import NumberKeyMark, connect, read_address
from tests.unit.cli.conftest import REDIS_PASSWORD, SECRETS
from tests.unit.nxcloud.scripted_server import ScriptedServer, answer

Environ = MutableMapping[str, str]


def check() -> Result:
    return CliRunner().invoke(command)


def problems_of(result: Result) -> list[str]:
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "ready" not in result.stdout
    return result.stderr.splitlines()


def dated(provider: ScriptedServer, *, ahead: timedelta = timedelta()) -> None:
    provider.script(answer(b"", date=datetime.now(UTC) + ahead))


def mark(redis: RedisServer, number_key: str) -> None:
    NumberKeyMark(connect(read_address(redis.url)), number_key.encode()).leave()


class DyingConnection:
    """A line to a Redis that answers one command and is gone."""

    def execute_on_all(self, *command: str) -> dict[str, dict[str, str]]:
        return {"Redis": {"maxmemory_policy": "noeviction", "redis_version": "7.2.0"}}

    def execute(self, *command: str | int | bytes) -> object:
        raise RedisGone


def test_all_well_is_said_plainly(deployed: Environ, scripted: ScriptedServer) -> None:
    dated(scripted)

    result = check()

    assert (result.exit_code, result.stderr) == (0, "")
    store, provider, verdict = result.stdout.splitlines()
    assert store == "store: answers, and evicts nothing"
    assert provider.startswith("provider: answers; clocks differ by ")
    assert verdict == "ready"


def test_metrics_that_nobody_can_read_are_said_to_be_closed(
    deployed: Environ, scripted: ScriptedServer
) -> None:
    del deployed["OTP_OPERATOR_KEYS_SHA256"]
    dated(scripted)

    result = check()

    assert result.exit_code == 0
    closed = "operators: /metrics is closed; OTP_OPERATOR_KEYS_SHA256 opens it"
    assert closed in result.stdout.splitlines()


def test_embedded_store_is_called_what_it_is(deployed: Environ, scripted: ScriptedServer) -> None:
    deployed["OTP_REDIS_URL"] = "memory://"
    dated(scripted)

    result = check()

    assert result.exit_code == 0
    assert result.stdout.startswith("store: embedded; it forgets with the process\n")


@pytest.mark.parametrize(
    ("secrets", "channels", "is_said"),
    [
        ("", '["viber", "sms"]', True),
        ("c" * 32, '["viber", "sms"]', False),
        ("", '["viber"]', False),
    ],
    ids=["closed and waited for", "open", "not waited for"],
)
def test_application_that_waits_for_receipts_in_vain_is_named(
    deployed: Environ,
    scripted: ScriptedServer,
    secrets: str,
    channels: str,
    is_said: bool,  # noqa: FBT001
) -> None:
    with Path(deployed["OTP_CONFIG"]).open("a") as config:
        config.write(f"channels = {channels}\n")
    deployed["OTP_NXCLOUD_CALLBACK_SECRETS"] = secrets
    dated(scripted)

    result = check()

    assert result.exit_code == 0
    assert ("shop cannot fall back" in result.stdout) is is_said


def test_wrong_settings_are_all_named_and_nothing_is_reached(
    deployed: Environ, scripted: ScriptedServer
) -> None:
    deployed.update(OTP_PORT="http", OTP_NUMBER_KEY="short", OTP_TREADS="7")

    problems = problems_of(check())

    named = [problem.split(": ")[1] for problem in problems]
    assert named == ["OTP_NUMBER_KEY", "OTP_PORT", "OTP_TREADS"]
    assert scripted.connections == 0


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(seconds=40), r"(39|40|41) s behind the provider's"),
        (timedelta(seconds=-40), r"(39|40|41) s ahead of the provider's"),
    ],
    ids=["behind", "ahead"],
)
def test_clock_that_is_off_is_said_in_words(
    deployed: Environ, scripted: ScriptedServer, ahead: timedelta, words: str
) -> None:
    dated(scripted, ahead=ahead)

    (problem,) = problems_of(check())

    assert re.search(words, problem)
    assert "Beyond 60 s the provider refuses every message." in problem


def test_store_and_provider_that_are_away_are_both_named(
    deployed: Environ, scripted: ScriptedServer
) -> None:
    deployed["OTP_REDIS_URL"] = f"redis://127.0.0.1:{free_port()}"
    scripted.close()

    store, provider = problems_of(check())

    assert store == "problem: Redis does not answer (ConnectionError)."
    assert deployed["OTP_NXCLOUD_BASE_URL"] in provider
    assert "the connection is refused" in provider


def test_everything_that_is_wrong_is_named_at_once(
    deployed: Environ, scripted: ScriptedServer, redis: RedisServer
) -> None:
    redis.client.config_set("maxmemory-policy", "allkeys-lru")
    mark(redis, "another number key than that of the settings")
    dated(scripted, ahead=timedelta(minutes=2))

    policy, key, clock = problems_of(check())

    assert "maxmemory-policy is allkeys-lru; it must be noeviction" in policy
    assert "OTP_NUMBER_KEY is not the key this store was last served with" in key
    assert re.search("1(19|20) s behind", clock)


def test_number_key_of_the_last_service_is_no_problem(
    deployed: Environ, scripted: ScriptedServer, redis: RedisServer
) -> None:
    mark(redis, SECRETS["OTP_NUMBER_KEY"])
    dated(scripted)

    assert check().exit_code == 0


def test_looking_changes_nothing(
    deployed: Environ, scripted: ScriptedServer, redis: RedisServer
) -> None:
    dated(scripted)

    check()

    assert redis.client.keys() == []


def test_store_that_dies_while_it_is_looked_at_is_a_problem(
    deployed: Environ, scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "wire_store", lambda settings: DyingConnection())
    dated(scripted)

    (problem,) = problems_of(check())

    assert problem.endswith("its mark of the number key is unread (ConnectionError).")


def test_store_user_who_may_not_read_is_a_problem(
    deployed: Environ, scripted: ScriptedServer, redis: RedisServer
) -> None:
    redis.client.acl_setuser(
        "lame", enabled=True, passwords=[f"+{REDIS_PASSWORD}"], commands=["+info"]
    )
    deployed["OTP_REDIS_URL"] = f"redis://lame:{REDIS_PASSWORD}@127.0.0.1:{redis.port}"
    dated(scripted)

    (problem,) = problems_of(check())

    assert "mark of the number key is unread (NoPermissionError)" in problem
    assert REDIS_PASSWORD not in problem


@pytest.mark.parametrize("broken", [{}, {"OTP_PORT": "http"}], ids=["settings read", "not read"])
def test_output_holds_no_secret(
    deployed: Environ, scripted: ScriptedServer, redis: RedisServer, broken: dict[str, str]
) -> None:
    deployed["OTP_REDIS_URL"] = f"redis://nobody:{REDIS_PASSWORD}@127.0.0.1:{redis.port}"
    deployed.update(broken)
    scripted.close()

    output = check().output

    assert "problem: " in output
    assert [secret for secret in [*SECRETS.values(), REDIS_PASSWORD] if secret in output] == []


def test_running_workers_metrics_are_left_alone(scripted: ScriptedServer, tmp_path: Path) -> None:
    directory = tmp_path / "metrics"
    directory.mkdir()
    dated(scripted)
    environ = clean_environ(
        OTP_DEMO="true",
        OTP_NXCLOUD_BASE_URL=scripted.url,
        PROMETHEUS_MULTIPROC_DIR=str(directory),
    )
    program = [sys.executable, "-m", "otp_service.cli", "check"]

    done = subprocess.run(program, env=environ, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize(
    ("countries", "own", "is_warned"),
    [
        ("", "", True),
        ("", 'allowed_countries = ["UA"]', False),
        ('allowed_countries = ["UA"]', "", False),
        ('allowed_countries = ["UA"]', "allowed_countries = []", True),
    ],
)
def test_application_that_may_send_everywhere_is_warned_of(
    deployed: Environ, scripted: ScriptedServer, *, countries: str, own: str, is_warned: bool
) -> None:
    shop = f'[applications.shop]\napi_keys_sha256 = ["{"0" * 64}"]\n'
    Path(deployed["OTP_CONFIG"]).write_text(f"{countries}\n{shop}{own}\n")
    dated(scripted)

    result = check()

    words = (
        "warning: destinations: shop may send to every country; allowed_countries names those "
        "that are needed"
    )
    assert result.exit_code == 0
    assert (words in result.stdout.splitlines()) is is_warned


@pytest.mark.parametrize("mode", ["off", "shadow"])
def test_guard_that_refuses_nothing_is_warned_of(
    deployed: Environ, scripted: ScriptedServer, mode: str
) -> None:
    deployed["OTP_FRAUD_GUARD"] = mode
    dated(scripted)

    result = check()

    assert result.exit_code == 0
    assert f"warning: fraud guard: refuses nothing for shop ({mode})" in result.stdout


def test_profiles_that_hold_are_named(deployed: Environ, scripted: ScriptedServer) -> None:
    deployed["OTP_PROFILE"] = "nist-800-63b,asvs-l2"
    dated(scripted)

    lines = check().stdout.splitlines()

    assert lines[:2] == ["profile: nist-800-63b holds", "profile: asvs-l2 holds"]


def test_profile_that_does_not_hold_is_a_problem_by_its_clause(deployed: Environ) -> None:
    deployed |= {
        "OTP_PROFILE": "asvs-l2",
        "OTP_UNSAFE_ALLOW_WEAK_CODES": "1",
        "OTP_PIN_DIGITS": "5",
    }

    (problem,) = problems_of(check())

    assert problem.startswith("problem: OTP_PIN_DIGITS: breaks asvs-l2 section 6.5.4: ")
