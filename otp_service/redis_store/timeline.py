"""One number's timeline between the domain's terms and its entries (``lua/audit.lua``)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from otp_service.domain.audit import Decision, Entry, UsedUp
from otp_service.domain.call import Call
from otp_service.domain.limits import Charge
from otp_service.redis_store.budget_text import milliseconds
from otp_service.redis_store.packed import whole_id
from otp_service.redis_store.record import CHANNELS, STATUSES, moment

KEPT = timedelta(days=7)
"""How long an entry is kept, if the settings do not say otherwise."""

_CHARGES = {
    "s": Charge.START,
    "m": Charge.MESSAGE,
    "g": Charge.WRONG_GUESS,
    "t": Charge.TEST_START,
}
_MOST_CHARACTERS = 48
_MESSAGE = re.compile(r"(\d+)([vs])(?::(.*))?")
_REPLACED = re.compile(r"(\d+)([vs?])(\d+)([vs]):(.*)")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.:-]")


def audit_text(
    kept: timedelta,
    application_id: str,
    call: Call | None = None,
    *,
    charge: str = "",
    reason: str = "",
) -> str:
    """Give the last argument of a script that writes into the timeline.

    Args:
        kept: how long an entry is; zero for writing none.
        call: who asks, where anybody does.
        charge: of the verification.
        reason: why, in a word.
    """
    asks = (call.key_id or "", call.address_tag or "") if call else ("", "")
    who = "|".join(map(plain_word, (application_id, *asks)))
    return f"{milliseconds(kept)} {who} {charge} {plain_word(reason)}"


def plain_word(text: str) -> str:
    """Give a text as it can stand between two bars, whatever a caller made of it."""
    return _UNSAFE.sub("?", text)[:_MOST_CHARACTERS]


def refusal_text(reason: str, wait: timedelta) -> str:
    """Give the detail of a refusal that was decided elsewhere; the wait in whole seconds, up."""
    return f"{plain_word(reason)}/{-(-wait // timedelta(seconds=1))}"


def read_entry(line: bytes) -> Entry | None:
    """Read one entry; None where it is of another version."""
    try:
        time, what, application, key, address, charge, detail = line.decode().split("|")
        decision, read_detail = _READERS[what]
        details = read_detail(detail)
        at = moment(int(time, 36))
    except (KeyError, ValueError, TypeError):
        return None
    return Entry(
        at=at,
        decision=decision,
        application_id=application,
        key_id=key or None,
        address_tag=address or None,
        verification=charge or None,
        **details,
    )


Details = dict[str, Any]


def _first_message(detail: str) -> Details:
    return {"send": 1, "channel": CHANNELS[detail]}


def _message(field: str) -> Callable[[str], Details]:
    """Give the reader of one message, what follows it being this field."""

    def read(detail: str) -> Details:
        send, channel, rest = _groups(_MESSAGE, detail)
        return {
            "send": int(send),
            "channel": CHANNELS[channel],
            field: whole_id(rest or "") or None,
        }

    return read


def _replaced(detail: str) -> Details:
    send, channel, _, _, reason = _groups(_REPLACED, detail)
    return {"send": int(send), "channel": CHANNELS.get(channel), "reason": reason or None}


def _refusal(detail: str) -> Details:
    why, wait = detail.split("/")
    details: Details = {"wait": timedelta(seconds=int(wait))}
    parts = why.split(":")
    if parts[0] == "ended":
        return details | {"ended": STATUSES[parts[1]]}
    if len(parts) == 1:
        return details | {"reason": why}
    kind, limit, window = parts
    used_up = UsedUp(_CHARGES[kind], int(limit), timedelta(seconds=int(window)))
    return details | {"used_up": used_up}


def _send(detail: str) -> Details:
    return {"send": int(detail)}


def _attempts(detail: str) -> Details:
    return {"attempts_left": int(detail)}


def _ended(detail: str) -> Details:
    return {"ended": STATUSES[detail]}


def _lifted(detail: str) -> Details:
    return {"lifted": int(detail)}


def _nothing(detail: str) -> Details:
    if detail:
        raise ValueError("more than is known of")
    return {}


def _groups(pattern: re.Pattern[str], detail: str) -> tuple[str, ...]:
    found = pattern.fullmatch(detail)
    if not found:
        raise ValueError("no such detail")
    return found.groups()


_READERS: dict[str, tuple[Decision, Callable[[str], Details]]] = {
    "s": (Decision.STARTED, _first_message),
    "n": (Decision.START_REFUSED, _refusal),
    "r": (Decision.RESENT, _message("reason")),
    "R": (Decision.RESEND_REFUSED, _refusal),
    "f": (Decision.FELL_BACK, _message("reason")),
    "F": (Decision.FALL_BACK_REFUSED, _refusal),
    "y": (Decision.MESSAGE_TAKEN, _message("request_id")),
    "u": (Decision.MESSAGE_UNKNOWN, _message("reason")),
    "d": (Decision.MESSAGE_NOT_SENT, _message("reason")),
    "p": (Decision.MESSAGE_REPLACED, _replaced),
    "a": (Decision.CODE_RIGHT, _send),
    "w": (Decision.CODE_WRONG, _attempts),
    "x": (Decision.CODE_WRONG_LAST, _nothing),
    "G": (Decision.GUESS_REFUSED, _ended),
    "c": (Decision.CANCELED, _nothing),
    "C": (Decision.CANCEL_REFUSED, _ended),
    "L": (Decision.UNLOCKED, _lifted),
}
