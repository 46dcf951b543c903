"""The page at ``/``: a phone with its chat, rendered here and refreshed as it changes.

Only a POST changes anything: a script of the page says what its reader sees, and where there is no
script a button does.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from flask import url_for as address_of
from markupsafe import Markup, escape

from otp_service.simulator import drawing, phone
from otp_service.simulator.chat import Entry, Message, rfc3339
from otp_service.simulator.inbox import (
    MAX_FILE_NAME_CHARACTERS,
    MAX_REPLY_CHARACTERS,
    Inbox,
    InvalidReply,
)

SHOWN_ENTRIES = 200
SHOWN_PHONES = 100


@dataclass(frozen=True, kw_only=True, repr=False)
class Contact:
    """One phone in the list of phones."""

    number: str
    spaced: str
    preview: str
    time: str
    received_at: str


def blueprint(inbox: Inbox) -> Blueprint:
    """Give the page and what its forms send."""
    routes = Blueprint("page", __name__)
    routes.add_app_template_filter(unlinked)

    @routes.get("/")
    def show() -> Response:
        # Read first: a message that lands meanwhile must not hide behind this version.
        version = inbox.version
        asked = request.args.get("phone", "").strip()
        number = phone.from_person(asked) if asked else _heard_last(inbox)
        is_invalid = bool(asked) and number is None
        page = render_template(
            "phone.html",
            **_phone(inbox, number),
            version=f'W/"{version}"',
            # What holds a slash is no number, and no address is repeated.
            asked=asked.replace("/", ""),
            is_invalid=is_invalid,
            is_writing="write" in request.args,
        )
        response = make_response(page, HTTPStatus.BAD_REQUEST if is_invalid else HTTPStatus.OK)
        response.set_etag(version, weak=True)
        response.make_conditional(request)
        return response

    @routes.post("/seen")
    def see() -> Response:
        number = _addressed_phone()
        inbox.mark_seen(number)
        return _back_to(number)

    @routes.post("/reply")
    def reply() -> Response:
        number = _addressed_phone()
        text = request.form.get("text") or None
        try:
            inbox.add_reply(number, text, file_name=request.form.get("file_name") or None)
        except InvalidReply:
            page = render_template(
                "phone.html",
                **_phone(inbox, number),
                version="",
                asked=number,
                is_writing=True,
                is_refused=True,
            )
            return make_response(page, HTTPStatus.BAD_REQUEST)
        return _back_to(number)

    return routes


def unlinked(text: str) -> Markup:
    """Write a text so that no address in it stands whole in the HTML; it reads and copies as is.

    Nothing that looks at the page's source, a browser's own link finder among it, meets a link.
    """
    return escape(text).replace("://", Markup(":<wbr>//"))


def _phone(inbox: Inbox, number: str | None) -> dict[str, Any]:
    """Give what the template shows of a phone, and of the others."""
    latest = inbox.latest()
    chat = inbox.chat(number) if number else []
    shown = chat[-SHOWN_ENTRIES:]
    return {
        "number": number,
        "spaced": phone.spaced(number) if number else None,
        "days": drawing.days(shown),
        "hidden_entries": len(chat) - len(shown),
        "is_unseen": any(_is_unseen(entry) for entry in shown),
        "can_reply": any(_is_from_viber(entry) for entry in chat),
        "max_reply": MAX_REPLY_CHARACTERS,
        "max_file_name": MAX_FILE_NAME_CHARACTERS,
        "contacts": [_contact(entry) for entry in latest[:SHOWN_PHONES]],
        "hidden_phones": max(0, len(latest) - SHOWN_PHONES),
    }


def _heard_last(inbox: Inbox) -> str | None:
    latest = inbox.latest()
    return latest[0].phone if latest else None


def _is_from_viber(entry: Entry) -> bool:
    return isinstance(entry, Message) and entry.channel == "viber"


def _is_unseen(entry: Entry) -> bool:
    return isinstance(entry, Message) and entry.channel == "viber" and entry.state == "delivered"


def _contact(entry: Entry) -> Contact:
    return Contact(
        number=entry.phone,
        spaced=phone.spaced(entry.phone),
        preview=drawing.preview(entry),
        time=drawing.clock_time(entry, "%H:%M"),
        received_at=rfc3339(entry.received_at),
    )


def _addressed_phone() -> str:
    number = phone.from_person(request.form.get("phone", ""))
    if number is None:
        abort(HTTPStatus.BAD_REQUEST, "phone: not a phone number with its country code")
    return number


def _back_to(number: str) -> Response:
    where = address_of("page.show", phone=number)
    return make_response(redirect(where, HTTPStatus.SEE_OTHER))
