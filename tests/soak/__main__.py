"""Run sign-ups of every kind for a set time while things break, and judge what came of it.

Usage: python -m soak [--seconds 600] [--seed 1] [--report docs/soak.md]

Ends with 1, and shows the sign-ups concerned, if anything is amiss; else the report is written.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from soak import books, verdict
from soak.faults import RESTART, Fault, Happened, happen, in_turn
from soak.report import Found, written
from soak.stage import Stage, set_up
from soak.workers import Watch, median_of
from support.invariants import Allowed, violations
from support.journeys import Told
from support.load import Load
from support.parts import EVERY_PART

from otp_service.domain.identity import IdScheme

_THREADS = 8
_PAUSE_SECONDS = 0.2
_LOOK_BACK_AFTER_SECONDS = 60
_QUIET_SECONDS = 9.0
# One restart, and one more for so much of a soak.
_SECONDS_A_RESTART = 300
# What a restart takes on a busy machine.
_RESTART_SECONDS = 15.0
# One call: a command that waits for its connection (1 s) and answer (3 s) in vain, and one that all
# but does, about the provider's three exchanges of at most 3 s each; and a busy machine.
_LONGEST_SECONDS = 20
_COUNTRY = "UA"
# At a fifth of the time, and at the end: so much of the whole is looked at.
_EARLY, _SHARE = 0.2, 0.1


def main() -> None:
    """Run it, and tell."""
    parser = argparse.ArgumentParser(prog="soak")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="otp-soak-") as directory, set_up(Path(directory)) as stage:
        found = soak(stage, seconds=options.seconds, seed=options.seed)
    report = written(found)
    _say(report)
    if found.problems:
        sys.exit(f"{len(found.problems)} violations")
    if options.report is not None:
        options.report.write_text(report)


def soak(stage: Stage, *, seconds: float, seed: int) -> Found:
    """Run it on what stands, and give what was found."""
    deployed = stage.deployed
    began = time.monotonic()
    load = Load(
        deployed.shop,
        threads=_THREADS,
        pause=_PAUSE_SECONDS,
        parts=EVERY_PART,
        bank=deployed.bank,
        look_back_after=_LOOK_BACK_AFTER_SECONDS,
    )
    with Watch(stage.workers) as watch, load:
        faults = _break_in_turn(stage, load, began + seconds, seed)
        load.end()
        ended = time.monotonic()
    log = load.log()
    until = min(each.began for each in faults if each.fault is RESTART)
    early = began + _EARLY * seconds
    at_a_fifth = median_of(watch.samples, since=early, until=early + _SHARE * seconds)
    at_the_end = median_of(watch.samples, since=until - _SHARE * seconds, until=until)
    problems = [
        *violations(load.journeys, _allowed(faults)),
        *verdict.late_troubles(faults, log, ended),
        *books.violations(
            load.journeys,
            stage.redis.client,
            number_tag=IdScheme(deployed.environ["OTP_NUMBER_KEY"].encode()).number_tag,
            country=_COUNTRY,
            is_calm=_calm_among(faults),
        ),
        *verdict.lost_workers(watch.seen, killed=stage.killed, restarts=stage.restarts),
        *verdict.growth(at_a_fifth, at_the_end),
    ]
    return Found(
        seconds=seconds,
        seed=seed,
        redis_version=str(stage.redis.client.info("server")["redis_version"]),
        sign_ups=len(load.journeys),
        approved=sum(any(told.status == 200 for told in j.of("right")) for j in load.journeys),
        log=log,
        faults=faults,
        ended=ended,
        early=at_a_fifth,
        late=at_the_end,
        problems=problems,
    )


def _break_in_turn(stage: Stage, load: Load, until: float, seed: int) -> list[Happened]:
    """Let one fault after another happen, quiet between; restarts last, for they end workers."""
    restarts = 1 + int(until - time.monotonic()) // _SECONDS_A_RESTART
    restarting = until - restarts * (_RESTART_SECONDS + _QUIET_SECONDS)
    load.run_for(_QUIET_SECONDS / 2)
    faults = []
    for fault in in_turn(seed):
        if time.monotonic() + fault.seconds + _QUIET_SECONDS > restarting:
            break
        faults.append(_happen(fault, stage, load))
    faults += [_happen(RESTART, stage, load) for _ in range(restarts)]
    load.run_for(max(0.0, until - time.monotonic()))
    return faults


def _happen(fault: Fault, stage: Stage, load: Load) -> Happened:
    happened = happen(fault, stage)
    _say(f"{fault.name}: {happened.ended - happened.began:.1f} s")
    load.run_for(_QUIET_SECONDS)
    return happened


def _allowed(faults: list[Happened]) -> Allowed:
    return Allowed(
        _LONGEST_SECONDS,
        refused_numbers=True,
        outages=[(each.began, each.whole_by) for each in faults if each.fault.loses_answers],
        unkept=[(each.began, each.whole_by) for each in faults if each.fault.is_of_store],
    )


def _calm_among(faults: list[Happened]) -> Callable[[Told], bool]:
    return lambda told: verdict.is_calm(told, faults)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
