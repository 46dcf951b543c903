"""``otp-service demo``."""

import ctypes
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import click
import requests

from otp_service.cli.listening import free_address

_HOST = "127.0.0.1"
_PORT = click.IntRange(1, 65_535)
_STARTS_WITHIN_SECONDS = 30
_ENDS_WITHIN_SECONDS = 10
_POLL_SECONDS = 0.05
_WATCH_SECONDS = 1
_PR_SET_PDEATHSIG = 1
_SECRET_BYTES = 32

_BANNER = """
service    http://{host}:{port}        its API: http://{host}:{port}/docs
signup     http://{host}:{port}/demo/  a page that uses it: the example to copy
simulator  http://{host}:{simulator_port}        the phone's messages are shown there

Send a code:

  curl -sS http://{host}:{port}/otp/start -H 'Authorization: Bearer otp_demo' \\
    -H 'Content-Type: application/json' -d '{{"phone": "+380671234567"}}'

A number gets 5 starts an hour, here too; then take another.
Ctrl-C ends both.
"""


@click.command("demo")
@click.option("--port", type=_PORT, default=8000, show_default=True, help="The service's port.")
@click.option(
    "--simulator-port", type=_PORT, default=8001, show_default=True, help="The simulator's port."
)
def command(port: int, simulator_port: int) -> None:
    """Run service and simulator together on this machine, without Redis or an account."""
    if port == simulator_port:
        raise click.UsageError("the service and the simulator need a port each")
    # Before anything starts: whoever has a port already would answer in our parts' stead.
    for each in (port, simulator_port):
        free_address(_HOST, each)
    # A provider that the environment names is not passed over: the settings refuse one elsewhere.
    # In the environment alone: a command line is shown to everybody on the machine.
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    service = {
        "OTP_NXCLOUD_BASE_URL": f"http://{_HOST}:{simulator_port}",
        **os.environ,
        "OTP_DEMO": "true",
        "OTP_PORT": str(port),
        "OTP_NXCLOUD_CALLBACK_SECRETS": secret,
    }
    provider = {
        **os.environ,
        "OTP_SIMULATOR_CALLBACK_URL": f"http://{_HOST}:{port}/callbacks/nxcloud/{secret}",
    }
    # SIGINT too: a shell that starts it in the background has it ignored.
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _end)
    try:
        with (
            _running(["simulator", "--port", str(simulator_port)], provider) as simulator,
            _running(["serve"], service) as api,
        ):
            parts = {"simulator": simulator, "service": api}
            _await(parts, f"http://{_HOST}:{simulator_port}/simulator/messages")
            _await(parts, f"http://{_HOST}:{port}/healthz")
            click.echo(_BANNER.format(host=_HOST, port=port, simulator_port=simulator_port))
            _watch(parts)
    except KeyboardInterrupt:
        click.echo("ended")


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _running(arguments: list[str], environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of our own commands, in a session of its own so that Ctrl-C reaches us alone."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
        [sys.executable, "-m", "otp_service.cli", *arguments],
        env=environ,
        start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - there is one thread
    )
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_ENDS_WITHIN_SECONDS)
        # All of its session: a server that does not end by itself leaves its workers behind.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _end_with_parent() -> None:
    """Have a part told to end should we be killed, so that nothing keeps the ports.

    Source:
        prctl(2), PR_SET_PDEATHSIG: Linux alone.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _await(parts: dict[str, subprocess.Popen[bytes]], url: str) -> None:
    """Wait until an address answers."""
    last = time.monotonic() + _STARTS_WITHIN_SECONDS
    with requests.Session() as session:
        # A proxy of the environment is not for this machine.
        session.trust_env = False
        while time.monotonic() < last:
            _fail_if_ended(parts)
            try:
                session.get(url, timeout=1)
            except requests.RequestException:
                time.sleep(_POLL_SECONDS)
            else:
                return
    raise click.ClickException(f"{url} did not answer within {_STARTS_WITHIN_SECONDS} s")


def _watch(parts: dict[str, subprocess.Popen[bytes]]) -> None:
    while True:
        _fail_if_ended(parts)
        time.sleep(_WATCH_SECONDS)


def _fail_if_ended(parts: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, process in parts.items():
        if process.poll() is not None:
            raise click.ClickException(f"the {name} ended: its reason stands above")
