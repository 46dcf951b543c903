"""What the production server hands on of a connection and of its headers."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from support.processes import ROOT, await_answer, clean_environ, free_port, running

HERE = Path(__file__).parent
LIE, CLIENT, NEAR = "198.51.100.66", "203.0.113.7", "10.0.0.1"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    options = ["--interface", "wsgi", "--workers", "1", "--blocking-threads", "2"]
    command = [sys.executable, "-m", "granian", *options, "--port", str(port), "echoing:app"]
    log = tmp_path_factory.mktemp("granian") / "log"
    with running(command, environ=clean_environ(PYTHONPATH=str(HERE)), log=log) as server:
        await_answer(f"http://127.0.0.1:{port}/0", server, log)
        yield port


@pytest.mark.parametrize(
    ("hops", "lines", "expected"),
    [
        (0, [], "127.0.0.1"),
        (0, [LIE], "127.0.0.1"),
        (1, [], "127.0.0.1"),
        (1, [f"{LIE}, {CLIENT}"], CLIENT),
        (1, [LIE, LIE, CLIENT], CLIENT),
        (1, [CLIENT, "unknown"], "127.0.0.1"),
        (2, [LIE], "127.0.0.1"),
        (2, [LIE, CLIENT, NEAR], CLIENT),
        (2, [f"{LIE}, {CLIENT}", NEAR], CLIENT),
    ],
)
def test_server_tells_the_peer_and_every_line(port, hops, lines, expected):
    told = asked_with(port, hops, *(("X-Forwarded-For", line) for line in lines))

    assert told == {"peer": "127.0.0.1", "client": expected}


@pytest.mark.parametrize("name", ["Forwarded", "X-Real-Ip", "Remote-Addr", "X-Forwarded-For-"])
def test_other_names_are_not_taken_for_the_header(port, name):
    told = asked_with(port, 1, (name, LIE))

    assert told == {"peer": "127.0.0.1", "client": "127.0.0.1"}


@pytest.mark.parametrize("name", ["X_Forwarded_For", "X-Forwarded_For"])
def test_server_takes_an_underscore_for_a_hyphen_so_that_proxies_must_drop_such_names(port, name):
    told = asked_with(port, 1, ("X-Forwarded-For", CLIENT), (name, LIE))

    assert told["client"] == LIE
    assert "underscore" in (ROOT / "docs" / "proxies.md").read_text(encoding="utf-8")


def asked_with(port, hops, *fields):
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.putrequest("GET", f"/{hops}")
        for name, value in fields:
            connection.putheader(name, value)
        connection.endheaders()
        return json.load(connection.getresponse())
