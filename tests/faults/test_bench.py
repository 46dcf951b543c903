"""The benchmark, one second a cell: every cell runs, and a wrong answer voids the run."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import cells
from benchmarks.cells import SERVICE, Cell
from benchmarks.load import WrongAnswers
from benchmarks.measuring import Measuring
from benchmarks.parts import Parts
from benchmarks.prepare import Preparing
from benchmarks.processes import ROOT
from benchmarks.redis_server import redis_server
from benchmarks.singles import round_trips

_LONGEST_SECONDS = 900


@pytest.mark.timeout(_LONGEST_SECONDS)
def test_every_cell_runs_and_is_reported(tmp_path: Path) -> None:
    short = {"BENCH_SECONDS": "1", "BENCH_ROUNDS": "1", "BENCH_LIVE": "4000"}
    subprocess.run(
        [sys.executable, "-m", "benchmarks"],
        cwd=ROOT,
        env={**os.environ, **short, "BENCH_OUT": str(tmp_path)},
        check=False,
        timeout=_LONGEST_SECONDS,
    )

    results = json.loads((tmp_path / "benchmarks.json").read_text())
    every = [*cells.LOADS, *cells.GROWTH]
    assert set(results["cells"]) == {cell.name for cell in every}
    for cell in every:
        found = results["cells"][cell.name]
        # A machine that is busy with other things may not carry hundreds of slow starts.
        may_fail = cell.part in {cells.FLOOR_SLOW, cells.SERVICE_SLOW}
        assert len(found["runs"]) == 1 or (may_fail and found["not_run"]), (cell.name, found)
    report = (tmp_path / "benchmarks.md").read_text()
    assert all(f"| {cell.part}: " in report for cell in every)
    assert (tmp_path / "benchmarks.svg").read_text().startswith("<svg")


@pytest.fixture(scope="module")
def preparing() -> Iterator[Preparing]:
    with Preparing() as made:
        yield made


_NO_START = {"OTP_DENIED_COUNTRIES": "UA"}


@pytest.mark.parametrize(
    ("kind", "served", "prepared"),
    [
        ("start", _NO_START, {}),
        ("cycle", _NO_START, {}),
        ("wrong", {}, {"OTP_ATTEMPTS": "1"}),
        ("right", {}, {"OTP_SECRET_KEYS": "another" * 6}),
    ],
    ids=["start", "cycle", "wrong code", "right code"],
)
def test_wrong_answer_voids_the_run(
    tmp_path: Path,
    preparing: Preparing,
    kind: str,
    served: dict[str, str],
    prepared: dict[str, str],
) -> None:
    with Parts(tmp_path) as parts, redis_server(tmp_path) as redis:
        parts.service(SERVICE, redis, parts.provider(0), **served)
        part = parts.up[SERVICE]
        otherwise = replace(part, environ={**part.environ, **prepared})

        with pytest.raises(WrongAnswers):
            Measuring(tmp_path, preparing)(Cell(SERVICE, kind), otherwise, seconds=1)


def test_round_trips_are_counted_call_by_call(tmp_path: Path) -> None:
    with Parts(tmp_path) as parts, redis_server(tmp_path) as redis:
        parts.service(SERVICE, redis, parts.provider(0), OTP_RESEND_COOLDOWN_SECONDS="0")

        trips = round_trips(parts.up[SERVICE])

    assert set(trips) == {
        "start",
        "resend",
        "verify, wrong code",
        "verify, right code",
        "receipt",
    }
    assert all(trip >= 1 for trip in trips.values())
