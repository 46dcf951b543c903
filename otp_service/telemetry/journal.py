"""The journal of a running service: every event counted, and logged where that tells something."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Literal, get_args

from otp_service.domain import events
from otp_service.ports import SendVerdict
from otp_service.telemetry.instruments import PROCESS_INSTRUMENTS, Instruments
from otp_service.telemetry.labels import Labels
from otp_service.telemetry.logs import event_logger
from otp_service.telemetry.meter import Meter

Level = Literal["debug", "info", "warning", "error"]

# Of events that are always as grave; what is not here is told as it goes.
_LEVELS: dict[type[events.Event], Level] = {
    events.ProviderNeedsAttention: "error",
    events.ProviderAnswered: "debug",
    events.FraudGuardJudged: "warning",
    events.CircuitTurned: "warning",
    # A code was asked for, or taken, that shows nobody's phone.
    events.TestNumberUsed: "warning",
}
_ORDINARY = frozenset({SendVerdict.ACCEPTED, SendVerdict.NUMBER_REFUSED})


def event_name(event_class: type[events.Event]) -> str:
    """Give an event's name in the log: ``start_judged`` for ``StartJudged``."""
    return re.sub(r"(?<=.)(?=[A-Z])", "_", event_class.__name__).lower()


_NAMES = {event_class: event_name(event_class) for event_class in get_args(events.Event)}
_FIELDS = {
    event_class: tuple(field.name for field in fields(event_class)) for event_class in _NAMES
}


class TelemetryJournal:
    """Logs and metrics of events. Made after ``configure_logs``.

    Args:
        applications: ids of all applications.
        reasons: every word that the provider's clients give as a reason.
        instruments: what to count with; the process' own if None.
    """

    def __init__(
        self,
        *,
        applications: Iterable[str],
        reasons: Iterable[str],
        instruments: Instruments | None = None,
    ) -> None:
        self._instruments = instruments or PROCESS_INSTRUMENTS
        self._meter = Meter(self._instruments, Labels(applications=applications, reasons=reasons))
        self._log = event_logger()

    def record(self, event: events.Event) -> None:
        """Count it and log it. A failure of one does not keep the other, and is counted."""
        self._attempt(self._meter.observe, event)
        self._attempt(self._write, event)

    def _attempt(self, note: Callable[[events.Event], None], event: events.Event) -> None:
        try:
            note(event)
        except Exception:
            # What was asked for must not fail for want of a note of it.
            with suppress(Exception):
                self._instruments.failures.inc()

    def _write(self, event: events.Event) -> None:
        level = level_of(event)
        if level is not None:
            getattr(self._log, level)(_NAMES[type(event)], **_told(event))


def level_of(event: events.Event) -> Level | None:
    """Give the level to log an event at, or None for one that is only measured."""
    match event:
        case events.StoreAnswered():
            return None if event.outcome == "ok" else "error"
        case events.MessageSent():
            return "info" if event.outcome in _ORDINARY else "warning"
        case events.RequestServed():
            return "warning" if event.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "info"
        case _:
            return _LEVELS.get(type(event), "info")


def _told(event: events.Event) -> dict[str, object]:
    """Give the fields that say something; a duration in milliseconds, with the unit in its name."""
    told: dict[str, object] = {}
    for name in _FIELDS[type(event)]:
        value = getattr(event, name)
        if isinstance(value, timedelta):
            told[f"{name}_ms"] = round(value.total_seconds() * 1_000, 3)
        elif isinstance(value, Decimal):
            told[name] = str(value)
        elif value is not None:
            told[name] = value
    return told
