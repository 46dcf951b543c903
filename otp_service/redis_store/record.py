"""One verification between the domain's terms and the fields of its hash (``lua/record.lua``)."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from otp_service.domain.identity import VerificationId
from otp_service.domain.verification import (
    Channel,
    Delivery,
    DeliveryState,
    LanguageReason,
    MessagePlan,
    Status,
    Verification,
)
from otp_service.ports import NewVerification
from otp_service.redis_store.budget_text import budget_text
from otp_service.redis_store.packed import UNNAMED_PURPOSE, apart, pack, unpack, whole_id
from otp_service.redis_store.scripts import Argument

# Redis keeps a small hash as one compact block while no field is longer than this
# (hash-max-listpack-value); a longer one multiplies its memory.
MAX_FIELD_BYTES = 64

STATUSES = {
    "p": Status.PENDING,
    "a": Status.APPROVED,
    "x": Status.EXHAUSTED,
    "c": Status.CANCELED,
    "e": Status.EXPIRED,
}
_STATES = {"a": DeliveryState.ACCEPTED, "u": DeliveryState.UNKNOWN}
CHANNELS = {"v": Channel.VIBER, "s": Channel.SMS}
_CHANNEL_LETTERS = {channel: letter for letter, channel in CHANNELS.items()}
_FIELDS = {"b": "business_name", "a": "action", "r": "reason", "p": "pin_type"}
_REASONS = {reason.value[0]: reason for reason in LanguageReason}


def encode(new: NewVerification, *, for_previous_release: bool = False) -> list[Argument]:
    """Give the fields of a new record that no script computes, names and values in turn.

    Args:
        for_previous_release: as workers of that release read it too.
    """
    fields: dict[str, Argument] = {
        "a": new.call.application.id,
        "q": new.purpose_digest,
        "f": new.sealed_phone,
        "k": new.call.application.rules.attempts,
    }
    if for_previous_release:
        fields |= apart(new)
    else:
        fields["R"] = pack(new)
        if new.purpose != UNNAMED_PURPOSE:
            fields["u"] = new.purpose
    if new.call.address_tag is not None:
        fields["ip"] = new.call.address_tag
    if new.call.token_id is not None:
        fields["T"] = new.call.token_id
    if new.is_test:
        fields["B"] = budget_text(new.call.application.budgets).sliding
    if new.sealed_context is not None:
        fields["K"] = new.sealed_context
    if any(plan.unused for plan in new.plans):
        fields["i"] = ",".join(map(_unused_text, new.plans))
    texts = {name: text for plan in new.plans for name, text in plan.texts.items()}
    if texts:
        fields |= _pieces(texts)
    return [part for field in fields.items() for part in field]


def channel_letters(channels: Iterable[Channel]) -> str:
    """Give the letters of channels, in their order, as sends' fields have them."""
    return "".join(_CHANNEL_LETTERS[channel] for channel in channels)


def _unused_text(plan: MessagePlan) -> str:
    """Write ``s`` for SMS and then a letter for each field that its message cannot hold."""
    letters = {name: letter for letter, name in _FIELDS.items()}
    return _CHANNEL_LETTERS[plan.channel] + "".join(letters[name] for name in plan.unused)


def decode(vid: VerificationId, now_ms: bytes, flat: Sequence[bytes]) -> Verification:
    """Read a script's view of a record: the store's moment, and the hash flat."""
    fields = {name.decode(): value for name, value in zip(flat[::2], flat[1::2], strict=True)}
    if "R" in fields:
        fields |= unpack(fields["R"])
    # What follows from other fields, a record need not have.
    fields = {"u": UNNAMED_PURPOSE.encode(), "o": fields["n"], **fields}
    number = {name: int(fields[name]) for name in ("e", "n", "y", "k", "o", "l", "w")}
    now = moment(int(now_ms))
    expires_at = moment(number["e"])
    status = STATUSES[fields["s"].decode()]
    if status is Status.PENDING and now >= expires_at:
        status = Status.EXPIRED
    deliveries = _deliveries(fields, number["o"], number["l"])
    return Verification(
        id=vid,
        application_id=fields["a"].decode(),
        purpose=fields["u"].decode(),
        status=status,
        country=fields["c"].decode(),
        masked_phone=fields["m"].decode(),
        prefix_tag=fields.get("p", b"").decode(),
        address_tag=fields["ip"].decode() if "ip" in fields else None,
        sealed_context=fields.get("K"),
        sealed_phone=fields.get("f", b""),
        life=timedelta(milliseconds=number["l"]),
        attempts_left=number["k"],
        sends_left=number["y"] - number["n"],
        expires_at=expires_at,
        resend_at=moment(number["e"] - number["l"] + number["w"] * 2 ** (number["n"] - 1)),
        read_at=now,
        plan=_plan(fields, deliveries[-1]),
        deliveries=deliveries,
        verified_at=moment(int(fields["v"])) if "v" in fields else None,
        verified_send=int(fields["r"]) if "r" in fields else None,
        owner_tag=fields["O"].decode() if "O" in fields else None,
        is_test="B" in fields,
    )


def _plan(fields: dict[str, bytes], last: Delivery) -> MessagePlan:
    letter = _CHANNEL_LETTERS[last.channel]
    unused = (text for text in fields.get("i", b"").decode().split(",") if text[:1] == letter)
    return MessagePlan(
        channel=last.channel,
        template_id=last.template_id,
        language=last.language,
        language_reason=_REASONS[fields["j"].decode()],
        texts=_joined(fields),
        unused=tuple(_FIELDS[field] for field in next(unused, "")[1:]),
    )


def _deliveries(fields: dict[str, bytes], newest_send: int, life_ms: int) -> tuple[Delivery, ...]:
    sends = [send for send in range(1, newest_send + 1) if f"s{send}" in fields]
    return tuple(
        _delivery(
            send,
            fields[f"s{send}"].decode(),
            int(fields.get(f"e{send}", fields["e"])) - life_ms,
        )
        for send in sends
    )


def _delivery(send: int, text: str, sent_ms: int) -> Delivery:
    state, channel, template, language, request_id = text.split("|")
    return Delivery(
        send=send,
        channel=CHANNELS[channel],
        template_id=int(template) if template else None,
        language=language,
        state=_STATES[state],
        sent_at=moment(sent_ms),
        request_id=whole_id(request_id) or None,
    )


def _pieces(texts: dict[str, str]) -> dict[str, Argument]:
    whole = json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode()
    starts = range(0, len(whole), MAX_FIELD_BYTES)
    return {
        f"x{number}": whole[start : start + MAX_FIELD_BYTES]
        for number, start in enumerate(starts, start=1)
    }


def _joined(fields: dict[str, bytes]) -> dict[str, str]:
    whole = b""
    number = 1
    while f"x{number}" in fields:
        whole += fields[f"x{number}"]
        number += 1
    texts: dict[str, str] = json.loads(whole) if whole else {}
    return texts


def moment(milliseconds: int) -> datetime:
    """Read a moment of the store's clock."""
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
