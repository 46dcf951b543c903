import socket
from collections.abc import Iterator

import click
import pytest

from otp_service.cli.listening import authority, free_address


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port at which somebody listens who would share it, as the server itself does."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def left_port() -> int:
    """A port whose last listener has ended, with a line to it that was not closed in peace."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as line:
            accepted, _ = listener.accept()
            accepted.close()
            line.recv(1)
    return int(port)


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104 - closed at once
        pytest.param("::1", marks=pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")),
    ],
)
def test_address_stays_itself(host: str, left_port: int) -> None:
    assert free_address(host, left_port) == host


def test_name_becomes_an_ipv4_address_where_it_has_one(
    left_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_localhost = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", left_port, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", left_port)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: of_localhost)

    assert free_address("localhost", left_port) == "127.0.0.1"


def test_taken_port_is_refused_in_words(taken_port: int) -> None:
    with pytest.raises(click.ClickException) as refusal:
        free_address("127.0.0.1", taken_port)

    expected = f"cannot listen at 127.0.0.1:{taken_port}: Address already in use."
    assert refusal.value.message == expected


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        pytest.param("192.0.2.1", "Cannot assign requested address", id="of another machine"),
        pytest.param("a..b", "this is no host name", id="no name"),
    ],
)
def test_address_elsewhere_is_refused_in_words(host: str, reason: str) -> None:
    with pytest.raises(click.ClickException) as refusal:
        free_address(host, 8000)

    assert refusal.value.message == f"cannot listen at {host}:8000: {reason}."


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80")], ids=["4", "6"]
)
def test_authority_is_as_a_url_has_it(host: str, expected: str) -> None:
    assert authority(host, 80) == expected
