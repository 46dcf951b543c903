"""Processes of a run: up until a block ends, ended by their own id."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"
HERE = Path(__file__).parent
ROOT = HERE.parent
_UP_WITHIN_SECONDS = 60
_ENDS_WITHIN_SECONDS = 60
_POLL_SECONDS = 0.01
# The system may give a port again as soon as it is free, and two parts of one run need one each.
_GIVEN: set[int] = set()


class NotUp(Exception):
    """A part of the run could not be brought up; says which and why."""


def free_port() -> int:
    """Give a port of this machine that is free just now and was not given before."""
    while True:
        with socket.socket() as listener:
            listener.bind((HOST, 0))
            port = int(listener.getsockname()[1])
        if port not in _GIVEN:
            _GIVEN.add(port)
            return port


def python(module: str, *arguments: object) -> list[str]:
    """Give the command that runs a module with this Python."""
    return [sys.executable, "-m", module, *map(str, arguments)]


@contextmanager
def running(
    command: Sequence[str],
    port: int,
    *,
    log: Path,
    environ: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Run a server until the block ends; gives its process id once the port accepts.

    Args:
        log: the file that takes what it says.
        environ: beside this process' own variables, of which no setting of the service passes.

    Raises:
        NotUp: it ended, or nothing accepts at the port within a minute.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**_own_environ(), **(environ or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _await_port(port, process, log)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _own_environ() -> dict[str, str]:
    """Give this process' variables without settings of the service."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OTP_")}


def _await_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    last = time.monotonic() + _UP_WITHIN_SECONDS
    while time.monotonic() < last and process.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(_POLL_SECONDS)
        else:
            return
    said = log.read_text(errors="replace")[-500:].strip()
    raise NotUp(f"nothing answers at port {port} ({said or 'it said nothing'})")
