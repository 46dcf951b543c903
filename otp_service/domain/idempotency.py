"""Idempotency keys: a request told from every other, and from itself with another body."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar

from otp_service.domain.identity import VerificationId
from otp_service.domain.keys import derive_key

_NAME_BYTES = 18
_FINGERPRINT_BYTES = 16

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Idempotency:
    """One request's Idempotency-Key, as the store gets to see it.

    Args:
        name: 24 URL-safe characters, the same for the same key of the same sender on the same path
            (and about the same verification).
        fingerprint: 16 bytes, the same for the same body.
    """

    name: str
    fingerprint: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyHeld:
    """An earlier request holds this Idempotency-Key; nothing was done.

    Args:
        retry_after: until it gives way, where it is the same request and still runs; None where it
            is another one.
    """

    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Replayed(Generic[_Answer]):
    """The same request was answered before, and nothing was done now.

    Args:
        answer: the first one, as it was then.
    """

    answer: _Answer


@dataclass(frozen=True, slots=True)
class Standing:
    """The verification that was to be stored stands already; nothing was done."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An Idempotency-Key is this start's to use.

    Args:
        vid: the verification it stands for: the one that was proposed, or that of a start which
            broke off.
    """

    vid: VerificationId


class IdempotencyScheme:
    """Turns keys and bodies into what may stand in the store.

    Both are keyed hashes: a body may hold a code, which six digits' worth of trials would find
    under a plain one.

    Args:
        number_key: the secret behind them, for it outlives rotations: under another key a repeated
            request is a new one.

    Raises:
        ValueError: the key is under 32 bytes.
    """

    def __init__(self, number_key: bytes) -> None:
        self._key = derive_key(number_key, "idempotency")

    def read(
        self,
        key: str,
        *,
        owner: tuple[str, ...],
        path: str,
        body: Mapping[str, object],
        verification_id: str = "",
    ) -> Idempotency:
        """Give what stands for a request.

        Args:
            owner: who sent it; another's same key is another.
            body: as parsed; the order of members does not matter, everything else does.
        """
        name = self._digest([*owner, path, verification_id, key])[:_NAME_BYTES]
        text = base64.urlsafe_b64encode(name).decode()
        return Idempotency(text, self._digest([text, body])[:_FINGERPRINT_BYTES])

    def _digest(self, parts: list[object]) -> bytes:
        # JSON keeps the parts apart whatever they hold.
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
        return hmac.digest(self._key, text.encode(), hashlib.sha256)
