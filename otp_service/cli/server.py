"""The production server, set for this machine: granian, a thread a request under way.

Why granian and these figures: docs/production-server.md, with the measurements.
"""

import logging
import math
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from otp_service.cli import worker
from otp_service.cli.lasting_server import LastingServer, Renewed, nothing_to_renew
from otp_service.cli.listening import authority, free_address
from otp_service.cli.loading import quick_loading, share_with_forks

if TYPE_CHECKING:  # the simulator is served without them
    from otp_service.settings import Settings

_MULTIPROCESS_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_METRICS_PREFIX = "otp-service-metrics-"
_SPARE_SECONDS = 5
# Phone pages hold event streams open for minutes, and come back to a new server by themselves.
_SIMULATOR_ENDS_WITHIN_SECONDS = 1
_CONNECTIONS_PER_WORKER = 1024
# Of a request's head, all headers included. The server takes at most 100 of them.
_MAX_HEAD_BYTES = 16 * 1024
# For a head to come, and for an idle connection to stay: to the server both are the same wait.
_HEAD_WITHIN = timedelta(seconds=30)
# The server's own messages go wherever this process' logs go.
_LOGS = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"_granian": {"handlers": [], "propagate": True}},
}

_log = logging.getLogger(__name__)


def serve_service(settings: "Settings") -> None:
    """Serve until SIGTERM or Ctrl-C; requests under way are finished. SIGHUP: new settings.

    Raises:
        ClickException: nothing can be served at this host and port.
    """
    address = free_address(settings.host, settings.port)
    worker.serve_service_with(settings)
    with _shared_metrics(settings.workers):
        # Only now: prometheus_client looks for that directory when it is first imported. And all
        # that workers run: forked from here, they have it already and share its memory.
        with quick_loading():
            import otp_service.wiring  # noqa: F401, PLC0415
            from otp_service.cli.renewal import Renewal  # noqa: PLC0415
            from otp_service.telemetry import configure_logs  # noqa: PLC0415

        configure_logs(settings.log_level)
        _log.info(
            "serving at http://%s (workers: %d, threads of each: %d)",
            authority(address, settings.port),
            settings.workers,
            settings.threads,
        )
        _run(
            "otp_service.cli.worker:create_service",
            address=address,
            port=settings.port,
            workers=settings.workers,
            # One for every connection: whoever waits for a slow body keeps nobody waiting. How many
            # requests are worked on at a time, the service sees to itself.
            threads=_CONNECTIONS_PER_WORKER,
            ends_within_seconds=last_requests_seconds(settings),
            drain=timedelta(seconds=settings.drain_seconds),
            renew=Renewal(settings, last_requests_seconds),
        )


def serve_simulator(*, host: str, port: int, threads: int) -> None:
    """Serve the simulator, whose state is in one process' memory.

    Raises:
        ClickException: nothing can be served at this host and port.
    """
    address = free_address(host, port)
    click.echo(f"simulator: http://{authority(address, port)} (its phones are shown there)")
    _run(
        "otp_service.cli.worker:create_simulator",
        address=address,
        port=port,
        workers=1,
        threads=threads,
        ends_within_seconds=_SIMULATOR_ENDS_WITHIN_SECONDS,
        drain=timedelta(),
        renew=nothing_to_renew,
    )


def longest_silence(settings: "Settings") -> timedelta:
    """Tell how long an honest connection may be without an answer: idle, then a whole request."""
    return _HEAD_WITHIN + timedelta(seconds=last_requests_seconds(settings))


def last_requests_seconds(settings: "Settings") -> int:
    """Tell how long requests under way may take to end after a SIGTERM."""
    return math.ceil(settings.longest_send().total_seconds()) + _SPARE_SECONDS


def _run(
    target: str,
    *,
    address: str,
    port: int,
    workers: int,
    threads: int,
    ends_within_seconds: int,
    drain: timedelta,
    renew: Callable[[], Renewed | None],
) -> None:
    os.register_at_fork(after_in_child=_heed_sigterm)
    share_with_forks()
    # Workers take over sockets, and what stands in memory when they begin.
    multiprocessing.set_start_method("fork", force=True)
    LastingServer(
        target,
        drain=drain,
        renew=renew,
        factory=True,
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        # Nothing else: one connection is one request at a time.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=_HEAD_WITHIN // timedelta(milliseconds=1),
            keep_alive=True,
            max_buffer_size=_MAX_HEAD_BYTES,
            pipeline_flush=False,
        ),
        workers=workers,
        blocking_threads=threads,
        # Connections a worker holds, idle ones kept alive among them; further ones wait in the
        # kernel's queue.
        backpressure=_CONNECTIONS_PER_WORKER,
        backlog=_CONNECTIONS_PER_WORKER,
        log_level=LogLevels.error,
        log_dictconfig=_LOGS,
        respawn_failed_workers=True,
        workers_kill_timeout=ends_within_seconds,
        websockets=False,
    ).serve()


def _heed_sigterm() -> None:
    """Let a worker end when it is told to while it still loads.

    It begins with the signal handlers of the server it was forked from, which would swallow a
    SIGTERM that comes before it sets its own, and leave it to be killed half a minute later.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def _shared_metrics(workers: int) -> Iterator[None]:
    """Give several workers one place to count in, unless the operator named one."""
    if named := os.environ.get(_MULTIPROCESS_METRICS):
        _make(Path(named))
        yield
    elif workers == 1:
        yield
    else:
        with TemporaryDirectory(prefix=_METRICS_PREFIX, ignore_cleanup_errors=True) as directory:
            os.environ[_MULTIPROCESS_METRICS] = directory
            yield


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"the directory cannot be made: {error.strerror}"
        raise click.ClickException(f"{_MULTIPROCESS_METRICS}: {problem}.") from None
