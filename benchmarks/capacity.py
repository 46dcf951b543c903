"""What the measured figures mean for 1, 10 and 100 million verifications a day.

Usage: python -m benchmarks.capacity  (reads docs/benchmarks.json, writes docs/capacity.md)
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import cells
from benchmarks.cells import Cell
from benchmarks.figures import median, runs_of
from benchmarks.processes import HERE, ROOT
from benchmarks.queueing import Tried, places_for, simulate

_DAY_SECONDS = 86_400
PEAK = 10
"""How much more there is in the busiest minutes than on average."""
SIZES = (1_000_000, 10_000_000, 100_000_000)
DELAYS = (0.3, 3.0)
"""Seconds until the provider answers: as it should, and on a bad day."""
GUESSES, RECEIPTS = 1.2, 2.0
"""A verification's guesses (one in six is wrong) and receipts (delivered, seen), on average."""
BUSY = 0.6
"""How busy a core may be in the busiest minutes, so that what comes in a heap does not queue up."""
THREADS = 128
MOST_THREADS = 1024
_AUDIT_DAYS = 7
_SIMULATED = 60_000
_ADDRESS_KEYS = 2


@dataclass(frozen=True, slots=True)
class Costs:
    """What one call costs, from the benchmark.

    Args:
        start_cpu: seconds of a core, of the service; ``guess_cpu`` likewise.
        start_redis, guess_redis: seconds of Redis.
        shared_redis: of a start's those for budgets that many numbers share.
        commands: of a start and its guesses.
        redis_bytes: the same, on the network.
        record_bytes: in Redis for a day; ``audit_bytes`` for a week.
    """

    start_cpu: float
    guess_cpu: float
    start_redis: float
    guess_redis: float
    shared_redis: float
    commands: float
    redis_bytes: float
    record_bytes: float
    audit_bytes: float

    @property
    def cpu(self) -> float:
        """Of the service for a whole verification; a receipt counts as half a guess."""
        return self.start_cpu + (GUESSES + RECEIPTS / 2) * self.guess_cpu

    @property
    def redis(self) -> float:
        """Of Redis for a whole verification."""
        return self.start_redis + (GUESSES + RECEIPTS / 2) * self.guess_redis


@dataclass(frozen=True, slots=True)
class Plan:
    """What one size needs in its busiest minutes.

    Args:
        rate: verifications begun a second.
        workers: for the CPU.
        under_way: starts that wait for the provider at a time, by its delay.
        threads: of all workers together, by its delay.
        shards: of Redis, for the CPU.
        shared: how busy the one shard is that counts what an application's numbers share.
        memory_gb: of Redis.
    """

    a_day: int
    rate: float
    workers: int
    under_way: dict[float, float]
    threads: dict[float, int]
    shards: int
    shared: float
    commands: float
    redis_mbit: float
    memory_gb: float

    def workers_for(self, delay: float, threads: int) -> int:
        """Give the workers that have both CPU and places enough."""
        return max(self.workers, math.ceil(self.threads[delay] / threads))


def costs_of(results: Mapping[str, Any]) -> Costs:
    """Read the costs from a benchmark's results.

    Raises:
        NoFigure: a cell that is needed was not run.
    """
    start = runs_of(results, Cell(cells.SERVICE, "start").name)
    right = runs_of(results, Cell(cells.SERVICE, "right").name)
    unguarded = runs_of(results, Cell(cells.UNGUARDED, "start").name)
    memory = results["memory"]
    return Costs(
        start_cpu=median(start, "server_cpu") / 1000,
        guess_cpu=median(right, "server_cpu") / 1000,
        start_redis=median(start, "redis_cpu") / 1000,
        guess_redis=median(right, "redis_cpu") / 1000,
        shared_redis=(median(start, "redis_cpu") - median(unguarded, "redis_cpu")) / 1000,
        commands=median(start, "commands") + GUESSES * median(right, "commands"),
        redis_bytes=median(start, "redis_bytes") + GUESSES * median(right, "redis_bytes"),
        # What is kept of a message stays a second day.
        record_bytes=memory["verification"]
        + memory.get("of it: message", 0)
        + _ADDRESS_KEYS * memory.get("of it: address", 0),
        audit_bytes=memory.get("of it: audit", 0),
    )


def plan(costs: Costs, a_day: int) -> Plan:
    """Give what so many verifications a day need."""
    rate = a_day / _DAY_SECONDS * PEAK
    under_way = {delay: rate * (delay + costs.start_cpu) for delay in DELAYS}
    kept = costs.record_bytes + _AUDIT_DAYS * costs.audit_bytes
    return Plan(
        a_day=a_day,
        rate=rate,
        workers=math.ceil(rate * costs.cpu / BUSY),
        under_way=under_way,
        threads={delay: places_for(load) for delay, load in under_way.items()},
        shards=math.ceil(rate * costs.redis / BUSY),
        shared=rate * costs.shared_redis,
        commands=rate * costs.commands,
        redis_mbit=rate * costs.redis_bytes * 8 / 1e6,
        memory_gb=a_day * kept / 1e9,
    )


def try_out(wanted: Plan, delay: float) -> tuple[Tried, Tried]:
    """Simulate a plan's places.

    Returns:
        With holding times by chance, as the formula has it, and with a provider that always takes
        as long.
    """
    holds = wanted.under_way[delay] / wanted.rate
    # Long enough for every place to be taken many times over.
    arrivals = max(_SIMULATED, 30 * wanted.threads[delay])
    by_chance, even = (
        simulate(
            rate=wanted.rate,
            places=wanted.threads[delay],
            holds=draw,
            arrivals=arrivals,
            seed=1,
        )
        for draw in (lambda chance: chance.expovariate(1 / holds), lambda _: holds)
    )
    return by_chance, even


