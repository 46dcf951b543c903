"""Whether a request is the account's own: common headers, clock and signature.

Source:
    NXCloud, 'API invocation convention' and 'Send Message' (Viber), header parameters.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from werkzeug.datastructures import Headers

from otp_service.simulator.answer import (
    INSUFFICIENT_PERMISSIONS,
    INVALID_SIGNATURE,
    MISSING_PARAMETERS,
    PARAMETER_ERROR,
    TIMESTAMP_EXPIRED,
    Refused,
)

COMMON_HEADERS = ("accessKey", "ts", "bizType", "action", "sign")
CLOCK_TOLERANCE_MS = 60_000

_DIGESTS = {"md5": hashlib.md5, "sha256": hashlib.sha256}
_MILLISECONDS = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, kw_only=True)
class Keys:
    """What the one account the simulator knows signs with, and its one application."""

    access_key: str
    access_secret: str = field(repr=False)
    appkey: str


@dataclass(frozen=True, kw_only=True)
class Business:
    """What a request is for, as its headers say it."""

    biz_type: str
    action: str


def sign(
    body: bytes,
    secret: str,
    *,
    access_key: str,
    action: str,
    biz_type: str,
    ts: str,
    algorithm: str = "md5",
) -> str:
    """Give the signature of these exact bytes, in lowercase hex.

    Args:
        body: What goes over the wire, byte for byte; when it is empty, the string to sign has no
            ``body`` part.
        algorithm: ``md5`` or ``sha256``.
    """
    signed = f"accessKey={access_key}&action={action}&bizType={biz_type}&ts={ts}".encode()
    if body:
        signed += b"&body=" + body
    signed += f"&accessSecret={secret}".encode()
    return _DIGESTS[algorithm](signed).hexdigest()


def authenticate(
    headers: Headers, body: bytes, *, keys: Keys, business: Business, now_ms: int
) -> None:
    """Let a request of the account pass.

    Args:
        body: The bytes that arrived.
        now_ms: The provider's clock, milliseconds since the Unix epoch.

    Raises:
        Refused: With 1001, 1005, 1004, 1002 or 1003, in this order.
    """
    for name in COMMON_HEADERS:
        if not headers.get(name):
            raise Refused(MISSING_PARAMETERS, f"the header {name} is missing")
    if not _same(headers["accessKey"], keys.access_key):
        raise Refused(INSUFFICIENT_PERMISSIONS, "no account has this accessKey")
    _check_clock(headers["ts"], now_ms)
    if headers["bizType"] != business.biz_type:
        raise Refused(PARAMETER_ERROR, f"bizType is not {business.biz_type}")
    if headers["action"] != business.action:
        raise Refused(PARAMETER_ERROR, f"action is not {business.action}")
    algorithm = headers.get("algorithm", "md5")
    if algorithm not in _DIGESTS:
        raise Refused(PARAMETER_ERROR, "algorithm is neither md5 nor sha256")
    expected = sign(
        body,
        keys.access_secret,
        access_key=keys.access_key,
        action=business.action,
        biz_type=business.biz_type,
        ts=headers["ts"],
        algorithm=algorithm,
    )
    if not _same(headers["sign"], expected):
        raise Refused(INVALID_SIGNATURE, "sign is not the signature of the bytes that arrived")


def _check_clock(ts: str, now_ms: int) -> None:
    if not _MILLISECONDS.fullmatch(ts):
        raise Refused(TIMESTAMP_EXPIRED, "ts is no count of milliseconds")
    if abs(now_ms - int(ts)) > CLOCK_TOLERANCE_MS:
        raise Refused(TIMESTAMP_EXPIRED, "ts is more than 60000 ms from the simulator's clock")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
