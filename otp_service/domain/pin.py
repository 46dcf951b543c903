"""PINs: drawn without bias, kept only as a keyed hash, read as people type them."""

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Sequence

MIN_CODE_DIGITS = 4
MAX_CODE_DIGITS = 10


class Pin:
    """The digits of one message. Its ``repr`` and ``str`` hide them."""

    __slots__ = ("digits",)

    def __init__(self, digits: str) -> None:
        self.digits = digits

    def __repr__(self) -> str:
        return f"Pin({len(self.digits)} digits)"


def draw_pin(digits: int) -> Pin:
    """Draw a PIN from the operating system's CSPRNG, every value equally likely, zeros kept."""
    return Pin(f"{secrets.randbelow(10**digits):0{digits}d}")


def read_code(text: str) -> str | None:
    """Read what a user typed: ASCII digits, or None if it cannot be a code.

    Spaces and hyphens are dropped and decimal digits of other scripts are read, so that a pasted
    ``123 456`` and an Arabic ``١٢٣٤٥٦`` are the same code.

    Source:
        Unicode general categories: Nd (decimal digits), Zs (spaces), Pd (dashes).
    """
    digits = []
    for character in text:
        category = unicodedata.category(character)
        if category in {"Zs", "Pd"}:
            continue
        if category != "Nd":
            return None
        digits.append(str(unicodedata.decimal(character)))
    if not MIN_CODE_DIGITS <= len(digits) <= MAX_CODE_DIGITS:
        return None
    return "".join(digits)


def pin_digest(key: bytes, *, verification_id: str, digits: str) -> bytes:
    """Give the 32 bytes that stand for a PIN at rest: HMAC-SHA-256, bound to its verification."""
    return _bound(key, verification_id, digits)


def purpose_digest(key: bytes, *, verification_id: str, purpose: str) -> bytes:
    """Give the 32 bytes that bind a verification's PINs to its purpose.

    It stands beside the PIN digests and both must match, so that a PIN is good for its own purpose
    only. It is a digest of its own because a resend draws a PIN without being told the purpose.
    """
    return _bound(key, verification_id, purpose)


def digests_to_accept(
    keys: Sequence[bytes], *, verification_id: str, text: str
) -> tuple[bytes, ...]:
    """Give the digest of a guess under every accepted key, newest first."""
    return tuple(_bound(key, verification_id, text) for key in keys)


def _bound(key: bytes, verification_id: str, text: str) -> bytes:
    return hmac.digest(key, f"{verification_id}\x00{text}".encode(), hashlib.sha256)
