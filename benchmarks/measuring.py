"""Measures one cell: prepares what it needs, loads its part, and reads what everything used."""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from benchmarks.cells import SLOW_CONNECTIONS, Cell
from benchmarks.load import (
    Load,
    NotRun,
    Running,
    Spent,
    WrongAnswers,
    begin,
    begin_command,
    finish,
    write_lines,
)
from benchmarks.parts import Part
from benchmarks.prepare import Preparing, wrong
from benchmarks.processes import ROOT, python
from benchmarks.service import KEY

_ANY_NUMBER = 1_000_000
# Of five attempts, so that none is the last.
_GUESSES = 4
# How much more than the highest rate so far is prepared for; where that is spent, it is doubled.
_SPARE = 1.6
_TRIES = 4
_FIRST_RATE = {"wrong": 2_000.0, "right": 1_000.0}
# Until the load beside a cell is in its stride, and after the cell until it ends.
_STRIDE_SECONDS = 1.0
_LAST_WORDS = 2_000
# More than any machine starts within a cell.
_STARTS_A_CELL = 100_000
_OUTCOMES = {
    "wrong": ("guesses/code_incorrect",),
    "right": ("guesses/approved",),
    "start": ("starts/started",),
    "cycle": ("starts/started", "guesses/approved"),
}
_EXPECTED = {"wrong": ("400", "code_incorrect"), "right": ("200", '"proof":')}


@dataclass(frozen=True, slots=True)
class Measured:
    """One cell in one round; CPU in seconds for 1,000 requests.

    Args:
        server_cpu: of the part's whole process tree.
        commands: Redis ran for a request, within scripts too.
        round_trips: of a request to Redis.
        redis_bytes: of a request to and from Redis.
        worker_mb: the largest worker's memory afterwards.
    """

    rate: float
    p50_ms: float
    p99_ms: float
    server_cpu: float
    redis_cpu: float
    commands: float
    round_trips: float
    redis_bytes: float
    worker_mb: float

    def as_dict(self) -> dict[str, float]:
        """Give the fields for the results, in figures that a reader can take in."""
        return {name: float(f"{value:.5g}") for name, value in asdict(self).items()}


