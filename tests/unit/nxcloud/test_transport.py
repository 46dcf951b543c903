import gzip
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from otp_service.nxcloud.transport import (
    MAX_ANSWER_BYTES,
    Answer,
    Exchange,
    LineProblem,
    NoAnswer,
    Transport,
)
from tests.unit.nxcloud.scripted_server import (
    DROP,
    DROP_UNREAD,
    SILENCE,
    Line,
    ScriptedServer,
    Step,
    answer,
    drip,
    http_message,
    raw,
)

MakeTransport = Callable[..., Transport]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def post(transport: Transport) -> Exchange:
    return transport.post("/api/viber/mt", body=b"{}", headers={})


def test_bytes_and_headers_arrive_as_given(
    make_transport: MakeTransport, server: ScriptedServer
) -> None:
    body = b'{"a": "\xd0\xb9" }\n'

    make_transport().post("/api/viber/mt", body=body, headers={"accessKey": "k", "ts": "1"})

    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("POST", "/api/viber/mt", body)
    assert request.headers["accessKey"] == "k"
    assert request.headers["ts"] == "1"
    assert request.headers["Content-Length"] == str(len(body))


def test_base_urls_own_path_goes_first(
    make_transport: MakeTransport, server: ScriptedServer
) -> None:
    make_transport(f"{server.url}/gateway/").get("/")

    assert server.requests[0].path == "/gateway/"
    assert server.requests[0].method == "GET"


@pytest.mark.parametrize("base_url", ["", "api2.nxcloud.com", "ftp://host", "https://", "http:x"])
def test_base_url_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(ValueError, match="no http or https URL"):
        Transport(base_url)


def test_answer_is_given_with_its_status_date_and_time(
    make_transport: MakeTransport, server: ScriptedServer
) -> None:
    server.script(answer(b"hello", status=404, headers={"Date": "as it came"}))

    exchange = post(make_transport())

    assert isinstance(exchange, Answer)
    assert (exchange.status, exchange.body, exchange.date) == (404, b"hello", "as it came")
    assert exchange.flaw is None
    assert timedelta(0) < exchange.took < timedelta(seconds=5)


def test_connection_is_kept_for_the_next_exchange(
    make_transport: MakeTransport, server: ScriptedServer
) -> None:
    server.script(answer(), answer(b"", status=204), raw(CHUNKED + b"2\r\n{}\r\n0\r\n\r\n"))
    transport = make_transport()

    exchanges = [post(transport) for _ in range(5)]

    assert all(isinstance(exchange, Answer) for exchange in exchanges)
    assert server.exchanges == 5
    assert server.connections == 1


def test_connection_that_was_closed_while_idle_is_replaced(
    make_transport: MakeTransport, server: ScriptedServer
) -> None:
    server.script(raw(http_message(b"{}"), keep=False))
    transport = make_transport()
    post(transport)
    server.wait_until_lines_are_closed()

    exchange = post(transport)

    assert isinstance(exchange, Answer)
    assert server.connections == 2


def test_many_threads_share_a_transport(
    make_transport: MakeTransport, server: ScriptedServer
) -> None:
    transport = make_transport(pool_size=16)

    with ThreadPoolExecutor(16) as threads:
        exchanges = list(threads.map(lambda _: post(transport), range(200)))

    assert all(isinstance(exchange, Answer) and not exchange.flaw for exchange in exchanges)
    assert server.exchanges == 200
    assert server.connections <= 16


def test_pool_that_is_too_small_delays_nobody(
    make_transport: MakeTransport, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    transport = make_transport(pool_size=1)

    with ThreadPoolExecutor(8) as threads:
        exchanges = list(threads.map(lambda _: post(transport), range(40)))

    assert all(isinstance(exchange, Answer) for exchange in exchanges)


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        pytest.param(DROP_UNREAD, LineProblem.DROPPED, id="dropped-unread"),
        pytest.param(DROP, LineProblem.DROPPED, id="dropped-after-the-request"),
        pytest.param(SILENCE, LineProblem.TIMEOUT, id="silent"),
        pytest.param(raw(b"HTTP/1.1 2", keep=False), LineProblem.DROPPED, id="half-a-status-line"),
        pytest.param(raw(b"SSH-2.0-x\r\n", keep=False), LineProblem.DROPPED, id="no-http"),
        pytest.param(
            raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n{}", keep=False),
            LineProblem.DROPPED,
            id="contradicting-lengths",
        ),
        pytest.param(
            raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", keep=False),
            LineProblem.DROPPED,
            id="endless-header",
        ),
    ],
)
def test_line_that_breaks_before_an_answer_may_have_sent_it(
    step: Step, problem: LineProblem, make_transport: MakeTransport, server: ScriptedServer
) -> None:
    server.script(step)

    exchange = post(make_transport(read_timeout=timedelta(seconds=1)))

    assert isinstance(exchange, NoAnswer)
    assert exchange.problem is problem
    assert server.exchanges == 1


