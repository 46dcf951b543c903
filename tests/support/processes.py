"""Real processes for tests: run until a block ends, ended by pid."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120
ENDS_WITHIN_SECONDS = 60


# The system may give a port again as soon as it is free, and two parts of one test need one each.
_GIVEN: set[int] = set()


def free_port() -> int:
    """Give a port that nobody listened on a moment ago, and that was not given before."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in _GIVEN:
            _GIVEN.add(port)
            return port


def clean_environ(**more: str) -> dict[str, str]:
    """This process' environment without settings of the service, and with those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTP_")}
    return {**kept, **more}


@contextmanager
def running(
    command: Sequence[str], *, environ: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{command} did not end; its log: {log.read_text()}") from None


@contextmanager
def cli(*arguments: str, environ: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "otp_service.cli", *arguments]
    with running(command, environ=environ, log=log) as process:
        yield process


def await_answer(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    last = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < last and process.poll() is None:
        try:
            requests.get(url, timeout=5)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"{url} did not answer; its log ends:\n{log.read_text()[-2000:]}")
