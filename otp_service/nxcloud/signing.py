"""Signed requests: what every API of the provider asks of a caller.

Source:
    NXCloud, "API invocation convention": the string to sign, the common headers, the vectors.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Algorithm(StrEnum):
    """How the string to sign is hashed; the provider assumes MD5 unless told otherwise."""

    MD5 = "md5"
    SHA256 = "sha256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The account's two halves; neither shows in a ``repr``.

    Args:
        access_key: printable ASCII without blanks, since it travels in a header.

    Raises:
        ValueError: one of the two is empty, or the access key cannot travel in a header.
    """

    access_key: str = field(repr=False)
    access_secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.access_secret:
            raise ValueError("the access secret is empty")
        if not self.access_key or not all("!" <= sign <= "~" for sign in self.access_key):
            raise ValueError("the access key is not printable ASCII without blanks")


@dataclass(frozen=True, slots=True)
class Operation:
    """Which business and which of its actions a request is for, such as ``7`` and ``mt``."""

    biz_type: str
    action: str


def string_to_sign(
    credentials: Credentials, operation: Operation, *, ts_ms: int, body: bytes
) -> bytes:
    """Give the bytes that are hashed. They hold the secret: never log them.

    Args:
        ts_ms: the caller's clock, milliseconds since the Unix epoch.
        body: the exact bytes that will be sent; empty for a request without a body.
    """
    head = (
        f"accessKey={credentials.access_key}&action={operation.action}"
        f"&bizType={operation.biz_type}&ts={ts_ms}"
    )
    signed_body = b"&body=" + body if body else b""
    return head.encode() + signed_body + f"&accessSecret={credentials.access_secret}".encode()


def sign(
    credentials: Credentials,
    operation: Operation,
    *,
    ts_ms: int,
    body: bytes,
    algorithm: Algorithm = Algorithm.MD5,
) -> str:
    """Give the signature as lowercase hex digits: 32 for MD5, 64 for SHA-256."""
    text = string_to_sign(credentials, operation, ts_ms=ts_ms, body=body)
    if algorithm is Algorithm.SHA256:
        return hashlib.sha256(text).hexdigest()
    # The provider's choice, not ours: the flag lets a FIPS build of OpenSSL compute it at all.
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def signed_headers(
    credentials: Credentials,
    operation: Operation,
    *,
    now: datetime,
    body: bytes,
    algorithm: Algorithm = Algorithm.MD5,
) -> dict[str, str]:
    """Give the headers that make a request ours.

    Args:
        now: the time of this very exchange; the provider refuses one 60 s off its own.
    """
    ts_ms = (now - _EPOCH) // timedelta(milliseconds=1)
    headers = {
        "accessKey": credentials.access_key,
        "ts": str(ts_ms),
        "bizType": operation.biz_type,
        "action": operation.action,
        "sign": sign(credentials, operation, ts_ms=ts_ms, body=body, algorithm=algorithm),
        "Content-Type": "application/json",
    }
    if algorithm is not Algorithm.MD5:
        headers["algorithm"] = algorithm.value
    return headers
