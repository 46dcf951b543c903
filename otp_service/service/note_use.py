"""Note when an API key is used, without keeping whoever uses it waiting."""

import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Lock

from otp_service.key_use_ports import KeyUseStore

_AT_MOST_EVERY = timedelta(minutes=1)


class NoteKeyUse:
    """The use case.

    The store is told by another thread, of one batch at a time, and of a key at most once a minute.
    So what is noted may be that much older than the last use; what the store could not be told is
    not tried again, and what it was not told before the process was killed is lost.

    Args:
        background: where the store is told; a thread of its own if None.
        seconds: a clock that only goes forward.
    """

    def __init__(
        self,
        *,
        store: KeyUseStore,
        background: Executor | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._background = background or ThreadPoolExecutor(1, thread_name_prefix="key-uses")
        self._seconds = seconds
        self._lock = Lock()
        # By the fingerprints of keys, which the settings bound.
        self._noted_at: dict[str, float] = {}
        self._due: set[str] = set()

    def __call__(self, fingerprint: str) -> None:
        """Note that a key is used now. Never raises, and never waits for the store."""
        now = self._seconds()
        with self._lock:
            noted_at = self._noted_at.get(fingerprint)
            if noted_at is not None and now - noted_at < _AT_MOST_EVERY.total_seconds():
                return
            self._noted_at[fingerprint] = now
            is_batch_waiting = bool(self._due)
            self._due.add(fingerprint)
        if not is_batch_waiting:
            self._tell_soon()

    def _tell_soon(self) -> None:
        # There may be no thread to be had, above all while the process ends.
        with suppress(RuntimeError):
            self._background.submit(self._tell)
            return
        self._take_due()

    def _tell(self) -> None:
        # What goes wrong stays with the executor; of a store that is away the store itself tells.
        self._store.note_uses(self._take_due())

    def _take_due(self) -> set[str]:
        with self._lock:
            due, self._due = self._due, set()
        return due
