"""The Redis of a run, and what it counts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from benchmarks import proc
from benchmarks.processes import free_port, running


@dataclass(frozen=True, slots=True)
class Counts:
    """What a server has done so far.

    Args:
        cpu_seconds: of its process, from ``/proc``.
        commands: those that scripts ran among them.
        round_trips: reads from clients' connections; what came in one pipeline is one.
        traffic_bytes: from and to its clients.
    """

    cpu_seconds: float
    commands: int
    round_trips: int
    traffic_bytes: int

    def since(self, earlier: "Counts") -> "Counts":
        """Give what it has done since, asking left out."""
        return Counts(
            self.cpu_seconds - earlier.cpu_seconds,
            self.commands - earlier.commands - 1,
            self.round_trips - earlier.round_trips - 1,
            # An answer to INFO among them: next to nothing of a load's.
            self.traffic_bytes - earlier.traffic_bytes,
        )


class RedisServer:
    """A server that runs already."""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self.pid = pid
        self.client: Any = redis.Redis(port=port, protocol=2)

    def counts(self) -> Counts:
        """Give what it has done so far; asking takes one command and one round trip."""
        stats = self.client.info("stats")
        return Counts(
            cpu_seconds=proc.cpu_seconds(self.pid),
            commands=stats["total_commands_processed"],
            round_trips=stats["total_reads_processed"],
            traffic_bytes=stats["total_net_input_bytes"] + stats["total_net_output_bytes"],
        )

    def used_bytes(self) -> int:
        """Give the memory of everything it holds."""
        return int(self.client.info("memory")["used_memory"])

    @property
    def version(self) -> str:
        """Its version."""
        return str(self.client.info("server")["redis_version"])


@contextmanager
def redis_server(directory: Path) -> Iterator[RedisServer]:
    """Give an empty one that keeps nothing on disk."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    command += ["--appendonly", "no", "--dir", str(directory)]
    with running(command, port, log=directory / f"redis-{port}.log") as pid:
        server = RedisServer(port, pid)
        yield server
        server.client.close()
