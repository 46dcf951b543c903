"""Connections to what an address names.

Nothing is ever sent twice: redis-py's own retries are off, for a command whose answer was lost may
have counted a guess already. Of what a server says that it did not carry out, a script that it does
not know is sent by its text, and one for another node of a cluster is sent there.

A call takes the time to connect and the time to read at the most; behind sentinels twice that.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, NodesManager
from redis.retry import Retry
from redis.sentinel import Sentinel

from otp_service.redis_store.address import RedisAddress, Topology
from otp_service.redis_store.cluster import ClusterConnection, SlotMap
from otp_service.redis_store.exchange import Command, Replication, exchange, scan


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long Redis may take.

    Args:
        connect: to accept a connection.
        read: to answer one command.
    """

    connect: timedelta = timedelta(seconds=1)
    read: timedelta = timedelta(seconds=1)


class Connection(Protocol):
    """Sends one command and gives its answer; raises redis-py's errors."""

    def execute(self, *command: str | int | bytes) -> Any:
        """Send one command, once."""
        ...

    def execute_many(self, commands: Sequence[Command]) -> list[Any]:
        """Send several, each once, and give their answers, an error in place of one that failed.

        One round trip; on a cluster one each, for its keys are in as many slots. There one that
        got no answer has its failure in its place too, and the others are sent all the same.
        """
        ...

    def execute_on_all(self, *command: str) -> dict[str, Any]:
        """Send one command to every master and give each answer by its server's name."""
        ...

    def find(self, pattern: str) -> list[bytes]:
        """Give every key of every master that matches, having looked at all of them in steps."""
        ...


class _ServerConnection:
    """One server at a time: one Redis, the master that sentinels name, or the embedded one."""

    def __init__(self, client: Any, replication: Replication) -> None:
        self._client = client
        self._replication = replication

    def execute(self, *command: str | int | bytes) -> Any:
        (answer,) = self.execute_many([command])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def execute_many(self, commands: Sequence[Command]) -> list[Any]:
        return exchange(self._client, commands, self._replication)

    def execute_on_all(self, *command: str) -> dict[str, Any]:
        return {"Redis": self.execute(*command)}

    def find(self, pattern: str) -> list[bytes]:
        return scan(self._client, pattern)


def connect(
    address: RedisAddress,
    *,
    timeouts: Timeouts | None = None,
    max_connections: int | None = None,
    sentinel_password: str | None = None,
    ca_file: str | None = None,
    replication: Replication | None = None,
) -> Connection:
    """Give a connection, shared by all threads; nothing is opened before the first command.

    Args:
        max_connections: to each server, from this process; None for as many as threads ask for.
        sentinel_password: where the Sentinels want one of their own.
        ca_file: the path of certificates, PEM, to trust beside the system's.
        replication: which replicas a script's answer waits for; None for none.
    """
    timeouts = timeouts or Timeouts()
    replication = replication or Replication()
    options = _options(address, timeouts)
    if max_connections:
        options["max_connections"] = max_connections
    if address.tls:
        # The host's name is verified too: redis-py's default, said here because all hangs on it.
        options |= {"ssl": True, "ssl_ca_certs": ca_file, "ssl_check_hostname": True}
    if address.topology is Topology.CLUSTER:
        patience = timeouts.connect + timeouts.read
        slots = SlotMap(lambda: _nodes(address, options), patience=patience)
        return ClusterConnection(slots, replication, patience=patience)
    makers: dict[Topology, Callable[[], Any]] = {
        Topology.EMBEDDED: _embedded,
        Topology.SINGLE: lambda: _single(address, options),
        Topology.SENTINEL: lambda: _sentinel(address, options, sentinel_password),
    }
    return _ServerConnection(makers[address.topology](), replication)


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
    return redis.Redis(host=host, port=port, db=address.database, **options)


def _sentinel(address: RedisAddress, options: dict[str, Any], sentinel_password: str | None) -> Any:
    to_sentinels = {name: value for name, value in options.items() if name != "username"}
    to_sentinels["password"] = sentinel_password
    # All of them together may take as long as the one server that they stand before.
    for timeout in ("socket_connect_timeout", "socket_timeout"):
        to_sentinels[timeout] /= len(address.hosts)
    sentinels = _Sentinels(  # type: ignore[no-untyped-call]
        list(address.hosts), sentinel_kwargs=to_sentinels, db=address.database, **options
    )
    return sentinels.master_for(str(address.service))  # type: ignore[no-untyped-call]


class _Sentinels(Sentinel):
    """redis-py's, asked by several threads at once.

    It moves the one that answered to the front of its list in two steps: two threads at once would
    leave one sentinel in twice and another one out for good.
    """

    def discover_master(self, service_name: str) -> Any:
        """Give the master's host and port."""
        asked = copy(self)
        asked.sentinels = list(self.sentinels)
        found = Sentinel.discover_master(asked, service_name)  # type: ignore[no-untyped-call]
        self.sentinels = asked.sentinels
        return found


def _nodes(address: RedisAddress, options: dict[str, Any]) -> NodesManager:
    nodes = [ClusterNode(host, port) for host, port in address.hosts]  # type: ignore[no-untyped-call]
    own = {name: value for name, value in options.items() if not name.startswith("retry")}
    return NodesManager(startup_nodes=nodes, **own)
