"""From rounds to medians, ratios and targets."""

from typing import Any

import pytest

from benchmarks import cells
from benchmarks.cells import Cell
from benchmarks.figures import (
    NoFigure,
    Target,
    cpu_ratios,
    field_ratios,
    ideal_rate,
    median,
    ratios,
    runs_of,
    targets,
)


def _run(server_cpu: float, redis_cpu: float = 0.0, **more: float) -> dict[str, float]:
    fields = dict.fromkeys(("rate", "p50_ms", "p99_ms", "worker_mb"), 1.0)
    return {**fields, "server_cpu": server_cpu, "redis_cpu": redis_cpu, **more}


def _results(**by_name: list[dict[str, float]]) -> dict[str, Any]:
    return {"cells": {name: {"runs": runs, "not_run": ""} for name, runs in by_name.items()}}


def test_median_is_the_middle_round() -> None:
    assert median([_run(3), _run(100), _run(1)], "server_cpu") == 3


def test_ratio_is_taken_within_each_round() -> None:
    # The second round was slow for both.
    assert ratios([2, 30, 3], [1, 15, 2]) == [2, 2, 1.5]


def test_ratio_wants_as_many_rounds_of_both() -> None:
    with pytest.raises(ValueError, match="zip"):
        ratios([1, 2], [1])


def test_cpu_of_redis_counts_as_the_servers_does() -> None:
    results = _results(service=[_run(2, 2)], floor=[_run(2, 0)])

    assert cpu_ratios(results, "service", "floor") == [2]


def test_ratio_of_one_field() -> None:
    results = _results(beside=[_run(1, p99_ms=30)], alone=[_run(9, p99_ms=10)])

    assert field_ratios(results, "beside", "alone", "p99_ms") == [3]


def test_connections_that_wait_allow_so_many_a_second() -> None:
    assert ideal_rate(256, 300) == pytest.approx(853.3, abs=0.05)


@pytest.mark.parametrize(
    "entry",
    [{"runs": [], "not_run": ""}, {"runs": [_run(1)], "not_run": "a connection broke"}],
    ids=["no rounds", "a round is missing"],
)
def test_cell_that_was_not_run_has_no_figure(entry: dict[str, Any]) -> None:
    with pytest.raises(NoFigure):
        runs_of({"cells": {"floor": entry}}, "floor")


@pytest.mark.parametrize(
    ("target", "is_met"),
    [
        (Target("cpu", 1.1, 1.104), True),
        (Target("cpu", 1.1, 1.106), False),
        (Target("rate", 92, 91.6, is_floor=True, decimals=0), True),
        (Target("rate", 92, 91.4, is_floor=True, decimals=0), False),
        (Target("cpu", 1.1, None), None),
    ],
    ids=["as shown", "over", "enough", "too little", "not run"],
)
def test_target_is_met_as_the_report_shows_it(
    target: Target,
    is_met: bool | None,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert target.is_met is is_met


def test_every_target_is_told(whole: dict[str, Any]) -> None:
    found = targets(whole)

    assert len(found) == 21
    assert [target.what for target in found if target.figure is None] == []


def test_target_whose_cell_was_not_run_says_so(whole: dict[str, Any]) -> None:
    slow = Cell(cells.SERVICE_SLOW, "start", cells.SLOW_CONNECTIONS).name
    whole["cells"][slow] = {"runs": [], "not_run": "256 late"}

    untold = [target for target in targets(whole) if target.is_met is None]

    assert len(untold) == 2
    assert all("256 late" in target.note for target in untold)


def test_target_is_the_median_of_its_rounds_and_tells_their_spread(whole: dict[str, Any]) -> None:
    floor, service = (Cell(part, "start").name for part in (cells.FLOOR, cells.SERVICE))
    whole["cells"][floor]["runs"] = [_run(1), _run(10), _run(2)]
    whole["cells"][service]["runs"] = [_run(2), _run(20), _run(3)]

    found = next(each for each in targets(whole) if each.what.startswith("start, instant"))

    # Of the medians it would be 3 / 2.
    assert (found.figure, found.least, found.most) == (2, 1.5, 2)
