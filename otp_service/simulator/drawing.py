"""What the page draws of a chat: its days, and the bubbles of each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from itertools import groupby
from typing import Any, Literal

from otp_service.data import load
from otp_service.simulator import attachment, wording
from otp_service.simulator.attachment import Button, File, Picture
from otp_service.simulator.chat import Channel, Entry, Message, Reply, State, rfc3339
from otp_service.simulator.wording import Piece

Direction = Literal["ltr", "rtl", "auto"]

_LANGUAGES: dict[str, dict[str, Any]] = {
    entry["code"]: entry for entry in load("languages.json")["languages"]
}


@dataclass(frozen=True, kw_only=True, repr=False)
class Bubble:
    """One message as the chat draws it.

    Args:
        code: What the copy button copies.
        direction: Of the language it went out in; ``auto`` where that is not known.
        billed: How it is billed, in words; None where the channel says it.
    """

    id: str
    channel: Channel
    pieces: tuple[Piece, ...]
    code: str | None
    picture: Picture | None
    file: File | None
    button: Button | None
    template_id: int | None
    language: str | None
    language_name: str | None
    direction: Direction
    kind: str
    billed: str | None
    state: State
    time: str
    received_at: str
    is_reply: bool = False


@dataclass(frozen=True, kw_only=True, repr=False)
class ReplyBubble:
    """What the phone's owner sent.

    Args:
        is_mirrored: It answers a message that was laid out from right to left.
    """

    id: str
    text: str | None
    file_name: str | None
    time: str
    received_at: str
    is_mirrored: bool
    is_reply: bool = True


@dataclass(frozen=True, kw_only=True, repr=False)
class Day:
    """A day in UTC and what was said on it, oldest first."""

    date: str
    name: str
    bubbles: list[Bubble | ReplyBubble]


def days(chat: Iterable[Entry]) -> list[Day]:
    """Give a chat by its days, oldest first."""
    drawn = zip(chat, _bubbles(chat), strict=True)
    by_day = groupby(drawn, key=lambda pair: pair[0].received_at.astimezone(UTC).date())
    return [
        Day(
            date=day.isoformat(),
            name=f"{day:%A}, {day.day} {day:%B %Y}",
            bubbles=[bubble for _, bubble in of_day],
        )
        for day, of_day in by_day
    ]


def preview(entry: Entry) -> str:
    """Give the one line the list of phones has for the newest of a chat."""
    if isinstance(entry, Reply):
        return f"You: {entry.text or entry.file_name}"
    return entry.content.text or _kind(entry)


def clock_time(entry: Entry, form: str = "%H:%M:%S") -> str:
    """Give the time of day of an entry, in UTC."""
    return entry.received_at.astimezone(UTC).strftime(form)


def _bubbles(chat: Iterable[Entry]) -> Iterator[Bubble | ReplyBubble]:
    is_mirrored = False
    for entry in chat:
        if isinstance(entry, Message):
            bubble = _message(entry)
            is_mirrored = bubble.direction == "rtl"
            yield bubble
        else:
            yield _reply(entry, is_mirrored=is_mirrored)


def _message(message: Message) -> Bubble:
    content = message.content
    words = wording.read(content.text or "", pin=content.pin, is_sms=message.channel == "sms")
    language = _LANGUAGES[content.language] if content.language else None
    return Bubble(
        id=message.id,
        channel=message.channel,
        pieces=words.pieces,
        code=words.code,
        picture=attachment.picture(content.fields),
        file=attachment.file(content.fields),
        button=attachment.button(content.fields),
        template_id=content.template_id,
        language=content.language,
        language_name=language["name"] if language else None,
        direction=language["direction"] if language else "auto",
        kind=_kind(message),
        billed=_billed(message),
        state=message.state,
        time=clock_time(message),
        received_at=rfc3339(message.received_at),
    )


def _reply(reply: Reply, *, is_mirrored: bool) -> ReplyBubble:
    return ReplyBubble(
        id=reply.id,
        text=reply.text,
        file_name=reply.file_name,
        time=clock_time(reply),
        received_at=rfc3339(reply.received_at),
        is_mirrored=is_mirrored,
    )


def _kind(message: Message) -> str:
    return message.content.function_type.replace("_", " + ")


def _billed(message: Message) -> str | None:
    if message.channel == "sms":
        return None
    if message.billed_as == "free":
        return f"{message.rate_type}, not billed"
    if message.billed_as == message.rate_type:
        return f"billed as {message.billed_as}"
    return f"{message.rate_type}, billed as {message.billed_as}"
