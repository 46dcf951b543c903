"""For commands that ask the store."""

from otp_service.domain.events import Event


class NoJournal:
    """What a command asks the store is no event of the service."""

    def record(self, event: Event) -> None:
        """Take no note."""
