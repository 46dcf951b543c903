from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException

from otp_service.redis_store import read_address, store_problems

READY = {"redis_version": "7.0.15", "maxmemory_policy": "noeviction"}
ADDRESS = read_address("redis://127.0.0.1:1")


class FakeConnection:
    """Gives each server's INFO, or fails."""

    def __init__(self, answers: dict[str, dict[str, Any]] | Exception) -> None:
        self._answers = answers

    def execute(self, *command: str | int | bytes) -> Any:
        raise AssertionError("one server of a cluster tells nothing about the others")

    def execute_on_all(self, *command: str) -> dict[str, Any]:
        assert command == ("INFO",)
        if isinstance(self._answers, Exception):
            raise self._answers
        return self._answers


def test_embedded_store_is_always_ready_and_is_not_asked() -> None:
    connection = FakeConnection(AssertionError("asked"))

    assert store_problems(connection, read_address("memory://")) == ()


@pytest.mark.parametrize("version", ["6.2.0", "6.2", "7.0.15", "10.0.1", "255.255.255"])
def test_server_of_an_accepted_version_is_ready(version: str) -> None:
    connection = FakeConnection({"Redis": {**READY, "redis_version": version}})

    assert store_problems(connection, ADDRESS) == ()


@pytest.mark.parametrize("version", ["6.0.16", "5.0", "2.8.17"])
def test_older_server_is_a_problem(version: str) -> None:
    connection = FakeConnection({"Redis": {**READY, "redis_version": version}})

    assert store_problems(connection, ADDRESS) == (f"Redis: version {version} is older than 6.2.",)


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", None])
def test_server_that_may_evict_is_a_problem(policy: str | None) -> None:
    connection = FakeConnection({"Redis": {**READY, "maxmemory_policy": policy}})

    assert store_problems(connection, ADDRESS) == (
        f"Redis: maxmemory-policy is {policy}; it must be noeviction.",
    )


def test_every_problem_of_every_server_is_named() -> None:
    evicts = {**READY, "maxmemory_policy": "allkeys-lfu"}
    connection = FakeConnection(
        {"one:1": READY, "two:2": evicts, "three:3": {**evicts, "redis_version": "6.0.1"}}
    )

    problems = store_problems(connection, ADDRESS)

    assert [problem.split(": ")[0] for problem in problems] == ["two:2", "three:3", "three:3"]


@pytest.mark.parametrize(
    "failure",
    [
        RedisConnectionError("to redis://me:pass@host"),
        RedisClusterException("no node"),
        AttributeError("'int' object has no attribute 'splitlines'"),
    ],
    ids=["connection", "cluster", "no INFO"],
)
def test_failure_is_told_by_its_name_alone(failure: Exception) -> None:
    problems = store_problems(FakeConnection(failure), ADDRESS)

    assert problems == (f"Redis does not answer ({type(failure).__name__}).",)
