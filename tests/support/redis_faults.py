"""What can befall one Redis server, each for as long as a block runs."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from support.deployments import Deployment
from support.kinds import SINGLE, Kind
from support.processes import free_port
from support.redis_servers import HOST, RedisServer, wait_until
from support.store_view import StoreView

from otp_service.redis_store import connect, read_address

Fault = Callable[[RedisServer], AbstractContextManager[None]]


@contextmanager
def full(server: RedisServer) -> Iterator[None]:
    """No memory is left, and nothing may be evicted."""
    with _configured(server, "maxmemory", "1"):
        yield


@contextmanager
def read_only(server: RedisServer) -> Iterator[None]:
    """It was made the replica of a master that is away; what it holds stays."""
    server.client.execute_command("REPLICAOF", HOST, free_port())
    try:
        yield
    finally:
        server.client.execute_command("REPLICAOF", "NO", "ONE")


@contextmanager
def unsaved(server: RedisServer) -> Iterator[None]:
    """It could not save what it holds, and so takes no writes (MISCONF)."""
    # A file cannot take the place of a directory that holds something.
    obstacle = server.directory / "dump.rdb"
    obstacle.unlink(missing_ok=True)
    (obstacle / "anything").mkdir(parents=True)
    try:
        with _configured(server, "save", "3600 1000000"):
            _save(server, outcome="err")
            yield
    finally:
        (obstacle / "anything").rmdir()
        obstacle.rmdir()
        _save(server, outcome="ok")
        obstacle.unlink()


@contextmanager
def without_replicas(server: RedisServer) -> Iterator[None]:
    """Fewer replicas than its writes are to reach: none."""
    with _configured(server, "min-replicas-to-write", "1"):
        yield


@contextmanager
def stopped(server: RedisServer) -> Iterator[None]:
    """The process stands still: the system takes its lines and requests, nobody answers."""
    pid = process_id(server)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def kind_of(server: RedisServer, *, port: int | None = None) -> Kind:
    """Give a server as a store to deploy on.

    Args:
        port: of what stands in front of it.
    """
    url = f"redis://{HOST}:{port or server.port}"
    view = StoreView([server.client.execute_command])
    return Kind(SINGLE, url, connect(read_address(url)), view)


def workers_of(deployed: Deployment) -> list[int]:
    """Give the ids of the service's processes that answer calls."""
    pid = deployed.service.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in children.split()]


def process_id(server: RedisServer) -> int:
    """Give the id of its process, as it tells it itself."""
    return int(server.client.info("server")["process_id"])


# Whoever writes is refused; whoever only reads is answered.
REFUSING_WRITES: dict[str, Fault] = {
    "full": full,
    "read only": read_only,
    "unsaved": unsaved,
    "without replicas": without_replicas,
}


@contextmanager
def _configured(server: RedisServer, name: str, value: str) -> Iterator[None]:
    (before,) = server.client.config_get(name).values()
    server.client.config_set(name, value)
    try:
        yield
    finally:
        server.client.config_set(name, before)


def _save(server: RedisServer, *, outcome: str) -> None:
    server.client.execute_command("BGSAVE")

    def is_over() -> bool:
        told = server.client.info("persistence")
        return bool(
            told["rdb_bgsave_in_progress"] == 0 and told["rdb_last_bgsave_status"] == outcome
        )

    wait_until(is_over, what=f"a save ends with {outcome}")
