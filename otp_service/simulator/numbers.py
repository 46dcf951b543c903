"""Numbers whose messages meet a fate of their own, each whole and exact: no rule by last digits.

All are mobile numbers that Sweden keeps for books and films; libphonenumber takes them for valid.

Source:
    PTS (Swedish Post and Telecom Authority), telephone numbers for use in fiction:
    070-174 06 05 to 070-174 06 99.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

LATE_SECONDS = 30.0

End = Literal["delivered", "failed", "expired"]


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What becomes of the messages to a number.

    Args:
        viber: In words.
        sms: In words.
        is_refused: Over Viber, with 9002.
        is_sms_refused: With 6.
        end: What the last receipt of an accepted Viber message says; None for none beyond
            ``success``.
        delay_seconds: Until that receipt; None for the usual time.
        times: How often that receipt comes.
    """

    viber: str = "accepted, delivered"
    sms: str = "accepted"
    is_refused: bool = False
    is_sms_refused: bool = False
    end: End | None = "delivered"
    delay_seconds: float | None = None
    times: int = 1


USUAL = Fate()
SPECIAL: Mapping[str, Fate] = {
    "+46701740681": Fate(viber="refused: 9002", is_refused=True),
    "+46701740682": Fate(viber="accepted, then failed: 11000", end="failed"),
    "+46701740683": Fate(viber="accepted, never delivered", end=None),
    "+46701740684": Fate(viber="accepted, delivered after 30 s", delay_seconds=LATE_SECONDS),
    "+46701740685": Fate(viber="accepted, delivered, with that receipt twice", times=2),
    "+46701740686": Fate(viber="accepted, then expired: 11003", end="expired"),
    "+46701740687": Fate(
        viber="refused: 9002", sms="refused: 6", is_refused=True, is_sms_refused=True
    ),
}


def fate_of(phone: str) -> Fate:
    """Give what becomes of the messages to this number, E.164."""
    return SPECIAL.get(phone, USUAL)


def as_json() -> list[dict[str, Any]]:
    """Give the special numbers as the simulator's own API shows them."""
    return [
        {"phone": phone, "viber": fate.viber, "sms": fate.sms} for phone, fate in SPECIAL.items()
    ]
