"""What a soak finds, on logs that are doctored."""

from collections import Counter
from contextlib import nullcontext
from dataclasses import replace

import pytest
from soak.faults import Fault, Happened
from soak.verdict import growth, is_calm, late_troubles, lost_workers, quiet_latencies, recoveries
from soak.workers import Held
from support.journeys import Told

_FAULT = Fault("Redis killed", lambda stage: nullcontext(), whole_within=3)
_FIRST = Happened(_FAULT, began=10, ended=12)
_SECOND = replace(_FIRST, began=20, ended=22)
_ENDED = 30.0

_MIB = 2**20


def _failed(at: float, took: float = 0.5) -> Told:
    return Told("start", at, took, 503, "store_unavailable")


@pytest.mark.parametrize("at", [1, 9.4, 15.1, 19.4, 25.5])
def test_call_that_fails_when_all_should_be_well_is_told(at: float) -> None:
    (problem,) = late_troubles([_FIRST, _SECOND], [_failed(at)], _ENDED)

    assert "start 503 store_unavailable" in problem


@pytest.mark.parametrize("at", [9.6, 10, 12, 14.9, 19.6, 21, 24.9, 29.6])
def test_call_that_fails_about_a_fault_is_not(at: float) -> None:
    assert late_troubles([_FIRST, _SECOND], [_failed(at)], _ENDED) == []


def test_call_that_fails_by_what_should_be_harmless_is_told() -> None:
    harmless = replace(_FIRST, fault=replace(_FAULT, is_harmless=True))

    assert len(late_troubles([harmless], [_failed(11)], _ENDED)) == 1


def test_call_that_succeeds_is_not_told() -> None:
    well = Told("start", 16, 0.1, 201, "pending")

    assert late_troubles([_FIRST], [well], _ENDED) == []


def test_recovery_is_the_slowest_call_that_failed_after_a_fault() -> None:
    again = replace(_FIRST, began=14, ended=15)
    log = [_failed(11), _failed(12.2), _failed(13), _failed(22)]

    (found,) = recoveries([_FIRST, again], log, _ENDED)

    assert (found.name, found.times, round(found.slowest, 3)) == ("Redis killed", 2, 7.5)
    assert found.broken == Counter({"503 store_unavailable": 4})


def test_call_under_way_when_the_next_thing_broke_failed_by_that() -> None:
    other = replace(_SECOND, fault=replace(_FAULT, name="Redis paused"))

    found = recoveries([_FIRST, other], [_failed(19.8)], _ENDED)

    assert [(each.name, each.broken.total()) for each in found] == [
        ("Redis killed", 0),
        ("Redis paused", 1),
    ]


@pytest.mark.parametrize(
    ("at", "is_quiet"), [(5, True), (9.8, False), (11, False), (14, False), (15.5, True)]
)
def test_call_is_calm_where_nothing_is_broken(at: float, *, is_quiet: bool) -> None:
    assert is_calm(_failed(at), [_FIRST]) is is_quiet


def test_latencies_are_those_between_faults() -> None:
    log = [Told("start", at, took, 201, "pending") for at, took in ((11, 9), (16, 1), (17, 3))]

    assert quiet_latencies([_FIRST], log, _ENDED) == {"start": (2, 2, 3)}


def test_worker_that_nobody_killed_is_missed() -> None:
    seen = {1, 2, 3, 4, 5}

    assert lost_workers(seen, killed=1, restarts=1) == []
    assert lost_workers(seen | {6}, killed=1, restarts=1) == ["6 workers were seen, not 5"]


_THEN = Held(0, 7, 80 * _MIB, 20, 40)


@pytest.mark.parametrize(
    ("now", "problem"),
    [
        (replace(_THEN, memory_bytes=89 * _MIB), "memory grew by 9.0 MiB"),
        (replace(_THEN, threads=37), "threads grew from 20 to 37"),
        (replace(_THEN, files=65), "files grew from 40 to 65"),
    ],
)
def test_worker_that_grows_is_told(now: Held, problem: str) -> None:
    (found,) = growth({7: _THEN}, {7: now})

    assert problem in found


def test_worker_that_does_not_grow_is_not() -> None:
    settled = Held(9, 7, 87 * _MIB, 36, 64)

    assert growth({7: _THEN}, {7: settled, 8: replace(_THEN, pid=8)}) == []


def test_workers_that_did_not_live_long_enough_show_nothing() -> None:
    assert growth({7: _THEN}, {8: _THEN}) != []
