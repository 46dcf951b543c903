"""A soak's report, as Markdown."""

import os
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from soak import verdict
from soak.faults import Happened
from soak.workers import Held
from support.journeys import Told

_MIB = 2**20
_INTRODUCTION = """\
# Soak

Written by `make soak`: sign-ups of every kind for a set time, while one thing after another breaks.
Then their callers' own log, the phones, Redis and the workers are held against what must never be:
a code approved twice or lost, a wrong code approved, a guess beyond the limit, a message that
nobody was told of or that was not stored, a proof good twice, budgets that do not add up, a key
without an end, a call that fails when all should be well again, a worker that dies or grows.

`SOAK_SECONDS` sets the time, `SOAK_SEED` another order of the faults. The service has two workers,
and Redis writes every change to disk before it answers.
"""


@dataclass(frozen=True)
class Found:
    """Everything that a soak found.

    Args:
        seconds: for which it ran.
        ended: when it did, on ``time.monotonic``'s clock.
        early: what each worker held after a fifth of it.
        late: the same before the restarts.
        problems: sentences; none if all is well.
    """

    seconds: float
    seed: int
    redis_version: str
    sign_ups: int
    approved: int
    log: Sequence[Told]
    faults: Sequence[Happened]
    ended: float
    early: dict[int, Held]
    late: dict[int, Held]
    problems: Sequence[str]


def written(found: Found) -> str:
    """Give the report."""
    return "\n".join(
        [
            *_summary(found),
            *_calls(found),
            *_faults(found),
            *_latencies(found),
            *_workers(found),
            "",
        ]
    )


def _summary(found: Found) -> list[str]:
    problems = [f"- {problem}" for problem in found.problems] or ["None."]
    return [
        _INTRODUCTION,
        (
            f"{found.seconds:.0f} s with seed {found.seed}: {found.sign_ups} sign-ups, "
            f"{found.approved} of them approved, {len(found.log)} calls, "
            f"{len(found.faults)} faults."
        ),
        (
            f"Python {platform.python_version()}, granian {version('granian')}, redis-py "
            f"{version('redis')}, Redis {found.redis_version}; {os.cpu_count()} cores, which the "
            "callers share with everything else."
        ),
        "",
        "## Violations",
        "",
        *problems,
        "",
    ]


def _calls(found: Found) -> list[str]:
    rows = [
        f"| {call} | {counted.total()} | {_words(counted)} |"
        for call, counted in verdict.outcomes(found.log).items()
    ]
    return ["## Calls", "", "| call | made | outcomes |", "| --- | --- | --- |", *rows, ""]


def _faults(found: Found) -> list[str]:
    rows = [
        f"| {each.name} | {each.times} | {_words(each.broken) or 'none'} | {each.slowest:.1f} |"
        for each in verdict.recoveries(found.faults, found.log, found.ended)
    ]
    return [
        "## Faults",
        "",
        "Failed are calls without an answer or with one of 5xx, from a fault's beginning to the",
        "next one's. Whole again is from its end to that of the last call that failed; the",
        "slowest of its times.",
        "",
        "| fault | times | failed | whole again after, s |",
        "| --- | --- | --- | --- |",
        *rows,
        "",
    ]


def _words(counted: Counter[str]) -> str:
    return ", ".join(f"{outcome}: {count}" for outcome, count in counted.most_common())


def _latencies(found: Found) -> list[str]:
    latencies = verdict.quiet_latencies(found.faults, found.log, found.ended)
    rows = [
        f"| {call} | {count} | {median * 1000:.0f} | {p99 * 1000:.0f} |"
        for call, (count, median, p99) in latencies.items()
    ]
    return [
        "## Between faults",
        "",
        "| call | made | median ms | p99 ms |",
        "| --- | --- | --- | --- |",
        *rows,
        "",
    ]


def _workers(found: Found) -> list[str]:
    rows = [
        f"| {then.memory_bytes / _MIB:.1f} | {now.memory_bytes / _MIB:.1f} | {then.threads:.0f} | "
        f"{now.threads:.0f} | {then.files:.0f} | {now.files:.0f} |"
        for then, now in (
            (found.early[pid], found.late[pid]) for pid in sorted(found.early.keys() & found.late)
        )
    ]
    return [
        "## Workers",
        "",
        "Those that nobody killed, after a fifth of the time and before the restarts, which come",
        "last: resident memory, threads, open files.",
        "",
        "| MiB early | late | threads early | late | files early | late |",
        "| --- | --- | --- | --- | --- | --- |",
        *rows,
    ]
