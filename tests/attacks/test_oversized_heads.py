"""Heads that are too long, too many or no HTTP are refused, and cost nobody else anything."""

import json

import pytest

from tests.attacks.conftest import Target, head

CLOSE = "Connection: close"


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def is_served(target: Target) -> bool:
    return status_of(target.answers(head("GET", "/healthz", CLOSE))) == 200


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (head("GET", "/healthz", CLOSE, *(f"X-{n}: y" for n in range(60))), {200}),
        (head("GET", "/healthz", CLOSE, *(f"X-{n}: y" for n in range(101))), {431}),
        (head("GET", "/healthz", CLOSE, *("X-Same: y" for _ in range(1000))), {431}),
        (head("GET", "/healthz", CLOSE, f"X-Long: {'y' * 15_000}"), {200}),
        (head("GET", "/healthz", CLOSE, f"X-Long: {'y' * 17_000}"), {431}),
        (head("GET", "/healthz", CLOSE, f"X-{'n' * 70_000}: y"), {400, 431}),
        (head("GET", f"/healthz?{'q' * 17_000}", CLOSE), {414, 431}),
        (head("GET", f"/{'q' * 70_000}", CLOSE), {414, 431}),
        (head("G" * 20_000, "/healthz", CLOSE), {400, 431}),
    ],
    ids=[
        "60 headers",
        "over 100 headers",
        "1000 of one name",
        "15 KB in one header",
        "17 KB in one header",
        "endless name",
        "query of 17 KB",
        "path of 70 KB",
        "endless method",
    ],
)
def test_head_is_bounded(target: Target, sent: bytes, statuses: set[int]) -> None:
    assert status_of(target.answers(sent)) in statuses
    assert is_served(target)


@pytest.mark.parametrize(
    "url", ["/" + "p" * 2_048, "/healthz?" + "q" * 2_041], ids=["path", "query"]
)
def test_url_beyond_2048_characters_is_a_problem_of_its_own(target: Target, url: str) -> None:
    answer = target.answers(head("GET", url, CLOSE))

    assert status_of(answer) == 414
    assert b"content-type: application/problem+json" in answer.lower()
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == 414


def test_url_of_2048_characters_is_served(target: Target) -> None:
    assert status_of(target.answers(head("GET", "/healthz?" + "q" * 2_000, CLOSE))) == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"\x00" * 100,
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
    ],
    ids=["TLS", "HTTP/2", "negative length", "two lengths", "HTTP/9.9", "zeros", "NUL"],
)
def test_what_is_no_http_ends_its_connection_and_no_other(target: Target, garbage: bytes) -> None:
    first = head("GET", "/healthz")

    answer = target.answers(first + garbage)

    assert status_of(answer) == 200
    assert answer.count(b'{"status":"ok"}') <= 1
    assert is_served(target)
