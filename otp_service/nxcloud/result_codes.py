"""What the provider's result codes mean to us, read from the data file."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from otp_service import data
from otp_service.domain.verification import Channel

ACCEPTED = 0
CLOCK_OFF = 1004
FIELD_REFUSED = 9000

# Viber's words came first and have no channel in them.
_WORD = {Channel.VIBER: "code_", Channel.SMS: "sms_code_"}


class Fault(StrEnum):
    """Whose a code is."""

    NONE = "none"
    NUMBER = "number"
    SETUP = "setup"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One code in our terms.

    Args:
        reason: a word for metrics and logs; only codes of the data file have one of their own.
        advice: what an operator should do, in words; empty where there is nothing to do.
        message: what the provider's own documentation says of it.
        may_be_retried: whether the same message may go out again at once.
    """

    fault: Fault
    reason: str
    advice: str
    message: str = ""
    may_be_retried: bool = False


def meaning_of(code: int, channel: Channel) -> Meaning:
    """Look a code up; one that is not in the data file is the provider's, and passing."""
    return _meanings(channel).get(code) or _other(channel)


def code_reasons() -> frozenset[str]:
    """Give every word that ``meaning_of`` can give as a reason."""
    known = {meaning.reason for channel in _WORD for meaning in _meanings(channel).values()}
    return frozenset(known | {_other(channel).reason for channel in _WORD})


def meaning_of_reason(reason: str) -> Meaning | None:
    """Give what stands behind a reason; None where it is no code of the data file."""
    meanings = (meaning for channel in _WORD for meaning in _meanings(channel).values())
    return next((meaning for meaning in meanings if meaning.reason == reason), None)


@cache
def _meanings(channel: Channel) -> Mapping[int, Meaning]:
    return {
        row["code"]: Meaning(
            fault=Fault(row["fault"]),
            reason=f"{_WORD[channel]}{row['code']}",
            advice=row["advice"],
            message=row["message"],
            may_be_retried=row["fault"] == Fault.PROVIDER and row.get("retry_at_once", True),
        )
        for row in data.load("result_codes.json")[channel.value]
    }


@cache
def _other(channel: Channel) -> Meaning:
    return Meaning(
        fault=Fault.PROVIDER, reason=f"{_WORD[channel]}other", advice="", may_be_retried=True
    )
