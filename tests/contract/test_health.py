"""Whether real servers can be trusted with counters."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from support.kinds import Kind
from support.redis_servers import RedisServer
from support.store_view import Execute

from otp_service.redis_store import Timeouts, connect, read_address, store_problems

QUICK = Timeouts(connect=timedelta(milliseconds=200), read=timedelta(milliseconds=500))


@contextmanager
def policy(server: Execute, name: str) -> Iterator[None]:
    server("CONFIG SET", "maxmemory-policy", name)
    yield
    server("CONFIG SET", "maxmemory-policy", "noeviction")


def test_store_as_it_should_be_has_no_problem(kind: Kind) -> None:
    assert store_problems(kind.connection, read_address(kind.url)) == ()


@pytest.mark.parametrize("kind", ["single", "cluster", "sentinel"], indirect=True)
def test_every_server_that_may_evict_is_named(kind: Kind) -> None:
    for server in kind.view.servers:
        with policy(server, "allkeys-lru"):
            (problem,) = store_problems(kind.connection, read_address(kind.url))

        assert "maxmemory-policy is allkeys-lru; it must be noeviction" in problem


def test_server_that_is_away_is_a_problem_and_no_longer_when_it_is_back() -> None:
    with RedisServer() as server:
        address = read_address(server.url)
        connection = connect(address, timeouts=QUICK)
        server.stop()

        away = store_problems(connection, address)
        server.start()

        assert away == ("Redis does not answer (ConnectionError).",)
        assert store_problems(connection, address) == ()
