"""Connections to what an address names.

Nothing is ever sent twice: redis-py's own retries are off, for a command whose answer was lost may
have counted a guess already.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import ResponseError
from redis.retry import Retry
from redis.sentinel import Sentinel

from otp_service.redis_store.address import RedisAddress, Topology

# So many keys are looked at before anybody else's command comes in between.
_SCAN_STEP = 1_000


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long Redis may take.

    Args:
        connect: to accept a connection.
        read: to answer one command.
    """

    connect: timedelta = timedelta(seconds=1)
    read: timedelta = timedelta(seconds=1)


Command = Sequence[str | int | bytes]


class Connection(Protocol):
    """Sends one command and gives its answer; raises redis-py's errors."""

    def execute(self, *command: str | int | bytes) -> Any:
        """Send one command, once."""
        ...

    def execute_many(self, commands: Sequence[Command]) -> list[Any]:
        """Send several, each once, and give their answers, an error in place of one that failed.

        One round trip; on a cluster one each, for its keys are in as many slots, and redis-py's
        pipeline for clusters sends again what got no answer.
        """
        ...

    def execute_on_all(self, *command: str) -> dict[str, Any]:
        """Send one command to every master and give each answer by its server's name."""
        ...

    def find(self, pattern: str) -> list[bytes]:
        """Give every key of every master that matches, having looked at all of them in steps."""
        ...


class _LazyConnection:
    """Connects on first use, so that the service comes up while Redis is away."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._client: Any = None
        self._lock = threading.Lock()

    def execute(self, *command: str | int | bytes) -> Any:
        return self._connected().execute_command(*command)

    def execute_many(self, commands: Sequence[Command]) -> list[Any]:
        client = self._connected()
        if isinstance(client, RedisCluster):
            return [_tried(client, command) for command in commands]
        pipeline = client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        answers: list[Any] = pipeline.execute(raise_on_error=False)
        return answers

    def execute_on_all(self, *command: str) -> dict[str, Any]:
        client = self._connected()
        is_cluster = isinstance(client, RedisCluster)
        if not is_cluster:
            return {"Redis": client.execute_command(*command)}
        # Of its own accord a cluster's client would ask one node alone.
        return {
            node.name: client.execute_command(*command, target_nodes=node)
            for node in client.get_primaries()
        }

    def find(self, pattern: str) -> list[bytes]:
        # A key may come twice, where the server's table grows meanwhile.
        return list(dict.fromkeys(self._connected().scan_iter(match=pattern, count=_SCAN_STEP)))

    def _connected(self) -> Any:
        if self._client is None:
            # Outside the lock: making a cluster's client takes its time-outs while it is away, and
            # callers must not wait for those of everyone before them.
            made = self._make()
            with self._lock:
                if self._client is None:
                    self._client = made
            if made is not self._client:
                made.close()
        return self._client


def _tried(client: Any, command: Command) -> Any:
    try:
        return client.execute_command(*command)
    except ResponseError as refusal:
        return refusal


def connect(
    address: RedisAddress,
    *,
    timeouts: Timeouts | None = None,
    max_connections: int | None = None,
    sentinel_password: str | None = None,
) -> Connection:
    """Give a connection, shared by all threads; nothing is opened before the first command.

    Args:
        max_connections: to each server, from this process; None for as many as threads ask for.
        sentinel_password: where the Sentinels want one of their own.
    """
    options = _options(address, timeouts or Timeouts())
    if max_connections:
        options["max_connections"] = max_connections
    makers: dict[Topology, Callable[[], Any]] = {
        Topology.EMBEDDED: _embedded,
        Topology.SINGLE: lambda: _single(address, options),
        Topology.SENTINEL: lambda: _sentinel(address, options, sentinel_password),
        Topology.CLUSTER: lambda: _cluster(address, options),
    }
    return _LazyConnection(makers[address.topology])


def _options(address: RedisAddress, timeouts: Timeouts) -> dict[str, Any]:
    return {
        "username": address.username,
        "password": address.password,
        "socket_connect_timeout": timeouts.connect.total_seconds(),
        "socket_timeout": timeouts.read.total_seconds(),
        "socket_keepalive": True,
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "retry_on_error": [],
    }


def _embedded() -> Any:
    # Only a store without Redis pays for the import.
    from otp_service.redis_store.embedded import EmbeddedRedis  # noqa: PLC0415

    return EmbeddedRedis()


def _single(address: RedisAddress, options: dict[str, Any]) -> Any:
    host, port = address.hosts[0]
    return redis.Redis(host=host, port=port, db=address.database, ssl=address.tls, **options)


def _sentinel(address: RedisAddress, options: dict[str, Any], sentinel_password: str | None) -> Any:
    to_sentinels = {
        name: value for name, value in options.items() if name not in {"username", "password"}
    }
    sentinels = Sentinel(  # type: ignore[no-untyped-call]
        list(address.hosts),
        sentinel_kwargs={**to_sentinels, "password": sentinel_password, "ssl": address.tls},
        ssl=address.tls,
        db=address.database,
        **options,
    )
    return sentinels.master_for(str(address.service))  # type: ignore[no-untyped-call]


def _cluster(address: RedisAddress, options: dict[str, Any]) -> Any:
    nodes = [ClusterNode(host, port) for host, port in address.hosts]  # type: ignore[no-untyped-call]
    own = {name: value for name, value in options.items() if name != "retry_on_error"}
    return RedisCluster(startup_nodes=nodes, ssl=address.tls, **own)
