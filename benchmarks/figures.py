"""From measured rounds to medians, ratios and what became of the targets. Pure arithmetic."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import cells
from benchmarks.cells import CONNECTIONS, PROVIDER_MS, SLOW_CONNECTIONS, Cell

Run = Mapping[str, float]


class NoFigure(Exception):
    """What a figure needs was not measured; says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """One target and what was measured.

    Args:
        bound: what the figure may be at most, or at least if ``is_floor``.
        figure: the median of the rounds; None where there is none, and ``note`` says why.
        least, most: of the rounds.
        decimals: worth showing.
    """

    what: str
    bound: float
    figure: float | None
    unit: str = "x"
    is_floor: bool = False
    decimals: int = 2
    least: float = 0
    most: float = 0
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether it is; None where nobody knows."""
        if self.figure is None:
            return None
        shown = round(self.figure, self.decimals)
        return shown >= self.bound if self.is_floor else shown <= self.bound


def runs_of(results: Mapping[str, Any], name: str) -> Sequence[Run]:
    """Give the rounds of a cell.

    Raises:
        NoFigure: it has none, or one of them is missing.
    """
    entry = results["cells"].get(name, {"runs": [], "not_run": "not among the cells"})
    if entry["not_run"] or not entry["runs"]:
        raise NoFigure(f"{name}: {entry['not_run'] or 'no rounds'}")
    runs: Sequence[Run] = entry["runs"]
    return runs


def cpu(run: Run) -> float:
    """Give the CPU of server and Redis for 1,000 requests, seconds."""
    return run["server_cpu"] + run["redis_cpu"]


def median(runs: Sequence[Run], field: str) -> float:
    """Give the median of one field."""
    return statistics.median(run[field] for run in runs)


def ratios(over: Sequence[float], under: Sequence[float]) -> list[float]:
    """Give the ratio within each round: what slows a whole round down slows both."""
    return [a / b for a, b in zip(over, under, strict=True)]


def cpu_ratios(results: Mapping[str, Any], over: str, under: str) -> list[float]:
    """Give how much more CPU, of server and Redis, a request of one cell costs than another's."""
    return ratios(*([cpu(run) for run in runs_of(results, name)] for name in (over, under)))


def field_ratios(results: Mapping[str, Any], over: str, under: str, field: str) -> list[float]:
    """Give the same of one field."""
    return ratios(*([run[field] for run in runs_of(results, name)] for name in (over, under)))


def ideal_rate(connections: int, delay_ms: float) -> float:
    """Give how many requests a second so many connections allow, each waiting that long."""
    return connections / (delay_ms / 1000)


def targets(results: Mapping[str, Any]) -> list[Target]:
    """Give every target with what was measured."""
    return [*_load_targets(results), *_single_targets(results)]


def _load_targets(results: Mapping[str, Any]) -> list[Target]:
    floor, service = _named(cells.FLOOR), _named(cells.SERVICE)
    slow = Cell(cells.SERVICE_SLOW, "start", SLOW_CONNECTIONS).name
    alone = Cell(cells.SERVICE_SLOW, "wrong").name
    beside = Cell(cells.SERVICE_SLOW, "wrong", beside_starts=True).name
    ideal = ideal_rate(SLOW_CONNECTIONS, PROVIDER_MS)
    at = f"{CONNECTIONS} connections"

    def cpu_over(over: str, under: str) -> Callable[[], Sequence[float]]:
        return lambda: cpu_ratios(results, over, under)

    wanted = [
        (
            f"verify, wrong code, {at}: CPU of service and Redis, of the floor's",
            1.1,
            cpu_over(service["wrong"], floor["wrong"]),
        ),
        (
            f"verify, right code, {at}: CPU of service and Redis, of the floor's",
            1.1,
            cpu_over(service["right"], floor["wrong"]),
        ),
        (
            f"start, instant provider, {at}: CPU of service and Redis, of the floor's",
            1.0,
            cpu_over(service["start"], floor["start"]),
        ),
    ]
    found = [_target(what, bound, figure) for what, bound, figure in wanted]
    found.append(
        _target(
            f"start, provider at {PROVIDER_MS} ms, {SLOW_CONNECTIONS} connections: of the ideal "
            f"{ideal:.0f}/s",
            92,
            lambda: [run["rate"] / ideal * 100 for run in runs_of(results, slow)],
            unit="%",
            is_floor=True,
            decimals=0,
        )
    )
    found.append(
        _target(
            "the same: p99",
            450,
            lambda: [run["p99_ms"] for run in runs_of(results, slow)],
            unit="ms",
            decimals=0,
        )
    )
    found.append(
        _target(
            "verify while that start load runs: p99, of its p99 alone",
            3,
            lambda: field_ratios(results, beside, alone, "p99_ms"),
        )
    )
    for kind, what in (("wrong", "verify"), ("start", "start")):
        with_keys = Cell(cells.SERVICE, kind, has_keys=True).name
        without = Cell(cells.UNGUARDED, kind).name
        found.append(
            _target(
                f"guards, {what}: CPU with all on, of that with them off",
                1.3,
                cpu_over(with_keys, without),
            )
        )
    for over, what in (
        (cells.MANY, f"{results['run']['live']:,} live verifications, of that at 1,000"),
        (cells.FEW, "two workers, of that with one"),
    ):
        under = cells.ONE_WORKER if over == cells.FEW else cells.FEW
        for kind, call in (("wrong", "verify"), ("start", "start")):
            names = (Cell(part, kind, keeps=True).name for part in (over, under))
            found.append(_target(f"growth, {call}: CPU with {what}", 1.1, cpu_over(*names)))
    return found


def _single_targets(results: Mapping[str, Any]) -> list[Target]:
    trips, ups, memory = results["round_trips"], results["start_up"], results["memory"]
    allowed = {
        "verify, wrong code": 2,
        "verify, right code": 2,
        "start": 3,
        "resend": 2,
        "receipt": 1,
    }
    found = [
        _target(
            f"round trips on one Redis: {call}",
            bound,
            lambda call=call: [trips[call]],
            unit="",
            decimals=0,
        )
        for call, bound in allowed.items()
    ]
    found.append(
        _target(
            f"Redis memory of a live verification, over {memory['live']:,}, without audit",
            900,
            lambda: [memory["verification"]],
            unit="bytes",
            decimals=0,
        )
    )
    found.append(
        _target("first answer after `otp-service serve`", 1.5, lambda: [ups["serve"]], unit="s")
    )
    found.append(_target("`otp-service --help`", 0.3, lambda: [ups["help"]], unit="s"))
    found.append(
        _target(
            "memory of a worker, after the load",
            90,
            lambda: [
                max(
                    run["worker_mb"]
                    for name, entry in results["cells"].items()
                    if name.startswith(cells.SERVICE)
                    for run in entry["runs"]
                )
            ],
            unit="MB",
            decimals=0,
        )
    )
    return found


def _target(what: str, bound: float, figure: Callable[[], Sequence[float]], **more: Any) -> Target:
    try:
        rounds = figure()
    except NoFigure as reason:
        return Target(what, bound, None, note=str(reason), **more)
    return Target(
        what, bound, statistics.median(rounds), least=min(rounds), most=max(rounds), **more
    )


def _named(part: str) -> dict[str, str]:
    return {kind: Cell(part, kind).name for kind in ("wrong", "right", "start")}
