"""The page at ``/``: a phone with its messages, rendered here and refreshed by polling."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from otp_service.data import load
from otp_service.simulator import phone
from otp_service.simulator.chat import Entry, Message, rfc3339
from otp_service.simulator.inbox import Inbox

SHOWN_MESSAGES = 200
SHOWN_PHONES = 100

_LANGUAGES: dict[str, dict[str, Any]] = {
    entry["code"]: entry for entry in load("languages.json")["languages"]
}
# A run of digits somebody would type over: what a plain text most likely means as its code.
_CODE = re.compile(r"(?<!\d)\d{4,10}(?!\d)", re.ASCII)
_DETAIL_LABELS = {
    "image": "Image",
    "thumbnail": "Thumbnail",
    "videoLink": "Video",
    "videoSize": "Size in bytes",
    "duration": "Seconds",
    "fileName": "File",
    "fileLink": "Link",
    "fileType": "Type",
    "buttonText": "Button",
    "buttonLink": "Button opens",
}


@dataclass(frozen=True, kw_only=True, repr=False)
class Bubble:
    """One message as the chat draws it.

    Args:
        text: Before, at and after the code, the last two empty where there is none.
        direction: Of the language it went out in; ``auto`` where that is not known.
    """

    id: str
    text: tuple[str, str, str]
    code: str | None
    template_id: int | None
    language: str | None
    language_name: str | None
    direction: str
    function_type: str
    details: tuple[tuple[str, str], ...]
    time: str
    received_at: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Contact:
    """One phone in the list of phones."""

    number: str
    spaced: str
    preview: str
    time: str
    received_at: str


def blueprint(inbox: Inbox) -> Blueprint:
    """Give the page's route."""
    routes = Blueprint("page", __name__)

    @routes.get("/")
    def show() -> Response:
        # Read first: a message that lands meanwhile must not hide behind this version.
        version = inbox.version
        latest = inbox.latest()
        asked = request.args.get("phone", "").strip()
        number = phone.from_person(asked) if asked else None
        is_invalid = bool(asked) and number is None
        if not asked and latest:
            number = latest[0].phone
        messages = inbox.messages(number) if number else []
        page = render_template(
            "phone.html",
            version=f'W/"{version}"',
            asked=asked,
            is_invalid=is_invalid,
            number=number,
            spaced=phone.spaced(number) if number else None,
            days=_days(messages[-SHOWN_MESSAGES:]),
            hidden_messages=max(0, len(messages) - SHOWN_MESSAGES),
            contacts=[_contact(entry) for entry in latest[:SHOWN_PHONES]],
            hidden_phones=max(0, len(latest) - SHOWN_PHONES),
        )
        response = make_response(page, 400 if is_invalid else 200)
        response.set_etag(version, weak=True)
        response.make_conditional(request)
        return response

    return routes


def _days(messages: Iterable[Message]) -> list[tuple[str, str, list[Bubble]]]:
    """Group by day in UTC: its machine date, its name and its bubbles, oldest first."""
    days = groupby(messages, key=lambda message: message.received_at.astimezone(UTC).date())
    return [
        (day.isoformat(), f"{day:%A}, {day.day} {day:%B %Y}", [_bubble(m) for m in of_day])
        for day, of_day in days
    ]


def _bubble(message: Message) -> Bubble:
    content = message.content
    text = content.text or ""
    code = content.pin or _only_code(text)
    language = _LANGUAGES[content.language] if content.language else None
    return Bubble(
        id=message.id,
        text=text.partition(code) if code else (text, "", ""),
        code=code,
        template_id=content.template_id,
        language=content.language,
        language_name=language["name"] if language else None,
        direction=language["direction"] if language else "auto",
        function_type=content.function_type,
        details=tuple(
            (label, str(content.fields[name]))
            for name, label in _DETAIL_LABELS.items()
            if name in content.fields
        ),
        time=f"{message.received_at.astimezone(UTC):%H:%M:%S}",
        received_at=rfc3339(message.received_at),
    )


def _only_code(text: str) -> str | None:
    codes = _CODE.findall(text)
    return codes[0] if len(codes) == 1 else None


def _contact(entry: Entry) -> Contact:
    if isinstance(entry, Message):
        preview = entry.content.text or entry.content.function_type.replace("_", " ")
    else:
        preview = entry.text or entry.file_name or ""
    return Contact(
        number=entry.phone,
        spaced=phone.spaced(entry.phone),
        preview=preview,
        time=f"{entry.received_at.astimezone(UTC):%H:%M}",
        received_at=rfc3339(entry.received_at),
    )
