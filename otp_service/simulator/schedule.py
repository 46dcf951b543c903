"""What happens later: actions with a due time, done one after another."""

import heapq
import logging
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Protocol

Action = Callable[[], None]

MAX_WAITING = 100_000

_log = logging.getLogger(__name__)


class Schedule(Protocol):
    """Does things later, in the order they are due."""

    def after(self, seconds: float, action: Action) -> bool:
        """Do this once so many seconds are over; tell whether there was room for it."""


class BackgroundSchedule:
    """A schedule on a thread of its own, which lives as long as something waits.

    Args:
        limit: How many actions may wait at a time.
        monotonic: Seconds that only grow.
    """

    def __init__(
        self, *, limit: int = MAX_WAITING, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, Action]] = []
        self._sequence = count()
        self._is_running = False

    def after(self, seconds: float, action: Action) -> bool:
        """Do this once so many seconds are over; tell whether there was room for it."""
        with self._changed:
            if len(self._waiting) >= self._limit:
                return False
            due = self._monotonic() + seconds
            heapq.heappush(self._waiting, (due, next(self._sequence), action))
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="simulator", daemon=True).start()
            self._changed.notify()
        return True

    def _run(self) -> None:
        while (action := self._next()) is not None:
            try:
                action()
            except Exception as error:
                # Its text could hold what no log may.
                _log.error("something that was due went wrong: %s", type(error).__name__)

    def _next(self) -> Action | None:
        with self._changed:
            while self._waiting:
                wait_seconds = self._waiting[0][0] - self._monotonic()
                if wait_seconds <= 0:
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait(wait_seconds)
            self._is_running = False
            return None
