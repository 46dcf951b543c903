"""Whoever sends slowly, or never to the end, keeps nobody else waiting."""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from support.processes import await_answer, clean_environ, free_port, running

from otp_service.cli import stale_connections
from tests.attacks.conftest import API_KEY, THREADS, Target, head

SLOW = 300
HEADERS = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
GUESS = json.dumps({"verification_id": "x", "code": "123456"})

BEGINNINGS = {
    "nothing": b"",
    "half a head": b"POST /otp/verify HTTP/1.1\r\nHost: 127.0.0.1\r\nX-",
    "no body": head("POST", "/otp/verify", "Content-Length: 100"),
    "half a body": head("POST", "/otp/verify", "Content-Length: 100") + b'{"verification_id"',
    "half a chunk": head("POST", "/otp/verify", "Transfer-Encoding: chunked") + b'64\r\n{"v',
    "no key": b"POST /otp/verify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{",
    "large": head("POST", "/otp/verify", "Content-Length: 4000000") + b"{",
}


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=BEGINNINGS)
def test_slow_clients_by_the_hundred_keep_nobody_waiting(target: Target, beginning: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(SLOW):
            stack.enter_context(target.line()).sendall(beginning)

        for _ in range(2 * THREADS):
            # A time-out is what fails: slow clients that took the threads would keep them for ever.
            with closing(HTTPConnection("127.0.0.1", target.port, timeout=15)) as good:
                good.request("POST", "/otp/verify", GUESS, HEADERS)
                assert good.getresponse().status == 404


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Target]:
    """The API on the production server with one thread, watching its connections."""
    port, log = free_port(), tmp_path / "log"
    options = ["--interface", "wsgi", "--blocking-threads", "1", "--factory", "--http", "1"]
    command = [sys.executable, "-m", "granian", *options, "--port", str(port), "watched:create"]
    environ = clean_environ(PYTHONPATH=str(Path(__file__).parent), WATCHED_PORT=str(port))
    with running(command, environ=environ, log=log) as server:
        await_answer(f"http://127.0.0.1:{port}/", server, log)
        yield Target(port, log)


@pytest.mark.skipif(not stale_connections.IS_SUPPORTED, reason="the kernel tells nothing here")
@pytest.mark.parametrize("drop", [b"", b"x"], ids=["silent", "drop by drop"])
def test_body_that_never_ends_gives_its_thread_back(watched: Target, drop: bytes) -> None:
    slow = watched.line(timeout_seconds=0.05)
    slow.sendall(head("POST", "/", "Content-Length: 100000"))

    while not _is_closed(slow, drop):
        pass

    slow.close()
    assert watched.answers(head("GET", "/", "Connection: close")).startswith(b"HTTP/1.1 200 ")


def _is_closed(line: socket.socket, drop: bytes) -> bool:
    try:
        line.sendall(drop)
        while line.recv(65536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True
