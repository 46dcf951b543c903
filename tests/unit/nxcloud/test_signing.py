import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest

from otp_service.nxcloud.signing import (
    Algorithm,
    Credentials,
    Operation,
    sign,
    signed_headers,
    string_to_sign,
)

CREDENTIALS = Credentials(access_key="fme2na3kdi3ki", access_secret="abciiiko2k3")
SEND = Operation(biz_type="1", action="send")
TS_MS = 1655710885431


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            '{"name":"牛小信","id":10001}', "87c3560d3331ae23f1021e2025722354", id="name-first"
        ),
        pytest.param(
            '{"id": 10001, "name": "牛小信"}', "d0c24a9886c629330d7f3f2056c65bc2", id="with-blanks"
        ),
        pytest.param(
            '{"id":10001,"name":"牛小信"}', "7750759da06333f20d0640be09355e34", id="id-first"
        ),
    ],
)
def test_published_vector_is_met(body: str, expected: str) -> None:
    signature = sign(CREDENTIALS, SEND, ts_ms=TS_MS, body=body.encode())

    assert signature == expected


@pytest.mark.parametrize("algorithm", Algorithm)
def test_signature_is_the_lowercase_hex_hash_of_the_string(algorithm: Algorithm) -> None:
    text = string_to_sign(CREDENTIALS, SEND, ts_ms=TS_MS, body=b"{}")

    signature = sign(CREDENTIALS, SEND, ts_ms=TS_MS, body=b"{}", algorithm=algorithm)

    assert signature == hashlib.new(algorithm.value, text).hexdigest()


def test_body_stands_in_the_string_as_it_is() -> None:
    text = string_to_sign(CREDENTIALS, SEND, ts_ms=TS_MS, body=b'{"a": "\xff"}')

    assert text == (
        b"accessKey=fme2na3kdi3ki&action=send&bizType=1&ts=1655710885431"
        b'&body={"a": "\xff"}&accessSecret=abciiiko2k3'
    )


def test_empty_body_leaves_its_part_out() -> None:
    text = string_to_sign(CREDENTIALS, SEND, ts_ms=TS_MS, body=b"")

    assert text == (
        b"accessKey=fme2na3kdi3ki&action=send&bizType=1&ts=1655710885431&accessSecret=abciiiko2k3"
    )


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=9))], ids=["utc", "tokyo"])
def test_headers_carry_the_time_in_milliseconds_whatever_the_zone(zone: timezone) -> None:
    now = datetime(2022, 6, 20, 7, 41, 25, 431_900, tzinfo=UTC).astimezone(zone)

    headers = signed_headers(CREDENTIALS, SEND, now=now, body=b"{}")

    assert headers == {
        "accessKey": "fme2na3kdi3ki",
        "ts": "1655710885431",
        "bizType": "1",
        "action": "send",
        "sign": sign(CREDENTIALS, SEND, ts_ms=TS_MS, body=b"{}"),
        "Content-Type": "application/json",
    }


def test_other_algorithm_is_named_in_a_header() -> None:
    now = datetime(2022, 6, 20, 7, 41, 25, 431_000, tzinfo=UTC)

    headers = signed_headers(CREDENTIALS, SEND, now=now, body=b"{}", algorithm=Algorithm.SHA256)

    assert headers["algorithm"] == "sha256"
    assert headers["sign"] == sign(
        CREDENTIALS, SEND, ts_ms=TS_MS, body=b"{}", algorithm=Algorithm.SHA256
    )


def test_credentials_do_not_show_in_their_repr() -> None:
    shown = f"{CREDENTIALS!r} {CREDENTIALS}"

    assert "abciiiko2k3" not in shown
    assert "fme2na3kdi3ki" not in shown


@pytest.mark.parametrize(
    ("access_key", "access_secret"),
    [("", "s"), ("k", ""), ("k\r\nInjected: 1", "s"), ("k k", "s"), ("ключ", "s")],
    ids=["no-key", "no-secret", "line-break", "blank", "not-ascii"],
)
def test_credentials_that_cannot_travel_are_refused_unshown(
    access_key: str, access_secret: str
) -> None:
    with pytest.raises(ValueError, match="the access") as refused:
        Credentials(access_key=access_key, access_secret=access_secret)

    assert "Injected" not in str(refused.value)
