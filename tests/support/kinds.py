"""The kinds of store the contract is held against."""

from contextlib import ExitStack
from dataclasses import dataclass

from support.redis_servers import (
    HOST,
    SERVICE,
    RedisServer,
    redis_cluster,
    redis_under_sentinel,
)
from support.store_view import StoreView

from otp_service.redis_store import Connection, connect, read_address

EMBEDDED, SINGLE, CLUSTER, SENTINEL = "embedded", "single", "cluster", "sentinel"
REAL = [SINGLE, CLUSTER, SENTINEL]


@dataclass(frozen=True)
class Kind:
    """One kind of store, up and empty."""

    name: str
    url: str
    connection: Connection
    view: StoreView


class Kinds:
    """Brings each kind up when it is first asked for."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._up: dict[str, Kind] = {}
        self._makers = {
            EMBEDDED: self._embedded,
            SINGLE: self._single,
            CLUSTER: self._cluster,
            SENTINEL: self._sentinel,
        }

    def __getitem__(self, name: str) -> Kind:
        if name not in self._up:
            self._up[name] = self._makers[name]()
        return self._up[name]

    def _embedded(self) -> Kind:
        connection = connect(read_address("memory://"))
        return Kind(EMBEDDED, "memory://", connection, StoreView([connection.execute]))

    def _single(self) -> Kind:
        server = self._stack.enter_context(RedisServer())
        return _kind(SINGLE, server.url, [server])

    def _cluster(self) -> Kind:
        nodes = self._stack.enter_context(redis_cluster())
        hosts = ",".join(f"{HOST}:{node.port}" for node in nodes)
        return _kind(CLUSTER, f"redis+cluster://{hosts}", nodes)

    def _sentinel(self) -> Kind:
        master, sentinels = self._stack.enter_context(redis_under_sentinel())
        hosts = ",".join(f"{HOST}:{sentinel.port}" for sentinel in sentinels)
        return _kind(SENTINEL, f"redis+sentinel://{hosts}/{SERVICE}", [master])


def _kind(name: str, url: str, masters: list[RedisServer]) -> Kind:
    view = StoreView([master.client.execute_command for master in masters])
    return Kind(name, url, connect(read_address(url)), view)
