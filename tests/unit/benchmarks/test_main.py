"""Rounds: what goes wrong in one cell keeps no other from being measured."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.__main__ import measure_in_turn
from benchmarks.cells import Cell
from benchmarks.load import NotRun, WrongAnswers
from benchmarks.measuring import Measured

_CELLS = (Cell("service", "start"), Cell("service", "right"))
_NAMES = [cell.name for cell in _CELLS]


def _measured(
    rounds: int, fails: Callable[[Cell, int], Exception | None], *, no_more_after: float = 0.0
) -> dict[str, Any]:
    """Give the results; ``fails`` is asked for each cell and how often it was measured before."""
    times = dict.fromkeys(_NAMES, 0)

    def measuring(cell: Cell, part: object, *, seconds: float) -> Measured:
        times[cell.name] += 1
        if problem := fails(cell, times[cell.name] - 1):
            raise problem
        return Measured(**dict.fromkeys(Measured.__slots__, float(times[cell.name])))

    return measure_in_turn(
        measuring,
        SimpleNamespace(up={"service": None}, not_up={"floor": "no port"}),
        _CELLS,
        seconds=1,
        rounds=rounds,
        no_more_after=no_more_after or time.monotonic() + 60,
    )


def test_round_that_warms_up_does_not_count() -> None:
    results = _measured(2, lambda cell, before: None)

    assert [run["rate"] for run in results[_NAMES[0]]["runs"]] == [2.0, 3.0]


@pytest.mark.parametrize("at", [0, 1], ids=["warming up", "measured"])
def test_wrong_answers_spoil_their_cell_and_no_other(at: int) -> None:
    def fails(cell: Cell, before: int) -> Exception | None:
        is_it = cell.kind == "right" and before == at
        return WrongAnswers("7 wrong answers\nand what the log said") if is_it else None

    results = _measured(2, fails)

    assert len(results[_NAMES[0]]["runs"]) == 2
    assert not results[_NAMES[0]]["is_wrong"]
    assert results[_NAMES[1]]["is_wrong"]
    assert results[_NAMES[1]]["not_run"] == "7 wrong answers"


def test_load_that_did_not_come_through_says_so() -> None:
    results = _measured(1, lambda cell, before: NotRun("1 late") if before else None)

    assert [results[name]["not_run"] for name in _NAMES] == ["1 late", "1 late"]


def test_load_that_only_warmed_up_badly_is_measured() -> None:
    results = _measured(1, lambda cell, before: None if before else NotRun("1 late"))

    assert [results[name]["not_run"] for name in _NAMES] == ["", ""]


def test_no_round_but_the_first_begins_when_the_time_is_over() -> None:
    results = _measured(3, lambda cell, before: None, no_more_after=time.monotonic() - 1)

    assert [len(results[name]["runs"]) for name in _NAMES] == [1, 1]
