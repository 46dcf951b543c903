"""The production server, set for this machine: granian, a thread a request under way.

Why granian and these figures: docs/production-server.md, with the measurements.
"""

import os
import shutil
import tempfile

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from otp_service.settings import Settings

_MULTIPROCESS_METRICS = "PROMETHEUS_MULTIPROC_DIR"
# Seconds in which requests under way may end after a SIGTERM: the provider's longest answer, and
# some more.
_LAST_REQUESTS_SECONDS = 30
_CONNECTIONS_PER_WORKER = 1024
# The server's own messages go wherever this process' logs go.
_LOGS = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"_granian": {"handlers": [], "propagate": True}},
}


def serve_service(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C; requests under way are finished."""
    made = _metrics_directory(settings.workers)
    # Only now: prometheus_client looks for that directory when it is first imported.
    from otp_service.telemetry import configure_logs  # noqa: PLC0415

    configure_logs(settings.log_level)
    try:
        _run(
            "otp_service.cli.worker:create_service",
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            threads=settings.threads,
        )
    finally:
        if made:
            shutil.rmtree(made, ignore_errors=True)


def serve_simulator(*, host: str, port: int, threads: int) -> None:
    """Serve the simulator, whose state is in one process' memory."""
    _run(
        "otp_service.cli.worker:create_simulator", host=host, port=port, workers=1, threads=threads
    )


def _run(target: str, *, host: str, port: int, workers: int, threads: int) -> None:
    Granian(
        target,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        # Connections a worker holds, idle ones kept alive among them; further ones wait in the
        # kernel's queue.
        backpressure=_CONNECTIONS_PER_WORKER,
        backlog=_CONNECTIONS_PER_WORKER,
        log_level=LogLevels.error,
        log_dictconfig=_LOGS,
        respawn_failed_workers=True,
        workers_kill_timeout=_LAST_REQUESTS_SECONDS,
        websockets=False,
    ).serve()


def _metrics_directory(workers: int) -> str | None:
    """Give several workers one place to count in, unless the operator named one."""
    if workers == 1 or os.environ.get(_MULTIPROCESS_METRICS):
        return None
    directory = tempfile.mkdtemp(prefix="otp-service-metrics-")
    os.environ[_MULTIPROCESS_METRICS] = directory
    return directory
