"""The machine's own clock."""

from datetime import UTC, datetime


class SystemClock:
    """Tells the time as this machine has it."""

    def now(self) -> datetime:
        """Give the time, aware, in UTC."""
        return datetime.now(UTC)
