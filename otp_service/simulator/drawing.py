"""What the page draws of a chat: bubbles, with their pictures, files, codes and ticks.

Links are taken apart here. The page follows and loads none of them, so it names the host and the
file and leaves the scheme out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from itertools import groupby
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from otp_service.data import load
from otp_service.simulator import wording
from otp_service.simulator.chat import Channel, Entry, Message, Reply, State, rfc3339
from otp_service.simulator.wording import Piece

Direction = Literal["ltr", "rtl", "auto"]

_LANGUAGES: dict[str, dict[str, Any]] = {
    entry["code"]: entry for entry in load("languages.json")["languages"]
}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_BYTES_PER_UNIT = 1_000
_SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, kw_only=True, repr=False)
class Link:
    """Where a link leads.

    Args:
        place: Host, path and query.
        host: Empty where the link names none.
        file: The last part of the path, or empty.
    """

    place: str
    host: str
    file: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Picture:
    """The frame on top of a bubble: a picture's, or the thumbnail of a video.

    Args:
        duration: Of the video, as minutes and seconds; None for a picture.
        size: Of the video.
    """

    link: Link
    video: Link | None = None
    duration: str | None = None
    size: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class File:
    """A file as its card names it."""

    name: str
    type: str
    link: Link


@dataclass(frozen=True, kw_only=True, repr=False)
class Button:
    """The button under a text; the provider's table gives that of a video no link."""

    text: str
    link: Link | None


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
        picture=_picture(message),
        file=_file(message),
        button=_button(message),
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


def _picture(message: Message) -> Picture | None:
    fields = message.content.fields
    if "image" in fields:
        return Picture(link=link(str(fields["image"])))
    if "thumbnail" in fields:
        return Picture(
            link=link(str(fields["thumbnail"])),
            video=link(str(fields["videoLink"])),
            duration=duration(float(fields["duration"])),
            size=size(float(fields["videoSize"])),
        )
    return None


def _file(message: Message) -> File | None:
    fields = message.content.fields
    if "fileName" not in fields:
        return None
    return File(
        name=str(fields["fileName"]),
        type=str(fields["fileType"]).removeprefix(".").upper(),
        link=link(str(fields["fileLink"])),
    )


def _button(message: Message) -> Button | None:
    fields = message.content.fields
    if "buttonText" not in fields:
        return None
    leads_to = fields.get("buttonLink")
    return Button(
        text=str(fields["buttonText"]), link=None if leads_to is None else link(str(leads_to))
    )


def link(address: str) -> Link:
    """Take a link apart for the eye, whatever is wrong with it."""
    place = _SCHEME.sub("", address, count=1).removesuffix("/")
    try:
        parts = urlsplit(f"//{place}")
        return Link(
            place=place,
            host=parts.hostname or "",
            file=unquote(parts.path.rpartition("/")[2], errors="replace"),
        )
    except ValueError:
        # A bracket that opens no IPv6 address.
        return Link(place=place, host="", file="")


def duration(seconds: float) -> str:
    """Write a duration as a player does: 75 is 1:15."""
    minutes, rest = divmod(int(seconds), _SECONDS_PER_MINUTE)
    return f"{minutes}:{rest:02}"


def size(in_bytes: float) -> str:
    """Write a size in the greatest unit that leaves a figure before the point."""
    unit = "bytes"
    for greater in ("kB", "MB"):
        if in_bytes < _BYTES_PER_UNIT:
            break
        in_bytes, unit = in_bytes / _BYTES_PER_UNIT, greater
    figure = f"{in_bytes:.1f}".removesuffix(".0")
    return f"{figure} {unit}"
