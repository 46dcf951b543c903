"""The servers of a run: floors and services, each over a Redis and a provider of the run."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import requests

from benchmarks import proc
from benchmarks.processes import NotUp, free_port, python, running
from benchmarks.redis_server import RedisServer
from benchmarks.service import OPERATOR_KEY, WORKERS, environ_of

_METRICS_WITHIN_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Part:
    """One server that runs.

    Args:
        log: what it said so far.
        environ: the settings of a service; empty for a floor.
    """

    port: int
    pid: int
    redis: RedisServer
    provider_port: int
    log: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_service(self) -> bool:
        """Whether it checks anything at all."""
        return bool(self.environ)

    def cpu_seconds(self) -> float:
        """Give what its processes have used so far."""
        return proc.cpu_seconds(self.pid)

    def worker_mb(self) -> float:
        """Give the memory of its largest worker."""
        return max(proc.pss_mb(pid) for pid in proc.tree(self.pid) if pid != self.pid)

    def counted(self) -> dict[str, float]:
        """Give what a service has counted of outcomes: its metrics of starts and guesses."""
        answer = requests.get(
            f"http://127.0.0.1:{self.port}/metrics",
            headers={"Authorization": f"Bearer {OPERATOR_KEY}"},
            timeout=_METRICS_WITHIN_SECONDS,
        )
        answer.raise_for_status()
        return read_outcomes(answer.text)


def read_outcomes(exposition: str) -> dict[str, float]:
    """Give ``starts/started`` and the like, each with its count, from a Prometheus exposition."""
    counts: dict[str, float] = {}
    for line in exposition.splitlines():
        for name in ("starts", "guesses"):
            if line.startswith(f"otp_{name}_total{{"):
                labels, _, value = line.rpartition("} ")
                outcome = labels.partition('outcome="')[2].partition('"')[0]
                counts[f"{name}/{outcome}"] = counts.get(f"{name}/{outcome}", 0) + float(value)
    return counts


class Parts:
    """Brings servers up, all down again when its block ends.

    Args:
        directory: for settings and logs.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stack = ExitStack()
        self.up: dict[str, Part] = {}
        self.not_up: dict[str, str] = {}

    def __enter__(self) -> "Parts":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def provider(self, delay_ms: int) -> int:
        """Bring a dummy provider up and give its port."""
        port = free_port()
        command = python("benchmarks.dummy_provider", port, delay_ms)
        self._run(f"provider-{delay_ms}", command, port)
        return port

    def floor(
        self, name: str, redis: RedisServer, provider_port: int, *, threads: int | None = None
    ) -> None:
        """Bring a floor up.

        Args:
            threads: a worker; as many as the service's server has if None.
        """
        port = free_port()
        own = [] if threads is None else [threads]
        environ = {
            "BENCH_REDIS": f"redis://127.0.0.1:{redis.port}/0",
            "BENCH_PROVIDER": f"http://127.0.0.1:{provider_port}/viber",
        }
        command = python("benchmarks.floor_server", port, WORKERS, *own)
        try:
            pid = self._run(name, command, port, environ)
        except NotUp as problem:
            self.not_up[name] = str(problem)
            return
        self.up[name] = Part(port, pid, redis, provider_port, self._log(name))

    def service(
        self,
        name: str,
        redis: RedisServer,
        provider_port: int,
        *,
        guards: bool = True,
        **settings: str,
    ) -> None:
        """Bring a service up, as in production but for the settings given."""
        port = free_port()
        environ = environ_of(
            self._directory,
            port=port,
            redis_port=redis.port,
            provider_port=provider_port,
            guards=guards,
            **settings,
        )
        try:
            pid = self._run(name, serve_command(), port, environ)
        except NotUp as problem:
            self.not_up[name] = str(problem)
            return
        self.up[name] = Part(port, pid, redis, provider_port, self._log(name), environ)

    def _run(
        self, name: str, command: list[str], port: int, environ: Mapping[str, str] | None = None
    ) -> int:
        started = running(command, port, log=self._log(name), environ=environ)
        return self._stack.enter_context(started)

    def _log(self, name: str) -> Path:
        return self._directory / f"{name.replace(' ', '-')}.log"


def serve_command() -> list[str]:
    """Give the command that serves."""
    return python("otp_service.cli", "serve")
