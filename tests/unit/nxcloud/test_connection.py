import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from otp_service.nxcloud.connection import ConnectProblem
from otp_service.nxcloud.transport import (
    Answer,
    Exchange,
    LineProblem,
    NoAnswer,
    NotSent,
    Transport,
)
from tests.unit.nxcloud.scripted_server import (
    DROP,
    DROP_UNREAD,
    Line,
    ScriptedServer,
    Step,
    drip,
    http_message,
)

MakeTransport = Callable[..., Transport]
SHORT = timedelta(milliseconds=200)


def post(transport: Transport) -> Exchange:
    return transport.post("/api", body=b"{}", headers={})


@pytest.fixture
def full_listener() -> Iterator[str]:
    """A port that takes no further connection: its queue is full and nobody empties it."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = []
    for _ in range(4):
        client = socket.socket()
        client.settimeout(0)
        client.connect_ex(listener.getsockname())
        waiting.append(client)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    for client in waiting:
        client.close()
    listener.close()


@pytest.fixture
def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_refused_connection_is_not_sent(make_transport: MakeTransport, closed_port: str) -> None:
    exchange = post(make_transport(closed_port))

    assert isinstance(exchange, NotSent)
    assert exchange.problem is ConnectProblem.REFUSED


def test_name_that_cannot_be_resolved_is_not_sent(
    make_transport: MakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_such_name(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)

    exchange = post(make_transport("http://provider.invalid"))

    assert isinstance(exchange, NotSent)
    assert exchange.problem is ConnectProblem.DNS


def test_host_without_a_route_is_not_sent(
    make_transport: MakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_route(*args: object, **kwargs: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", no_route)

    exchange = post(make_transport())

    assert isinstance(exchange, NotSent)
    assert exchange.problem is ConnectProblem.UNREACHABLE


def test_host_name_that_cannot_be_one_is_not_sent(make_transport: MakeTransport) -> None:
    exchange = post(make_transport(f"http://{'a' * 64}.invalid"))

    assert isinstance(exchange, NotSent)
    assert exchange.problem is ConnectProblem.UNREACHABLE


def test_connect_timeout_is_not_sent(make_transport: MakeTransport, full_listener: str) -> None:
    exchange = post(make_transport(full_listener, connect_timeout=SHORT))

    assert isinstance(exchange, NotSent)
    assert exchange.problem is ConnectProblem.CONNECT_TIMEOUT


def test_certificate_of_an_unknown_authority_is_not_sent(
    make_transport: MakeTransport, tls_server: ScriptedServer
) -> None:
    exchange = post(make_transport(tls_server.url))

    assert isinstance(exchange, NotSent)
    assert exchange.problem is ConnectProblem.TLS
    assert tls_server.requests == []


def test_handshake_that_is_dropped_is_not_sent(
    make_transport: MakeTransport, server: ScriptedServer
) -> None:
    server.script(DROP_UNREAD)

    exchange = post(make_transport(server.url.replace("http:", "https:")))

    assert isinstance(exchange, NotSent)
    assert exchange.problem is ConnectProblem.TLS


def test_handshake_that_hangs_is_not_sent(
    make_transport: MakeTransport, server: ScriptedServer
) -> None:
    transport = make_transport(server.url.replace("http:", "https:"), connect_timeout=SHORT)

    exchange = post(transport)

    assert isinstance(exchange, NotSent)
    assert exchange.problem is ConnectProblem.CONNECT_TIMEOUT


def test_trusted_certificate_is_accepted_and_its_connection_kept(
    make_transport: MakeTransport, tls_server: ScriptedServer, certificate: Path
) -> None:
    transport = make_transport(tls_server.url, ca_bundle=certificate)

    exchanges = [post(transport), post(transport)]

    assert [type(exchange) for exchange in exchanges] == [Answer, Answer]
    assert tls_server.connections == 1


def test_tls_line_that_drops_after_the_request_may_have_sent_it(
    make_transport: MakeTransport, tls_server: ScriptedServer, certificate: Path
) -> None:
    tls_server.script(DROP)

    exchange = post(make_transport(tls_server.url, ca_bundle=certificate))

    assert isinstance(exchange, NoAnswer)
    assert exchange.problem is LineProblem.DROPPED
    assert len(tls_server.requests) == 1


@pytest.mark.parametrize("secure", [pytest.param(False, id="plain"), pytest.param(True, id="tls")])
def test_dripped_head_has_one_read_timeout_in_all(
    secure: bool,  # noqa: FBT001
    make_transport: MakeTransport,
    server: ScriptedServer,
    tls_server: ScriptedServer,
    certificate: Path,
) -> None:
    used = tls_server if secure else server
    used.script(drip(http_message(b"{}", headers={"X-Long": "x" * 500})))
    transport = make_transport(used.url, read_timeout=SHORT, ca_bundle=certificate)
    began = time.monotonic()

    exchange = post(transport)

    assert isinstance(exchange, NoAnswer)
    assert exchange.problem is LineProblem.TIMEOUT
    assert time.monotonic() - began < 2


def test_dripped_body_has_one_read_timeout_in_all(
    make_transport: MakeTransport, server: ScriptedServer
) -> None:
    head = http_message(b"", promised_length=500)
    server.script(drip(b"x" * 500, after=head))
    transport = make_transport(read_timeout=timedelta(milliseconds=500))
    began = time.monotonic()

    exchange = post(transport)

    assert isinstance(exchange, Answer)
    assert exchange.flaw is LineProblem.TIMEOUT
    assert time.monotonic() - began < 2


def test_flood_that_never_comes_to_an_answer_has_one_read_timeout_in_all(
    make_transport: MakeTransport, server: ScriptedServer
) -> None:
    def play(line: Line) -> bool:
        while True:
            line.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

    server.script(Step(play))

    exchange = post(make_transport(read_timeout=SHORT))

    assert isinstance(exchange, NoAnswer)
    assert exchange.problem is LineProblem.TIMEOUT


def test_each_answer_on_a_kept_connection_has_the_whole_read_timeout(
    make_transport: MakeTransport, server: ScriptedServer
) -> None:
    tenth_of_a_second = http_message(b"12345")
    slow = drip(tenth_of_a_second[-5:], after=tenth_of_a_second[:-5], keep=True)
    server.script(*([slow] * 7))
    transport = make_transport(read_timeout=timedelta(milliseconds=500))

    exchanges = [post(transport) for _ in range(7)]

    assert [exchange.flaw for exchange in exchanges] == [None] * 7
    assert server.connections == 1
