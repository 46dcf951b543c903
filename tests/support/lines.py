"""A store behind lines that can be cut: servers of each kind with a proxy in front of each."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from support.redis_servers import HOST, SERVICE, RedisServer, SentinelServer, redis_cluster
from support.store_view import StoreView
from support.tcp_proxy import Mode, TcpProxy


@dataclass(frozen=True)
class Lines:
    """A store's servers and the proxies that callers reach them through."""

    url: str
    proxies: list[TcpProxy]
    view: StoreView

    def switch(self, mode: Mode) -> None:
        for proxy in self.proxies:
            proxy.switch(mode)

    def requests(self) -> list[bytes]:
        """Give what was requested since the last switch, one text a line that spoke."""
        return [spoken for proxy in self.proxies for spoken in proxy.requests]

    def sent(self, command: str) -> int:
        """Tell how often a command was transmitted since the last switch."""
        word = f"\r\n{command}\r\n".encode()
        return sum(spoken.count(word) for spoken in self.requests())


@contextmanager
def single_line() -> Iterator[Lines]:
    with RedisServer() as server, TcpProxy(server.port) as proxy:
        yield Lines(f"redis://{HOST}:{proxy.port}", [proxy], _view([server]))


@contextmanager
def sentinel_line() -> Iterator[Lines]:
    """Give a master that its sentinel knows by the proxy's address; it has nobody to replace it."""
    with (
        RedisServer() as server,
        TcpProxy(server.port) as proxy,
        SentinelServer(proxy.port, quorum=2) as sentinel,
    ):
        url = f"redis+sentinel://{HOST}:{sentinel.port}/{SERVICE}"
        yield Lines(url, [proxy], _view([server]))


@contextmanager
def cluster_lines() -> Iterator[Lines]:
    """Give a cluster whose nodes tell their clients to call the proxies."""
    with ExitStack() as stack:
        proxies = [stack.enter_context(TcpProxy()) for _ in range(3)]
        nodes = stack.enter_context(
            redis_cluster(announced_ports=[proxy.port for proxy in proxies])
        )
        for proxy, node in zip(proxies, nodes, strict=True):
            proxy.server_port = node.port
        hosts = ",".join(f"{HOST}:{proxy.port}" for proxy in proxies)
        yield Lines(f"redis+cluster://{hosts}", proxies, _view(nodes))


def _view(masters: list[RedisServer]) -> StoreView:
    return StoreView([master.client.execute_command for master in masters])
