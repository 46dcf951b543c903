"""API keys: drawn at random, known by their hash alone, each good for certain calls."""

import hashlib
import re
import secrets
from enum import StrEnum

# Of a key's hash as many digits as name it to people, where it has no other name.
_NAME_DIGITS = 8
# And as many as tell the keys of one service apart, however many there are.
_FINGERPRINT_DIGITS = 16
_RANDOM_BYTES = 32
_ID = re.compile(r"[a-z0-9_-]{1,32}")


class Scope(StrEnum):
    """What a key may be good for."""

    START = "start"
    VERIFY = "verify"
    STATUS = "status"
    TOKENS = "tokens"
    CLIENT_IP = "client_ip"


EVERY_SCOPE = frozenset(Scope)

_COMMAND_LINES_OWN = "admin"


class KeyKind(StrEnum):
    """What the prefix of a key says of it, to whoever finds it somewhere."""

    LIVE = "live"
    TEST = "test"
    OPERATOR = "operator"


def draw_key(kind: KeyKind) -> str:
    """Draw a key from the operating system's CSPRNG: its prefix, then 256 bits in 43 characters."""
    return f"otp_{kind}_{secrets.token_urlsafe(_RANDOM_BYTES)}"


def hash_key(key: str) -> str:
    """Give the SHA-256 that stands for a key in the settings, as 64 hexadecimal digits.

    Unsalted and fast: nobody can try out 256 random bits.
    """
    return hashlib.sha256(key.encode()).hexdigest()


def name_of_hash(key_hash: str) -> str:
    """Name a key that has no name of its own: the first 8 digits of its hash."""
    return key_hash[:_NAME_DIGITS]


def fingerprint_of_hash(key_hash: str) -> str:
    """Tell a key from every other: the first 16 digits of its hash, which no key can be had from.

    It stays the key's when the settings give the key another name.
    """
    return key_hash[:_FINGERPRINT_DIGITS]


def read_key_id(text: str) -> str:
    """Give the public name of a key, if it can be one.

    Raises:
        ValueError: it cannot; the text says why, and does not repeat it.
    """
    if not _ID.fullmatch(text):
        raise ValueError("must have 1 to 32 of a-z, 0-9, _ and -")
    return text


def read_scope(word: str) -> Scope:
    """Give the scope of a word.

    Raises:
        ValueError: there is none; the text says why, and does not repeat the word.
    """
    if word == _COMMAND_LINES_OWN:
        raise ValueError("must not be admin: that is the command line's alone, and no key's")
    try:
        return Scope(word)
    except ValueError:
        raise ValueError(f"must be one of {', '.join(Scope)}") from None