@pytest.mark.parametrize(
    ("step", "flaw"),
    [
        pytest.param(
            raw(http_message(b'{"code": 0', promised_length=40), keep=False),
            LineProblem.DROPPED,
            id="half-a-body",
        ),
        pytest.param(
            raw(http_message(b'{"code": 0}', promised_length=40), keep=False),
            LineProblem.DROPPED,
            id="whole-json-of-half-a-body",
        ),
        pytest.param(
            raw(CHUNKED + b'b\r\n{"code": 0}\r\n', keep=False),
            LineProblem.DROPPED,
            id="no-last-chunk",
        ),
        pytest.param(
            raw(CHUNKED + b"zz\r\n{}\r\n", keep=False), LineProblem.DROPPED, id="no-chunk"
        ),
        pytest.param(
            answer(b"no gzip", headers={"Content-Encoding": "gzip"}),
            LineProblem.DROPPED,
            id="broken-gzip",
        ),
        pytest.param(answer(b" " * 100_000), LineProblem.TOO_LARGE, id="100-kilobytes"),
        pytest.param(
            answer(b" " * (MAX_ANSWER_BYTES + 1)), LineProblem.TOO_LARGE, id="one-byte-too-many"
        ),
        pytest.param(
            answer(gzip.compress(b" " * 10_000_000), headers={"Content-Encoding": "gzip"}),
            LineProblem.TOO_LARGE,
            id="gzip-bomb",
        ),
    ],
)
def test_body_that_is_not_whole_is_flawed(
    step: Step, flaw: LineProblem, make_transport: MakeTransport, server: ScriptedServer
) -> None:
    server.script(step)

    exchange = post(make_transport())

    assert isinstance(exchange, Answer)
    assert (exchange.status, exchange.body, exchange.flaw) == (200, b"", flaw)
    assert server.exchanges == 1


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(answer(b" " * 100_000), id="too-large"),
        pytest.param(raw(http_message(b"{}", promised_length=40)), id="half-a-body"),
    ],
)
def test_connection_with_something_left_unread_is_not_used_again(
    step: Step, make_transport: MakeTransport, server: ScriptedServer
) -> None:
    server.script(step)
    transport = make_transport(read_timeout=timedelta(milliseconds=500))

    exchanges = [post(transport), post(transport)]

    assert [exchange.flaw is None for exchange in exchanges] == [False, True]
    assert server.connections == 2


def test_body_that_just_fits_is_whole(
    make_transport: MakeTransport, server: ScriptedServer
) -> None:
    server.script(answer(b" " * MAX_ANSWER_BYTES))

    exchange = post(make_transport())

    assert isinstance(exchange, Answer)
    assert len(exchange.body) == MAX_ANSWER_BYTES
    assert exchange.flaw is None


def test_compressed_answer_nobody_asked_for_is_read(
    make_transport: MakeTransport, server: ScriptedServer
) -> None:
    server.script(answer(gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}))

    exchange = post(make_transport())

    assert isinstance(exchange, Answer)
    assert exchange.body == b"{}"
    assert server.requests[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(
    status: int, make_transport: MakeTransport, server: ScriptedServer
) -> None:
    server.script(answer(b"", status=status, headers={"Location": f"{server.url}/elsewhere"}))

    exchange = post(make_transport())

    assert isinstance(exchange, Answer)
    assert exchange.status == status
    assert server.exchanges == 1


def test_redirects_body_is_held_to_the_same_limits(
    make_transport: MakeTransport, server: ScriptedServer
) -> None:
    endless = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n" + b"x" * 2 * MAX_ANSWER_BYTES

    def play(line: Line) -> bool:
        line.write(endless)
        line.wait_for_the_end()
        return False

    server.script(Step(play))

    exchange = post(make_transport())

    assert isinstance(exchange, Answer)
    assert exchange.flaw is LineProblem.TOO_LARGE


def test_dripped_redirect_is_held_to_the_read_timeout(
    make_transport: MakeTransport, server: ScriptedServer
) -> None:
    server.script(drip(b"x" * 500, after=b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n"))

    exchange = post(make_transport(read_timeout=timedelta(milliseconds=500)))

    assert isinstance(exchange, Answer)
    assert exchange.flaw is LineProblem.TIMEOUT


def test_cookies_are_not_kept(make_transport: MakeTransport, server: ScriptedServer) -> None:
    server.script(answer(headers={"Set-Cookie": "session=1; Path=/"}))
    transport = make_transport()

    post(transport)
    post(transport)

    assert "Cookie" not in server.requests[1].headers


def test_environment_is_not_trusted(
    make_transport: MakeTransport,
    server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: object,
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w") as file:  # noqa: PTH123
        file.write("machine 127.0.0.1 login someone password secret\n")
    monkeypatch.setenv("NETRC", netrc)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    exchange = post(make_transport())

    assert isinstance(exchange, Answer)
    assert "Authorization" not in server.requests[0].headers


def test_nothing_of_a_message_is_logged_or_shown(
    make_transport: MakeTransport, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.script(answer(b'{"echo": "048213"}'), DROP, DROP)
    transport = make_transport()

    exchanges = [
        transport.post("/api", body=b'{"pin":"048213"}', headers={"sign": "5ec2e7"})
        for _ in range(3)
    ]

    shown = caplog.text + repr(exchanges) + repr(transport)
    assert "048213" not in shown
    assert "5ec2e7" not in shown


def test_context_closes_the_connections(server: ScriptedServer) -> None:
    with Transport(server.url) as transport:
        post(transport)

    server.wait_until_lines_are_closed()
    assert server.connections == 1
