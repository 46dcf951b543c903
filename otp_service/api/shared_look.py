"""One look at what many ask about at the same time."""

import itertools
from collections.abc import Callable
from threading import Lock


class SharedLook:
    """Answers everybody with a look that began after they had asked, one look at a time.

    However many ask at once, each waits for two looks at most, and no more than one is under way.

    Args:
        look: may take its time; gives reasons, or nothing.
    """

    def __init__(self, look: Callable[[], tuple[str, ...]]) -> None:
        self._look = look
        self._moments = itertools.count()
        self._lock = Lock()
        self._began = -1
        self._seen: tuple[str, ...] = ()

    def __call__(self) -> tuple[str, ...]:
        """Give what was seen."""
        asked = next(self._moments)
        with self._lock:
            if self._began < asked:
                began = next(self._moments)
                self._seen = self._look()
                self._began = began
            return self._seen
