"""A journal for commands: what they ask the store is no event of the service."""

from otp_service.domain.events import Event


class NoJournal:
    """Keeps nothing."""

    def record(self, event: Event) -> None:
        """Take no note."""
