"""What a soak found, from the log of its callers, its faults and its watch over the workers."""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from soak.faults import Happened
from soak.stage import WORKERS
from soak.workers import Held
from support.journeys import Told

_QUIET_MARGIN_SECONDS = 1.0
# What the allocator and the interpreter's caches are given to settle in.
_GROWTH_BYTES, _GROWTH_SHARE = 8 * 2**20, 0.1
# Threads and connections are made as they are needed at one time and stay; a leak has no such end.
_MORE_THREADS, _MORE_FILES = 16, 24


@dataclass(frozen=True)
class Recovery:
    """One kind of fault.

    Args:
        slowest: seconds from an end of it to that of the last call that still failed.
        broken: calls that failed, from its beginning to the next fault's, by what they were told.
    """

    name: str
    times: int
    broken: Counter[str]
    slowest: float


def recoveries(faults: Sequence[Happened], log: Sequence[Told], ended: float) -> list[Recovery]:
    """Say of each kind of fault how long it took until all was well."""
    found: dict[str, list[tuple[Counter[str], float]]] = {}
    for fault, until in _with_next(faults, ended):
        # What was under way when the next thing broke failed by that.
        troubles = [told for told in log if told.is_trouble and fault.began <= told.ended < until]
        after = [each for each in troubles if each.at >= fault.ended]
        slowest = max((told.ended - fault.ended for told in after), default=0.0)
        found.setdefault(fault.fault.name, []).append((_counted(troubles), slowest))
    return [
        Recovery(
            name,
            len(each),
            sum((broken for broken, _ in each), Counter()),
            max(slowest for _, slowest in each),
        )
        for name, each in found.items()
    ]


def late_troubles(faults: Sequence[Happened], log: Sequence[Told], ended: float) -> list[str]:
    """Give the calls that failed although all should have been well."""
    begun = faults[0].began if faults else ended
    quiet = [(0.0, begun, "before anything broke")]
    quiet += [(each.whole_by, until, each.fault.name) for each, until in _with_next(faults, ended)]
    return [
        f"{told.call} {told.status} {told.code} {told.at - since:.1f} s after all should have "
        f"been whole ({name})"
        for since, until, name in quiet
        for told in log
        if told.is_trouble and since <= told.at and told.ended < until
    ]


def is_calm(told: Told, faults: Sequence[Happened]) -> bool:
    """Whether nothing was broken at any moment of this call."""
    return all(told.ended < each.began or told.at > each.whole_by for each in faults)


def quiet_latencies(
    faults: Sequence[Happened], log: Sequence[Told], ended: float
) -> dict[str, tuple[int, float, float]]:
    """Give for each call how many were made while all was well, their median and p99, seconds."""
    spans = [(each.whole_by, until) for each, until in _with_next(faults, ended)]
    took: dict[str, list[float]] = {}
    for told in log:
        if any(since <= told.at < until - _QUIET_MARGIN_SECONDS for since, until in spans):
            took.setdefault(told.call, []).append(told.took)
    return {
        call: (len(each), statistics.median(each), _percentile(each, 99))
        for call, each in sorted(took.items())
    }


def outcomes(log: Sequence[Told]) -> dict[str, Counter[str]]:
    """Count the calls of each kind by what came of them."""
    return {
        call: _counted([told for told in log if told.call == call])
        for call in sorted({told.call for told in log})
    }


def lost_workers(seen: set[int], *, killed: int, restarts: int) -> list[str]:
    """Tell of workers that ended though nobody killed them."""
    explained = WORKERS * (restarts + 1) + killed
    return [f"{len(seen)} workers were seen, not {explained}"] if len(seen) > explained else []


def growth(early: dict[int, Held], late: dict[int, Held]) -> list[str]:
    """Tell of workers that hold more and more."""
    both = [(early[pid], late[pid]) for pid in early.keys() & late.keys()]
    if not both:
        return ["no worker lived long enough to see whether it grows"]
    problems = []
    for then, now in both:
        room = max(_GROWTH_BYTES, _GROWTH_SHARE * then.memory_bytes)
        if now.memory_bytes > then.memory_bytes + room:
            grown = (now.memory_bytes - then.memory_bytes) / 2**20
            problems.append(f"a worker's memory grew by {grown:.1f} MiB")
        if now.threads > then.threads + _MORE_THREADS:
            problems.append(f"a worker's threads grew from {then.threads:.0f} to {now.threads:.0f}")
        if now.files > then.files + _MORE_FILES:
            problems.append(f"a worker's files grew from {then.files:.0f} to {now.files:.0f}")
    return problems


def _counted(calls: Iterable[Told]) -> Counter[str]:
    return Counter(map(_outcome, calls))


def _outcome(told: Told) -> str:
    is_send = told.call in {"start", "resend"} and told.status in {200, 201}
    word = told.delivery if is_send else told.code
    return f"{told.status or 'no answer'} {word}".strip()


def _with_next(faults: Sequence[Happened], ended: float) -> list[tuple[Happened, float]]:
    """Put beside each fault when the next one began."""
    if not faults:
        return []
    return [(one, other.began) for one, other in pairwise(faults)] + [(faults[-1], ended)]


def _percentile(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
