"""``otp-service forget``: one number erased, after a question."""

from collections.abc import MutableMapping

import pytest
from click.testing import CliRunner, Result
from support.processes import free_port
from support.redis_servers import RedisServer
from support.verifications import OTHER_PHONE, PHONE

from otp_service.cli.forget import command
from otp_service.domain.identity import IdScheme
from tests.unit.cli.conftest import SECRETS

Environ = MutableMapping[str, str]
IDS = IdScheme(SECRETS["OTP_NUMBER_KEY"].encode())
TAG, OTHER_TAG = IDS.number_tag(PHONE), IDS.number_tag(OTHER_PHONE)


def forget(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(command, [PHONE, *arguments], input=typed)


@pytest.fixture
def kept(deployed: Environ, redis: RedisServer) -> RedisServer:
    """A store with keys of two numbers, and messages to both."""
    for tag, message in ((TAG, "one"), (OTHER_TAG, "two")):
        redis.client.set(f"otp1:{{{tag}}}:w", 1, ex=60)
        redis.client.rpush(f"otp1:{{{tag}}}:t", "entry")
        redis.client.hset(f"otp1:m:{message}", "l", f"{'r' * 22} {tag} 1")
    return redis


def test_number_is_erased_and_the_other_stays(kept: RedisServer) -> None:
    result = forget("--yes")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "+380*******67: erased 2 keys of the number and 1 record of what" in result.stdout
    assert set(kept.client.keys("*")) == {
        f"otp1:{{{OTHER_TAG}}}:w".encode(),
        f"otp1:{{{OTHER_TAG}}}:t".encode(),
        b"otp1:m:two",
    }


def test_what_is_beyond_the_store_is_said(kept: RedisServer) -> None:
    output = forget("--yes").stdout

    for beyond in ("logs", "provider", "lists of numbers in the settings"):
        assert beyond in output


def test_it_is_asked_first(kept: RedisServer) -> None:
    result = forget(typed="y\n")

    assert result.exit_code == 0
    assert "Erase +380*******67 with its verifications, limits and timeline? [y/N]" in result.stdout
    assert f"otp1:{{{TAG}}}:w".encode() not in kept.client.keys("*")


@pytest.mark.parametrize("typed", ["n\n", "\n", ""], ids=["no", "nothing", "closed"])
def test_without_a_yes_nothing_is_erased(kept: RedisServer, typed: str) -> None:
    result = forget(typed=typed)

    assert result.exit_code == 1
    assert len(kept.client.keys("*")) == 6


def test_output_holds_no_number(kept: RedisServer) -> None:
    assert PHONE[4:-2] not in forget(typed="y\n").output


def test_what_is_no_number_is_a_problem(deployed: Environ) -> None:
    result = CliRunner().invoke(command, ["067", "--yes"])

    assert result.exit_code == 1
    assert result.stderr.startswith("problem: ")


def test_redis_that_is_away_is_a_problem(deployed: Environ) -> None:
    deployed["OTP_REDIS_URL"] = f"redis://127.0.0.1:{free_port()}"

    result = forget("--yes")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("problem: Redis does not answer (ConnectionError).")


def test_embedded_store_is_the_service_s_own(deployed: Environ) -> None:
    deployed["OTP_REDIS_URL"] = "memory://"

    assert forget("--yes").exit_code == 1
