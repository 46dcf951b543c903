from datetime import UTC, datetime
from typing import Any

from otp_service.domain.events import Event

NOW = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


class FixedClock:
    def __init__(self, now: datetime) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time


class ListJournal:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]
