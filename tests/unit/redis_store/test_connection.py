from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from support.processes import free_port

from otp_service.redis_store import Timeouts, connect, read_address

QUICK = Timeouts(connect=timedelta(milliseconds=200), read=timedelta(milliseconds=200))


def options_of(url: str, **details: Any) -> Any:
    """Look at redis-py's own settings, once a connection was tried."""
    connection = connect(read_address(url), timeouts=QUICK, **details)
    with pytest.raises(RedisConnectionError):
        connection.execute("PING")
    return connection._client.connection_pool.connection_kwargs  # type: ignore[attr-defined]


def test_embedded_store_keeps_what_it_is_given_for_itself() -> None:
    first, second = connect(read_address("memory://")), connect(read_address("memory://"))

    first.execute("SET", "key", "value", "EX", 60)

    assert first.execute("GET", "key") == b"value"
    assert second.execute("GET", "key") is None
    assert first.execute_on_all("DBSIZE") == {"Redis": 1}


def test_nothing_is_retried() -> None:
    options = options_of(f"redis://127.0.0.1:{free_port()}")

    assert options["retry"].get_retries() == 0


def test_address_and_timeouts_reach_the_client() -> None:
    port = free_port()

    options = options_of(f"redis://me:pass@127.0.0.1:{port}/3", max_connections=7)

    assert (options["host"], options["port"], options["db"]) == ("127.0.0.1", port, 3)
    assert (options["username"], options["password"]) == ("me", "pass")
    assert (options["socket_connect_timeout"], options["socket_timeout"]) == (0.2, 0.2)


def test_sentinel_is_asked_with_its_own_password_alone() -> None:
    url = f"redis+sentinel://me:pass@127.0.0.1:{free_port()}/main"

    connection = connect(read_address(url), timeouts=QUICK, sentinel_password="guard")
    with pytest.raises(RedisConnectionError):
        connection.execute("PING")

    pool = connection._client.connection_pool  # type: ignore[attr-defined]
    (sentinel,) = pool.sentinel_manager.sentinels
    asked_with = sentinel.connection_pool.connection_kwargs
    assert (asked_with.get("username"), asked_with["password"]) == (None, "guard")
    assert (pool.connection_kwargs["username"], pool.connection_kwargs["password"]) == (
        "me",
        "pass",
    )


def test_all_sentinels_together_may_take_as_long_as_one_server() -> None:
    hosts = ",".join(f"127.0.0.1:{free_port()}" for _ in range(4))

    connection = connect(read_address(f"redis+sentinel://{hosts}/main"), timeouts=QUICK)

    sentinels = connection._client.connection_pool.sentinel_manager.sentinels  # type: ignore[attr-defined]
    for timeout in ("socket_connect_timeout", "socket_timeout"):
        each = [sentinel.connection_pool.connection_kwargs[timeout] for sentinel in sentinels]
        assert sum(each) == pytest.approx(0.2)


class FakeSentinel:
    """Knows the master, or is away; on the way somebody else may ask."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away = is_away
        self.on_the_way: list[Callable[[], object]] = []

    def sentinel_masters(self) -> dict[str, dict[str, Any]]:
        if self.on_the_way:
            self.on_the_way.pop()()
        if self.is_away:
            raise RedisConnectionError
        master = {"is_master": True, "is_sdown": False, "is_odown": False, "num-other-sentinels": 1}
        return {"main": {**master, "ip": "127.0.0.1", "port": 1}}


def test_no_sentinel_is_lost_where_two_ask_at_once() -> None:
    hosts = f"127.0.0.1:{free_port()},127.0.0.1:{free_port()}"
    connection = connect(read_address(f"redis+sentinel://{hosts}/main"), timeouts=QUICK)
    manager = connection._client.connection_pool.sentinel_manager  # type: ignore[attr-defined]
    away, knows = FakeSentinel(is_away=True), FakeSentinel()
    manager.sentinels = [away, knows]
    knows.on_the_way.append(lambda: manager.discover_master("main"))

    assert manager.discover_master("main") == ("127.0.0.1", 1)

    assert manager.sentinels == [knows, away]


def test_tls_is_asked_for_where_the_url_says_so() -> None:
    port = free_port()
    connection = connect(read_address(f"rediss://127.0.0.1:{port}"), timeouts=QUICK)
    with pytest.raises(RedisConnectionError):
        connection.execute("PING")

    pool = connection._client.connection_pool  # type: ignore[attr-defined]
    assert "SSL" in pool.connection_class.__name__
