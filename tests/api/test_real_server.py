import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from support.processes import await_answer, clean_environ, free_port, running
from werkzeug.serving import make_server

HERE = Path(__file__).parent
KEY = {"Authorization": "Bearer key-of-shop", "Content-Type": "application/json"}
BIG = bytes(2_000_000)


@pytest.fixture(scope="module")
def granian_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    options = ["--interface", "wsgi", "--workers", "1", "--blocking-threads", "4"]
    command = [sys.executable, "-m", "granian", *options, "--port", str(port), "served:app"]
    log = tmp_path_factory.mktemp("granian") / "log"
    environ = clean_environ(PYTHONPATH=str(HERE))
    with running(command, environ=environ, log=log) as server:
        await_answer(f"http://127.0.0.1:{port}/healthz", server, log)
        yield port


@pytest.fixture
def werkzeug_port(service) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, service.app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["granian", "werkzeug"])
def port(request) -> int:
    return request.getfixturevalue(f"{request.param}_port")


def chunks() -> Iterator[bytes]:
    for start in range(0, len(BIG), 10_000):
        yield BIG[start : start + 10_000]


def told(reply):
    return reply.status, json.load(reply)["code"]


@pytest.mark.parametrize("chunked", [False, True], ids=["with length", "chunked"])
@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        pytest.param("/otp/start", KEY, (413, "payload_too_large"), id="too large"),
        pytest.param("/otp/start", {}, (401, "unauthenticated"), id="no key"),
        pytest.param("/otp/nothing", KEY, (404, "not_found"), id="no such path"),
        pytest.param("/healthz", {}, (405, "method_not_allowed"), id="wrong method"),
    ],
)
def test_the_sender_of_2_mb_reads_the_answer(port, chunked, path, headers, expected):
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("POST", path, body=chunks() if chunked else BIG, headers=headers)

        assert told(connection.getresponse()) == expected


def test_a_connection_can_be_used_again_after_too_large_a_body(granian_port):
    with closing(HTTPConnection("127.0.0.1", granian_port, timeout=20)) as connection:
        connection.request("POST", "/otp/start", body=BIG, headers=KEY)
        connection.getresponse().read()
        first = connection.sock

        connection.request("POST", "/otp/start", body='{"phone": "+380671234567"}', headers=KEY)

        assert connection.getresponse().status == 201
        assert connection.sock is first


def test_a_body_announced_with_expect_is_asked_for(port):
    body = b'{"phone": "+380671234567"}'
    head = (
        "POST /otp/start HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        "Authorization: Bearer key-of-shop\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )

    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as line,
        line.makefile("rb") as answer,
    ):
        line.sendall(head.encode())
        first = answer.readline()
        line.sendall(body)
        lines = answer.read().splitlines()

    assert first.split()[1] == b"100"
    # A server may say so twice: RFC 9110 section 15.2 lets it.
    assert [found.split()[1] for found in lines if found.startswith(b"HTTP/")][-1] == b"201"


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", "Bearer key-of-shop")] * 2,
        [("Authorization", "Bearer key-of-shop"), ("Authorization", "Basic abc")],
    ],
    ids=["same twice", "two schemes"],
)
def test_two_keys_are_no_key_on_any_server(port, headers):
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.putrequest("GET", "/otp/verifications/x")
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()

        assert told(connection.getresponse()) == (401, "unauthenticated")


def test_a_body_that_is_cut_short_is_refused(port):
    head = (
        "POST /otp/start HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        "Authorization: Bearer key-of-shop\r\nContent-Type: application/json\r\n"
        "Content-Length: 100\r\n\r\n"
    )

    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as line,
        line.makefile("rb") as answer,
    ):
        line.sendall(head.encode() + b'{"phone": "+380671234567"}')
        line.shutdown(socket.SHUT_WR)
        status = answer.readline().split()[1]

    assert status == b"400"
