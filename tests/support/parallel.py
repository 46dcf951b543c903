"""Many callers at the same moment: threads, and processes with threads of their own."""

import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from support.verifications import IDS, Desk, SilentJournal

from otp_service.redis_store import Connection, RedisStore

DEADLINE_SECONDS = 30

Result = TypeVar("Result")


def side_by_side(calls: Iterable[Callable[[], Result]]) -> list[Result]:
    """Make every call in a thread of its own, all let go at once, and give their results."""
    waiting = list(calls)
    gate = threading.Barrier(len(waiting))

    def run(call: Callable[[], Result]) -> Result:
        gate.wait(DEADLINE_SECONDS)
        return call()

    with ThreadPoolExecutor(len(waiting)) as pool:
        return list(pool.map(run, waiting))


def told(verdict: object) -> str:
    """Tell a verdict from the status that a later guess finds: ``Verdict.APPROVED``."""
    return f"{type(verdict).__name__}.{getattr(verdict, 'name', verdict)}"


def guess_from_processes(
    connect: Callable[[], Connection], vid_text: str, pins: list[str], *, processes: int
) -> Counter[str]:
    """Guess every PIN in a thread of its own, in each of several processes, and count answers."""
    context = multiprocessing.get_context("spawn")
    gate, answers = context.Barrier(processes), context.Queue()
    workers = [
        context.Process(target=_guess_all, args=(connect, vid_text, pins, gate, answers))
        for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    total: Counter[str] = Counter()
    for _ in workers:
        total.update(answers.get(timeout=DEADLINE_SECONDS))
    for worker in workers:
        worker.join(DEADLINE_SECONDS)
    answers.close()
    answers.join_thread()
    return total


def _guess_all(
    connect: Callable[[], Connection], vid_text: str, pins: list[str], gate: Any, answers: Any
) -> None:
    desk = Desk(RedisStore(connect(), SilentJournal()))
    vid = IDS.read(vid_text)
    assert vid is not None
    desk.store.read(vid, desk.application)
    gate.wait(DEADLINE_SECONDS)
    verdicts = side_by_side([lambda pin=pin: told(desk.verdict(vid, pin)) for pin in pins])
    answers.put(Counter(verdicts))
