"""What the provider's result codes mean to us, read from the data file."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from otp_service import data

ACCEPTED = 0
CLOCK_OFF = 1004
FIELD_REFUSED = 9000


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
    """

    fault: Fault
    reason: str
    advice: str


_OTHER = Meaning(fault=Fault.PROVIDER, reason="code_other", advice="")


def meaning_of(code: int) -> Meaning:
    """Look a code up; one that is not in the data file is the provider's, and passing."""
    return _meanings().get(code, _OTHER)


def code_reasons() -> frozenset[str]:
    """Give every word that ``meaning_of`` can give as a reason."""
    return frozenset(meaning.reason for meaning in _meanings().values()) | {_OTHER.reason}


@cache
def _meanings() -> dict[int, Meaning]:
    return {
        row["code"]: Meaning(
            fault=Fault(row["fault"]), reason=f"code_{row['code']}", advice=row["advice"]
        )
        for row in data.load("result_codes.json")["viber"]
    }