class Measuring:
    """Measures cells.

    Args:
        directory: for what the load reads.
        preparing: makes verifications.
    """

    def __init__(self, directory: Path, preparing: Preparing) -> None:
        self._directory = directory
        self._preparing = preparing
        self._rates = dict[str, float]()
        self._next_person = 0
        self._runs = count(1)

    def __call__(self, cell: Cell, part: Part, *, seconds: float) -> Measured:
        """Measure a cell.

        Raises:
            WrongAnswers: the run is worth nothing; what the part said last stands with it.
            NotRun: this cell has no figure.
        """
        for _ in range(_TRIES):
            with suppress(Spent):
                return self._told(cell, part, seconds)
            self._rates[cell.name] = self._rate(cell) * 2
        raise NotRun("what was prepared was spent every time")

    def _told(self, cell: Cell, part: Part, seconds: float) -> Measured:
        try:
            return self._measure(cell, part, seconds)
        except WrongAnswers as wrong_answers:
            said = part.log.read_text(errors="replace")[-_LAST_WORDS:]
            raise WrongAnswers(f"{cell.name}: {wrong_answers}\n{said}") from wrong_answers

    def _measure(self, cell: Cell, part: Part, seconds: float) -> Measured:
        if not cell.keeps:
            part.redis.client.flushall()
        start_load = self._prepared(cell, part, seconds)
        counted = part.counted() if part.is_service else {}
        beside = self._begin_beside(part, seconds) if cell.beside_starts else None
        redis_before, cpu_before = part.redis.counts(), part.cpu_seconds()
        outcome = finish(start_load(), seconds=seconds)
        cpu_seconds = part.cpu_seconds() - cpu_before
        redis = part.redis.counts().since(redis_before)
        if beside:
            finish(beside, seconds=seconds)
        elif part.is_service:
            check_counted(counted, part.counted(), cell, outcome.requests)
        self._rates[cell.name] = max(outcome.rate, self._rates.get(cell.name, 0))
        return Measured(
            rate=outcome.rate,
            p50_ms=outcome.p50_ms,
            p99_ms=outcome.p99_ms,
            server_cpu=cpu_seconds / outcome.requests * 1000,
            redis_cpu=redis.cpu_seconds / outcome.requests * 1000,
            commands=redis.commands / outcome.requests,
            round_trips=redis.round_trips / outcome.requests,
            redis_bytes=redis.traffic_bytes / outcome.requests,
            worker_mb=part.worker_mb(),
        )

    def _prepared(self, cell: Cell, part: Part, seconds: float) -> Callable[[], Running]:
        """Prepare what a cell's load needs and give what begins it."""
        if cell.kind == "cycle":
            arguments = (part.port, part.provider_port, KEY, cell.connections, seconds)
            return lambda: begin_command(python("benchmarks.cycle", *arguments), ROOT)
        run = f"{time.monotonic_ns()}-{next(self._runs)}" if cell.has_keys else ""
        if cell.kind == "start":
            load = self._starts(cell.connections, run)
        else:
            load = self._guesses(cell, part, seconds, run)
        return lambda: begin(load, part.port, key=KEY, seconds=seconds)

    def _begin_beside(self, part: Part, seconds: float) -> Running:
        load = self._starts(SLOW_CONNECTIONS)
        beside = begin(load, part.port, key=KEY, seconds=seconds + 2 * _STRIDE_SECONDS)
        time.sleep(_STRIDE_SECONDS)
        return beside

    def _starts(self, connections: int, run: str = "") -> Load:
        first = self._people(_STARTS_A_CELL)
        return Load("start", "/otp/start", connections, (run, str(first)))

    def _guesses(self, cell: Cell, part: Part, seconds: float, run: str) -> Load:
        wanted = math.ceil(self._rate(cell) * seconds * _SPARE) + cell.connections
        guesses = _GUESSES if cell.kind == "wrong" else 1
        wanted = math.ceil(wanted / guesses)
        if part.is_service:
            status, marker = _EXPECTED[cell.kind]
            prepared = self._preparing(part.environ, wanted, first=self._people(wanted))
        else:
            # It asks no more of an id than that it is one.
            status, marker = "200", "approved"
            guesses = _ANY_NUMBER
            prepared = [(f"{at:036d}", "123456") for at in range(wanted)]
        if cell.kind == "wrong":
            prepared = [(vid, wrong(pin)) for vid, pin in prepared]
        path = write_lines(self._directory / "verifications", prepared)
        arguments = (run, str(path), str(guesses), status, marker)
        return Load("verify", "/otp/verify", cell.connections, arguments)

    def _rate(self, cell: Cell) -> float:
        """Give how many guesses a second are to be prepared for: the most there were so far."""
        return self._rates.get(cell.name, _FIRST_RATE.get(cell.kind, 0))

    def _people(self, how_many: int) -> int:
        """Give the first of so many people whom nobody has met."""
        first = self._next_person
        self._next_person += how_many
        return first


def check_counted(
    before: Mapping[str, float], after: Mapping[str, float], cell: Cell, requests: int
) -> None:
    """See that the service itself counted what the load did, and nothing else.

    Args:
        before: outcomes and how often each was counted, before the load; ``after``: after it.
        requests: that the load had an answer to. The service may have answered one more a
            connection, when the load ended.

    Raises:
        WrongAnswers: other outcomes, or too many, or too few.
    """
    came = {name: after[name] - before.get(name, 0) for name in after}
    came = {name: times for name, times in came.items() if times}
    fair = range(requests, requests + cell.connections + 1)
    if set(came) != set(_OUTCOMES[cell.kind]) or any(n not in fair for n in came.values()):
        raise WrongAnswers(f"{requests} answers, but the service counted {came}")