def render(results: Mapping[str, Any]) -> str:
    """Give the document."""
    costs = costs_of(results)
    plans = [plan(costs, a_day) for a_day in SIZES]
    tried = {(each.a_day, delay): try_out(each, delay) for each in plans for delay in DELAYS}
    text = (HERE / "capacity.md").read_text()
    machine_rate = BUSY / costs.cpu
    return text.format(
        costs=_costs_table(costs),
        plans=_plans_table(plans),
        queues=_queues_table(plans, tried),
        limits=_limits(costs),
        cores=results["machine"]["cores"],
        a_core=f"{machine_rate:.0f}",
        a_core_daily=_million(machine_rate / PEAK * _DAY_SECONDS),
        busy=f"{BUSY:.0%}",
        guesses=f"{GUESSES:g}",
        receipts=f"{RECEIPTS:g}",
        peak=PEAK,
    )


def _costs_table(costs: Costs) -> str:
    return _table(
        ("of one", "service, ms of a core", "Redis, ms"),
        [
            ("start", f"{costs.start_cpu * 1000:.2f}", f"{costs.start_redis * 1000:.2f}"),
            ("guess", f"{costs.guess_cpu * 1000:.2f}", f"{costs.guess_redis * 1000:.2f}"),
            ("whole verification", f"{costs.cpu * 1000:.2f}", f"{costs.redis * 1000:.2f}"),
        ],
    )


def _plans_table(plans: list[Plan]) -> str:
    rows = [
        ("verifications a second, busiest", *(f"{each.rate:,.0f}" for each in plans)),
        ("workers, a core each, for the CPU", *(f"{each.workers:,}" for each in plans)),
    ]
    for delay in DELAYS:
        name = f"provider at {_delay(delay)}"
        rows += [
            (f"{name}: starts under way", *(f"{each.under_way[delay]:,.0f}" for each in plans)),
            (f"{name}: threads in all", *(f"{each.threads[delay]:,}" for each in plans)),
            (
                f"{name}: workers at {THREADS} / {MOST_THREADS:,} threads",
                *(
                    f"{each.workers_for(delay, THREADS):,} / "
                    f"{each.workers_for(delay, MOST_THREADS):,}"
                    for each in plans
                ),
            ),
        ]
    rows += [
        ("Redis: commands a second, within scripts too", *(f"{p.commands:,.0f}" for p in plans)),
        ("Redis: cores, and so shards", *(f"{each.shards:,}" for each in plans)),
        ("Redis: memory, GB", *(f"{each.memory_gb:,.1f}" for each in plans)),
        ("Redis: network, Mbit/s", *(f"{each.redis_mbit:,.0f}" for each in plans)),
        ("the shard of one application's shared budgets", *(f"{p.shared:.0%} busy" for p in plans)),
        ("met first", *(first_limit(each) for each in plans)),
    ]
    return _table(("", *(f"{_million(each.a_day)} a day" for each in plans)), rows)


def first_limit(wanted: Plan) -> str:
    """Say what runs out first where it is not simply more of the same."""
    if wanted.shared > BUSY:
        return "shared budgets: one slot"
    if wanted.shards > 1:
        return "one Redis: its core"
    if wanted.workers_for(DELAYS[-1], THREADS) > wanted.workers:
        return "threads, on a bad day"
    return "CPU of the service"


def _queues_table(plans: list[Plan], tried: Mapping[tuple[int, float], tuple[Tried, Tried]]) -> str:
    rows = []
    for each in plans:
        for delay in DELAYS:
            by_chance, even = tried[each.a_day, delay]
            rows.append(
                (
                    f"{_million(each.a_day)}, {_delay(delay)}",
                    f"{each.under_way[delay]:,.0f}",
                    f"{each.threads[delay]:,}",
                    f"{by_chance.waited:.2%}",
                    f"{even.waited:.2%}",
                    f"{by_chance.longest_wait_seconds * 1000:.0f} ms",
                )
            )
    head = (
        "a day, provider",
        "under way",
        "places",
        "waited, by chance",
        "waited, even",
        "longest",
    )
    return _table(head, rows)


def _limits(costs: Costs) -> str:
    one_redis = BUSY / costs.redis
    shared = BUSY / costs.shared_redis if costs.shared_redis > 0 else math.inf
    return (
        f"One Redis core carries {one_redis:,.0f} verifications a second at its busiest, "
        f"{_million(one_redis / PEAK * _DAY_SECONDS)} a day. The budgets that an application's "
        f"numbers share are in one slot, which carries {shared:,.0f} starts a second, "
        f"{_million(shared / PEAK * _DAY_SECONDS)} a day, on a cluster of any size."
    )


def _million(count: float) -> str:
    return f"{count / 1e6:,.1f} million".replace(".0 ", " ")


def _delay(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:g} s"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Write the document from the figures that ``make bench`` left."""
    docs = ROOT / "docs"
    results = json.loads((docs / "benchmarks.json").read_text())
    Path(docs / "capacity.md").write_text(render(results))
    print(f"written: {docs / 'capacity.md'}")


if __name__ == "__main__":
    main()
