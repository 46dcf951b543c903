"""A service as in production, for whoever attacks it."""

import hashlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.processes import await_answer, clean_environ, cli, free_port

API_KEY = "otp_test_" + "a" * 43
OPERATOR_KEY = "otp_operator_" + "o" * 43
THREADS = 4

_CONFIG = f"""
operator_keys_sha256 = ["{hashlib.sha256(OPERATOR_KEY.encode()).hexdigest()}"]
[applications.shop]
api_keys_sha256 = ["{hashlib.sha256(API_KEY.encode()).hexdigest()}"]
"""


@dataclass(frozen=True)
class Target:
    """A running service, with four threads' worth of work."""

    port: int
    log: Path

    def line(self, *, timeout_seconds: float = 30) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout_seconds)

    def answers(self, sent: bytes) -> bytes:
        """Everything that comes back for these bytes, until the service closes."""
        with self.line() as line:
            line.sendall(sent)
            received = b""
            while piece := _received(line):
                received += piece
        return received


def _received(line: socket.socket) -> bytes:
    try:
        return line.recv(65536)
    except ConnectionResetError:
        return b""


def head(method: str, path: str, *lines: str) -> bytes:
    """The head of a request with an API key."""
    first = (f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {API_KEY}")
    return "\r\n".join([*first, *lines, "", ""]).encode()


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    directory = tmp_path_factory.mktemp("target")
    config = directory / "otp-service.toml"
    config.write_text(_CONFIG)
    port, log = free_port(), directory / "log"
    environ = clean_environ(
        OTP_CONFIG=str(config),
        OTP_PORT=str(port),
        OTP_REDIS_URL="memory://",
        OTP_THREADS=str(THREADS),
        OTP_SECRET_KEYS="s" * 40,
        OTP_NUMBER_KEY="n" * 40,
        OTP_NXCLOUD_BASE_URL=f"http://127.0.0.1:{free_port()}",
        OTP_NXCLOUD_ACCESS_KEY="access",
        OTP_NXCLOUD_ACCESS_SECRET="secret",
        OTP_NXCLOUD_APPKEY="appkey",
    )
    with cli("serve", environ=environ, log=log) as process:
        await_answer(f"http://127.0.0.1:{port}/healthz", process, log)
        yield Target(port, log)
