"""The service's workers as the system sees them: who lives, and what each holds."""

import os
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_BETWEEN_SAMPLES_SECONDS = 1.0
_STARTED = 19


@dataclass(frozen=True)
class Held:
    """What one worker holds at one moment."""

    at: float
    pid: int
    memory_bytes: float
    threads: float
    files: float


class Watch:
    """Looks at the workers every second until its block ends.

    Args:
        workers: gives the pids of those that live.
    """

    def __init__(self, workers: Callable[[], list[int]]) -> None:
        self.samples: list[Held] = []
        self._workers = workers
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    @property
    def seen(self) -> set[int]:
        """Every worker there ever was."""
        return {held.pid for held in self.samples}

    def _run(self) -> None:
        while not self._ending.wait(_BETWEEN_SAMPLES_SECONDS):
            self.samples += [held for pid in self._workers() if (held := look_at(pid))]


def median_of(samples: list[Held], *, since: float, until: float) -> dict[int, Held]:
    """Give for each worker what it held in the middle of those samples."""
    within = [held for held in samples if since <= held.at <= until]
    return {
        pid: Held(
            since,
            pid,
            *(
                statistics.median(getattr(held, what) for held in within if held.pid == pid)
                for what in ("memory_bytes", "threads", "files")
            ),
        )
        for pid in {held.pid for held in within}
    }


def look_at(pid: int) -> Held | None:
    """Give what a process holds; None if it is gone."""
    place = Path(f"/proc/{pid}")
    try:
        pages = int((place / "statm").read_text().split()[1])
        threads = sum(1 for _ in (place / "task").iterdir())
        files = sum(1 for _ in (place / "fd").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return None
    return Held(time.monotonic(), pid, pages * _PAGE_BYTES, threads, files)


def workers_of(service: int) -> list[int]:
    """Give the pids of a server's workers that live, the one that has lived longest first."""
    try:
        children = Path(f"/proc/{service}/task/{service}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    born = {int(child): _born(int(child)) for child in children}
    return sorted((pid for pid, at in born.items() if at), key=lambda pid: born[pid])


def _born(pid: int) -> int:
    """Give when a process began, in ticks since the machine did; 0 if it lives no more."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0 if fields[0] == "Z" else int(fields[_STARTED])
