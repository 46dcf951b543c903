"""The load that faults are tried under: nothing is amiss where nothing breaks, and it can tell."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from support.deployments import Deploying
from support.invariants import Allowed, violations
from support.load import LOADED_SHOP, LOADED_TABLES, Journey, Load, Told

ALLOWED = Allowed(longest_seconds=10)


def test_nothing_is_amiss_while_nothing_breaks(tmp_path: Path) -> None:
    with (
        Deploying(tmp_path, LOADED_TABLES, shop=LOADED_SHOP) as deployed,
        Load(deployed.shop) as load,
    ):
        began = time.monotonic()
        load.run_for(3)

        assert load.troubles(began) == []
        load.end()

    assert violations(load.journeys, ALLOWED) == []
    assert {journey.part for journey in load.journeys} == {"plain", "clumsy", "hasty", "guesser"}
    assert len({journey.number for journey in load.journeys}) == len(load.journeys)


_START = Told("start", 0, 0.1, 201, "pending", "accepted")
_RIGHT = Told("right", 0, 0.1, 200, "approved")
_USED = Told("right", 0, 0.1, 410, "verification_approved")
_LOST = Told("right", 0, 0.1, 503, "store_unavailable")
_REFUSED = Told("start", 0, 0.1, 503, "store_unavailable")


def _wrong(left: int) -> Told:
    return Told("wrong", 0, 0.1, 400, "code_incorrect", attempts_left=left)


_USED_UP = replace(_USED, code="verification_exhausted")
_SPENT = Told("wrong", 0, 0.1, 410, "verification_exhausted")


def _journey(*log: Told, messages: int = 1) -> Journey:
    return Journey("+380670000000", "plain", "id", list(log), messages)


@pytest.mark.parametrize(
    "journey",
    [
        _journey(_START, _RIGHT, _USED),
        _journey(_START, _LOST, _USED),
        _journey(_START, *map(_wrong, (4, 3, 2, 1)), _SPENT, _USED_UP),
        _journey(_REFUSED, messages=0),
    ],
)
def test_what_may_be_told_is_no_violation(journey: Journey) -> None:
    assert violations([journey], ALLOWED) == []


@pytest.mark.parametrize(
    ("journey", "problem"),
    [
        (_journey(_START, _RIGHT, _RIGHT), "approved twice"),
        (_journey(_START, replace(_RIGHT, call="wrong")), "a wrong code was approved"),
        (_journey(_START, _wrong(4), _wrong(4), _RIGHT), "left the same attempts"),
        (
            _journey(_START, *map(_wrong, (4, 3, 2, 1)), _SPENT, _RIGHT),
            "and every attempt was used up",
        ),
        (_journey(_START, *map(_wrong, (5, 4, 3, 2, 1)), _USED_UP), "5 wrong codes left one more"),
        (_journey(_START, _wrong(4), _USED_UP), "the right code was answered 410"),
        (_journey(_START, _USED), "the right code was answered 410"),
        (_journey(_START, replace(_USED, status=404, code="verification_not_found")), "404"),
        (_journey(_REFUSED, messages=1), "sent 1 messages"),
        (_journey(_START, _RIGHT, messages=2), "sent 2 messages"),
        (_journey(_START, messages=0), "sent no message"),
        (_journey(replace(_START, took=10.1)), "took 10.1 s"),
        (_journey(replace(_START, status=500)), "was answered 500"),
        (_journey(replace(_START, status=0, code="ConnectionError")), "got no answer"),
    ],
)
def test_violation_is_told(journey: Journey, problem: str) -> None:
    assert problem in violations([journey], ALLOWED)[0]
