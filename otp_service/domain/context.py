"""Contexts: what else a code is bound to, such as the amount and the payee of a payment."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from otp_service.domain.identity import VerificationId
from otp_service.domain.sealing import Sealer

MAX_PAIRS = 16
MAX_KEY_CHARACTERS = 64
MAX_CANONICAL_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Context:
    """Pairs of texts in the one form that stands for them.

    Args:
        canonical: JSON in which the order of keys and the space between tokens say nothing.
    """

    canonical: str = field(repr=False)

    @classmethod
    def of(cls, pairs: Mapping[str, str]) -> "Context":
        """Give the context of these pairs.

        Texts are compared as they are given, code point by code point: no normalisation makes two
        spellings one.

        Raises:
            ValueError: it is over 1,024 bytes in its canonical form.

        Source:
            RFC 8785 (JSON Canonicalization Scheme): no white space, members sorted by the UTF-16
            code units of their names, no escapes but those that JSON asks for.
        """
        ordered = dict(sorted(pairs.items(), key=lambda pair: pair[0].encode("utf-16-be")))
        canonical = json.dumps(ordered, ensure_ascii=False, separators=(",", ":"))
        if len(canonical.encode()) > MAX_CANONICAL_BYTES:
            raise ValueError(f"is over {MAX_CANONICAL_BYTES} bytes")
        return cls(canonical)

    @property
    def sha256(self) -> bytes:
        """The 32 bytes by which whoever holds a proof knows the context again."""
        return hashlib.sha256(self.canonical.encode()).digest()


def bound_text(purpose: str, context: Context | None) -> str:
    """Give what a code is good for, as one text: its purpose, and its context if it has one.

    A purpose holds no NUL, so no pair of a purpose and a context reads like another.
    """
    return purpose if context is None else f"{purpose}\x00{context.canonical}"


def seal_context_hash(sealer: Sealer, context: Context | None, vid: VerificationId) -> bytes | None:
    """Give the 60 bytes that stand for a context at rest, if there is one.

    Sealed, for an amount and a payee can be found by trial from their bare hash.
    """
    if context is None:
        return None
    return sealer.seal_bytes(context.sha256, bound_to=_place(vid))


def open_context_hash(sealer: Sealer, sealed: bytes | None, vid: VerificationId) -> bytes | None:
    """Give the hash of the context back, if there was one.

    Raises:
        SealBroken: sealed with a key that is not accepted, or altered.
    """
    return None if sealed is None else sealer.open_bytes(sealed, bound_to=_place(vid))


def _place(vid: VerificationId) -> str:
    # Not the id alone, which the number is sealed for.
    return f"{vid.text} context"
