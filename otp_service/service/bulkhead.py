"""A bulkhead: sends, which wait for a provider, take at most so many of the places to work at.

Source:
    Michael T. Nygard, "Release It!", chapter "Stability Patterns": bulkheads.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from otp_service.domain.circuit import A_MOMENT
from otp_service.errors import ServiceBusy


class Bulkhead:
    """Has room for so many sends at a time, and lets none wait.

    Args:
        room: one at least.
    """

    def __init__(self, room: int) -> None:
        self._room = BoundedSemaphore(room)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Take the room of one send for as long as the block runs.

        Raises:
            ServiceBusy: there is none left.
        """
        if not self._room.acquire(blocking=False):
            raise ServiceBusy(
                "Too many messages are on their way.", retry_after=A_MOMENT, reason="no_room"
            )
        try:
            yield
        finally:
            self._room.release()
