"""Which processes a service is made of, and how they come and go."""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from support.caller import Caller
from support.kinds import SINGLE, Kind
from support.redis_servers import RedisServer, wait_until
from support.store_view import StoreView

from otp_service.redis_store import connect, read_address

# Source: Linux include/net/tcp_states.h, TCP_LISTEN.
_LISTENS = "0A"


def workers_of(service: subprocess.Popen[bytes]) -> set[int]:
    children = Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text()
    return {int(child) for child in children.split()}


def await_all_workers(service: subprocess.Popen[bytes], port: int) -> None:
    """Return once every worker listens at the service's port: the first one answers sooner."""
    wait_until(
        lambda: _count_listening(port) == len(workers_of(service)), what="every worker listens"
    )


def _count_listening(port: int) -> int:
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [line[1] for line in lines if line[3] == _LISTENS].count(f"0100007F:{port:04X}")


def worker_with_line_to(service: subprocess.Popen[bytes], port: int) -> int:
    """Give the worker that has a connection to this port of 127.0.0.1."""
    remote = f"0100007F:{port:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    files = {f"socket:[{line[9]}]" for line in lines if line[2] == remote}
    (found,) = [pid for pid in workers_of(service) if files & set(_files_of(pid))]
    return found


def _files_of(pid: int) -> Iterator[str]:
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            yield str(each.readlink())


def kind_of(server: RedisServer, url: str | None = None) -> Kind:
    """Give one Redis as a kind of store, reached by another URL if one is given."""
    view = StoreView([server.client.execute_command])
    return Kind(SINGLE, url or server.url, connect(read_address(server.url)), view)


def is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=30).close()
    except ConnectionRefusedError:
        return True
    return False


def status_of(url: str, *, timeout: float = 30) -> int:
    """Give the status of an answer; 0 for none."""
    try:
        return requests.get(url, timeout=timeout).status_code
    except requests.RequestException:
        return 0


class LoadBalancer:
    """Knows, from ``/readyz``, which instances take callers, and names them in turn.

    Args:
        instances: their URLs; the first answers until the first look.
    """

    EVERY_SECONDS = 0.1

    def __init__(self, *instances: str) -> None:
        self.instances = instances
        self._ready = list(instances)
        self._turn = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "LoadBalancer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(60)

    def is_ready(self, instance: str) -> bool:
        return instance in self._ready

    def pick(self) -> str:
        ready = self._ready or list(self.instances)
        self._turn += 1
        return ready[self._turn % len(ready)]

    def _watch(self) -> None:
        while not self._ending.wait(self.EVERY_SECONDS):
            self._ready = [
                each for each in self.instances if status_of(f"{each}/readyz", timeout=5) == 200
            ]


@dataclass
class BalancedCaller(Caller):
    """A caller who has every request passed on to an instance that is ready."""

    balancer: LoadBalancer = field(default_factory=LoadBalancer)

    def post(self, path: str, key: str = "", /, **body: Any) -> requests.Response:
        self.service = self.balancer.pick()
        return super().post(path, key, **body)


@contextmanager
def fresh_workers(service: subprocess.Popen[bytes]) -> Iterator[None]:
    """Do what replaces all workers, and wait until none of the old ones is left."""
    before = workers_of(service)
    yield
    wait_until(
        lambda: len(now := workers_of(service)) == len(before) and not now & before,
        what="there are new workers and no old ones",
    )


def hang_up(service: subprocess.Popen[bytes]) -> None:
    service.send_signal(1)


def kill(pid: int) -> None:
    os.kill(pid, 9)
