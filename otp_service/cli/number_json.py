"""One number's file as ``otp-service support --json`` prints it."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from otp_service.cli.number_words import entry_in_words, outcome_in_words
from otp_service.domain.audit import Entry, NumberFile
from otp_service.domain.phone import PhoneNumber
from otp_service.domain.verification import Delivery, Verification


def file_as_json(phone: PhoneNumber, file: NumberFile) -> str:
    """Give one JSON object: times in RFC 3339, UTC; spans in whole seconds, rounded up."""
    content = {
        "phone": phone.masked,
        "country": phone.country,
        "read_at": file.read_at,
        "outcome": outcome_in_words(file),
        "viber_refuses_for_seconds": file.viber_refuses_for,
        "timeline": [_entry(entry) for entry in file.entries],
        "unreadable_entries": file.unreadable,
        "limits": [
            {
                "application": standing.application_id,
                "owner": standing.address_tag,
                "budget": budget.name,
                "counts": budget.charge,
                "used": budget.used,
                "limit": budget.limit,
                "window_seconds": budget.window,
                "wait_seconds": budget.wait,
            }
            for standing in file.standings
            for budget in standing.budgets
        ],
        "verifications": [
            _verification(name, verification) for name, verification in file.verifications.items()
        ],
        "owners": [asdict(owner) for owner in file.owners],
    }
    return json.dumps(content, indent=2, default=_plain)


def _entry(entry: Entry) -> dict[str, Any]:
    known = {name: value for name, value in asdict(entry).items() if value is not None}
    renamed = {"application_id": "application", "wait": "wait_seconds"}
    fields = {renamed.get(name, name): value for name, value in known.items()}
    if entry.used_up:
        used_up = fields.pop("used_up")
        fields["used_up"] = {
            "counts": used_up["charge"],
            "limit": used_up["limit"],
            "window_seconds": used_up["window"],
        }
    return fields | {"words": entry_in_words(entry)}


def _verification(name: str, verification: Verification) -> dict[str, Any]:
    return {
        "verification": name,
        "application": verification.application_id,
        "purpose": verification.purpose,
        "status": verification.status,
        "attempts_left": verification.attempts_left,
        "sends_left": verification.sends_left,
        "expires_at": verification.expires_at,
        "resend_at": verification.resend_at,
        "deliveries": [_delivery(delivery) for delivery in verification.deliveries],
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "send": delivery.send,
        "channel": delivery.channel,
        "template_id": delivery.template_id,
        "language": delivery.language,
        "state": delivery.state,
        "sent_at": delivery.sent_at,
        "request_id": delivery.request_id,
        "reached": dict(delivery.reached),
    }


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return -(-value // timedelta(seconds=1))
    raise TypeError(f"no JSON for {type(value).__name__}")
