"""What a message can carry beside its text: a picture, a video, a file, a button.

The page follows and loads no link. So they are taken apart here: it names host and file, and leaves
the scheme out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_BYTES_PER_UNIT = 1_000
_SECONDS_PER_MINUTE = 60

# By the provider's names, already checked.
Fields = Mapping[str, str | int | float]


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


def picture(fields: Fields) -> Picture | None:
    """Give the frame of a message that has one."""
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


def file(fields: Fields) -> File | None:
    """Give the card of a message that is a file."""
    if "fileName" not in fields:
        return None
    return File(
        name=str(fields["fileName"]),
        type=str(fields["fileType"]).removeprefix(".").upper(),
        link=link(str(fields["fileLink"])),
    )


def button(fields: Fields) -> Button | None:
    """Give the button of a message that has one."""
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
