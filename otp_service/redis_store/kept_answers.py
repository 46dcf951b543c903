"""What was answered to requests with an Idempotency-Key (``lua/idempotency.lua``)."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from otp_service.domain.idempotency import Idempotency, KeyHeld, Replayed
from otp_service.domain.identity import VerificationId
from otp_service.redis_store.key_names import entry_key
from otp_service.redis_store.operations import Answer

_Told = TypeVar("_Told")


def entry_keys(vid: VerificationId, idempotency: Idempotency | None) -> list[str]:
    """Give what a script's keys end with: the kept answer's, if there is anything to keep."""
    return [entry_key(vid, idempotency.name)] if idempotency else []


def fingerprint_of(idempotency: Idempotency | None) -> bytes:
    """Give what a script's arguments end with."""
    return idempotency.fingerprint if idempotency else b""


def told_once(answer: Answer, read: Callable[[Answer], _Told]) -> _Told | Replayed[_Told] | KeyHeld:
    """Read a script's answer, be it the first one, or what is known of that one.

    Args:
        read: reads an answer that says nothing of Idempotency-Keys.
    """
    status, *rest = answer
    match status:
        case b"reused":
            return KeyHeld()
        case b"running":
            return KeyHeld(timedelta(milliseconds=rest[0]))
        case b"replayed":
            return Replayed(read(rest[0]))
        case _:
            return read(answer)
