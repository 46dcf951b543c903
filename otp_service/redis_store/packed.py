"""What is fixed at a verification's start, in one field of its record, and short forms of texts.

A field of its own costs Redis five bytes more than its value, and a record has ten of these. All of
it together is what keeps a record within a smaller block of memory (``docs/data-life.md``).
"""

import base64
import re
from collections.abc import Mapping
from datetime import timedelta

from otp_service.domain.verification import MessagePlan
from otp_service.ports import NewVerification
from otp_service.redis_store.budget_text import milliseconds

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_BASE = len(_DIGITS)
# The purpose of a record that names none. It stays, whatever a start's default may be one day.
UNNAMED_PURPOSE = "login"

_MASKED = re.compile(r"\+(\d+)(\*+)(\d+)")
_SHORT_MASKED = re.compile(r"(\d+)([a-z])(\d+)")
_HEX_ID = re.compile(r"[0-9a-f]{32}")
# No id of a provider's begins with it.
_SHORT_ID = "="


def pack(new: NewVerification) -> str:
    """Give the field ``R`` (``lua/record.lua``), at most 64 bytes of ASCII."""
    rules, plan = new.call.application.rules, new.plans[0]
    spans = (rules.life, rules.resend_cooldown, rules.retention)
    parts = [
        *map(_base36, spans),
        str(rules.sends),
        template_of(new.plans),
        plan.language,
        plan.language_reason.value[0],
        new.country,
        new.prefix_tag,
        _short_masked(new.masked_phone),
    ]
    return "|".join(parts)


def unpack(packed: bytes) -> dict[str, bytes]:
    """Give it as the fields that a record of the previous release has."""
    names = ("l", "w", "h", "y", "t", "g", "j", "c", "p", "m")
    fields = dict(zip(names, packed.decode().split("|"), strict=True))
    spans = {name: str(int(fields[name], _BASE)) for name in ("l", "w", "h")}
    fields |= spans | {"m": _masked(fields["m"])}
    return {name: text.encode() for name, text in fields.items()}


def apart(new: NewVerification) -> Mapping[str, str | int]:
    """Give the fields that a record of the previous release has in its stead."""
    rules, plan = new.call.application.rules, new.plans[0]
    return {
        "l": milliseconds(rules.life),
        "w": milliseconds(rules.resend_cooldown),
        "h": milliseconds(rules.retention),
        "y": rules.sends,
        "t": template_of(new.plans),
        "g": plan.language,
        "j": plan.language_reason.value[0],
        "c": new.country,
        "p": new.prefix_tag,
        "m": new.masked_phone,
        "u": new.purpose,
    }


def template_of(plans: tuple[MessagePlan, ...]) -> str:
    """Give the template of the channel that has templates; empty if there is no such plan."""
    return next((str(plan.template_id) for plan in plans if plan.template_id), "")


def short_id(request_id: str) -> str:
    """Give a provider's id of a message, shorter if it is 32 hex digits as they are."""
    if not _HEX_ID.fullmatch(request_id):
        return request_id
    return _SHORT_ID + base64.urlsafe_b64encode(bytes.fromhex(request_id)).decode().rstrip("=")


def whole_id(text: str) -> str:
    """Give it back as the provider has it, be it short or, as the previous release kept it, not."""
    if not text.startswith(_SHORT_ID):
        return text
    return base64.urlsafe_b64decode(text.removeprefix(_SHORT_ID) + "==").hex()


def _base36(span: timedelta) -> str:
    left, text = milliseconds(span), ""
    while left or not text:
        left, digit = divmod(left, _BASE)
        text = _DIGITS[digit] + text
    return text


def _short_masked(masked: str) -> str:
    """Write the stars of a masked number as the letter with their count, ``a`` for none."""
    found = _MASKED.fullmatch(masked)
    return f"{found[1]}{_letter(len(found[2]))}{found[3]}" if found else masked


def _masked(text: str) -> str:
    found = _SHORT_MASKED.fullmatch(text)
    return f"+{found[1]}{'*' * (ord(found[2]) - ord('a'))}{found[3]}" if found else text


def _letter(count: int) -> str:
    return chr(ord("a") + count)
