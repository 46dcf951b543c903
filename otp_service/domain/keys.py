"""Keys: a list of secrets, newest first, and one derived key for each use of them."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from enum import StrEnum

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MIN_SECRET_BYTES = 32


class Use(StrEnum):
    """What a derived key is for. A key of one use says nothing about that of another."""

    PIN = "pin"
    PURPOSE = "purpose"
    SEAL = "seal"
    PROOF = "proof"
    TOKEN = "token"  # noqa: S105 - a word for a use, no secret
    TOKEN_SEAL = "token_seal"  # noqa: S105 - the same
    FIXED_PIN = "fixed-pin"


class KeyRing:
    """Derived keys of every secret: the first signs, all are accepted.

    Rotation is two deploys: add the new secret last, so that every worker accepts it, then move it
    first.

    Args:
        secrets: newest first, each at least 32 bytes.

    Raises:
        ValueError: no secret, or one that is too short.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets:
            raise ValueError("at least one secret is needed")
        self._derived = {use: tuple(derive_key(s, use.value) for s in secrets) for use in Use}

    def newest(self, use: Use) -> bytes:
        """Give the 32-byte key to sign with."""
        return self._derived[use][0]

    def accepted(self, use: Use) -> tuple[bytes, ...]:
        """Give every 32-byte key to accept, newest first."""
        return self._derived[use]

    def __repr__(self) -> str:
        return f"KeyRing({len(self._derived[Use.PIN])} secrets)"


def derive_key(secret: bytes, use: str) -> bytes:
    """Derive the 32-byte key of one use.

    Raises:
        ValueError: the secret is under 32 bytes.

    Source:
        RFC 5869 (HKDF) with SHA-256, no salt: the secrets are uniformly random themselves.
    """
    if len(secret) < MIN_SECRET_BYTES:
        raise ValueError(f"a secret needs at least {MIN_SECRET_BYTES} bytes")
    info = b"otp_service:" + use.encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret)


def keyed_tag(key: bytes, text: str, length: int) -> str:
    """Give URL-safe characters that stand for a text, and lead back to it for nobody.

    Args:
        length: of the tag in bytes, a multiple of 3, so that it needs no padding.
    """
    digest = hmac.digest(key, text.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:length]).decode()
