"""Verification ids: a secret of their starter that finds its own place in the store.

An id is 36 URL-safe characters. The first 22 are random; the last 14 are the number's tag, masked
with a keyed hash of the first 22. Whoever holds the number key can unmask the tag, which is the
hash tag of every key about that number; without it two ids of one number share nothing visible.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

from otp_service.domain.keys import derive_key

_RANDOM_CHARS = 22
_TAG_CHARS = 14
_BITS_PER_CHAR = 6
_TAG_BITS = _TAG_CHARS * _BITS_PER_CHAR
_ID_BYTES = (_RANDOM_CHARS + _TAG_CHARS) * _BITS_PER_CHAR // 8
_ID_PATTERN = re.compile(rf"[A-Za-z0-9_-]{{{_RANDOM_CHARS + _TAG_CHARS}}}")


@dataclass(frozen=True, slots=True)
class VerificationId:
    """One verification's id, taken apart.

    Args:
        text: the 36 characters the caller knows.
        random: the first 22 of them.
        number_tag: 14 URL-safe characters that name the number, never shown to a caller.
    """

    text: str = field(repr=False)
    random: str
    number_tag: str = field(repr=False)


class IdScheme:
    """Makes and reads ids.

    Args:
        number_key: the secret behind tags and masks. Another key forgets every counter and every
            id.

    Raises:
        ValueError: the key is under 32 bytes.
    """

    def __init__(self, number_key: bytes) -> None:
        self._tag_key = derive_key(number_key, "number-tag")
        self._mask_key = derive_key(number_key, "number-mask")

    def new(self, e164: str) -> VerificationId:
        """Make a fresh id for a number in E.164 with its plus sign."""
        random = _text(secrets.randbits(_RANDOM_CHARS * _BITS_PER_CHAR) << _TAG_BITS)
        tag = _keyed_bits(self._tag_key, e164)
        return self._assemble(random[:_RANDOM_CHARS], tag)

    def number_tag(self, e164: str) -> str:
        """Give the tag of a number in E.164 with its plus sign, as every id of it has."""
        return _tag_text(_keyed_bits(self._tag_key, e164))

    def read(self, text: str) -> VerificationId | None:
        """Take an id apart, or give None for text that cannot be one.

        Every text of the right form names some place; whether anything stands there, the store
        knows.
        """
        if not _ID_PATTERN.fullmatch(text):
            return None
        random = text[:_RANDOM_CHARS]
        masked = int.from_bytes(base64.urlsafe_b64decode(text)) % (1 << _TAG_BITS)
        return self._assemble(random, masked ^ _keyed_bits(self._mask_key, random))

    def join(self, random: str, number_tag: str) -> VerificationId:
        """Make an id whole again from the two parts that the store knows it by."""
        place = base64.urlsafe_b64decode("A" * _RANDOM_CHARS + number_tag)
        return self._assemble(random, int.from_bytes(place))

    def _assemble(self, random: str, tag: int) -> VerificationId:
        masked = tag ^ _keyed_bits(self._mask_key, random)
        return VerificationId(
            text=random + _text(masked)[_RANDOM_CHARS:],
            random=random,
            number_tag=_tag_text(tag),
        )


def _keyed_bits(key: bytes, text: str) -> int:
    digest = hmac.digest(key, text.encode(), hashlib.sha256)
    return int.from_bytes(digest) >> (len(digest) * 8 - _TAG_BITS)


def _text(value: int) -> str:
    """Write a number as 36 characters; the tag's bits are the last 14 of them."""
    return base64.urlsafe_b64encode(value.to_bytes(_ID_BYTES)).decode()


def _tag_text(tag: int) -> str:
    return _text(tag)[_RANDOM_CHARS:]
