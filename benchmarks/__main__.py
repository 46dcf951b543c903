"""The benchmark: measures the service against the floor, and writes the report.

Usage: python -m benchmarks
Environment: ``BENCH_SECONDS`` a cell (3), ``BENCH_ROUNDS`` (3; fewer where they do not fit into a
quarter of an hour), ``BENCH_LIVE`` verifications of the largest store (1,000,000; a multiple of
1,000), ``BENCH_OUT`` where the report goes (``docs``).
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import cells, singles
from benchmarks.ballast import multiply
from benchmarks.cells import GROWTH, LOADS, PROVIDER_MS, Cell
from benchmarks.load import NotRun, WrongAnswers
from benchmarks.machine import machine, versions
from benchmarks.measuring import Measuring
from benchmarks.parts import Parts
from benchmarks.prepare import Preparing
from benchmarks.processes import ROOT
from benchmarks.redis_server import RedisServer, redis_server
from benchmarks.report import write_report

_FEW = 1_000
_GENUINE = 10_000
# A round that has begun goes on to its end, and so does what is measured once.
_LOADS_SECONDS, _ALL_SECONDS = 420.0, 660.0
_TRIPS = "service, round trips"


def main() -> None:
    """Measure, and write what came of it."""
    missing = [name for name in ("wrk", "redis-server") if not shutil.which(name)]
    if missing:
        sys.exit(f"not on PATH: {', '.join(missing)}")
    seconds = float(os.environ.get("BENCH_SECONDS", "3"))
    rounds = int(os.environ.get("BENCH_ROUNDS", "3"))
    live = int(os.environ.get("BENCH_LIVE", "1000000"))
    out = Path(os.environ.get("BENCH_OUT", str(ROOT / "docs")))
    results = run(seconds=seconds, rounds=rounds, live=live)
    write_report(results, out)
    print(f"written: {out / 'benchmarks.md'}")
    if wrong := [name for name, cell in results["cells"].items() if cell["is_wrong"]]:
        sys.exit(f"wrong answers: {', '.join(wrong)}")


def run(*, seconds: float, rounds: int, live: int) -> dict[str, Any]:
    """Measure everything.

    Args:
        live: verifications in the store that is large.
    """
    began = time.monotonic()
    with TemporaryDirectory(prefix="otp-bench-") as name, Preparing() as preparing:
        directory = Path(name)
        measuring = Measuring(directory, preparing)

        def in_turn(parts: Parts, wanted: Sequence[Cell], within: float) -> dict[str, Any]:
            return measure_in_turn(
                measuring,
                parts,
                wanted,
                seconds=seconds,
                rounds=rounds,
                no_more_after=began + within,
            )

        with Parts(directory) as parts, redis_server(directory) as redis:
            quick = _bring_up(parts, redis)
            loads = in_turn(parts, LOADS, _LOADS_SECONDS)
            parts.service(_TRIPS, redis, quick, OTP_RESEND_COOLDOWN_SECONDS="0")
            trips = singles.round_trips(parts.up[_TRIPS])
            ups = singles.start_up(directory, redis, quick)
            its_versions = versions(redis.version)
        with redis_server(directory) as redis:
            _say("memory")
            memory = singles.memory(directory, redis, preparing, genuine=min(_GENUINE, live))
        with (
            Parts(directory) as parts,
            redis_server(directory) as few,
            redis_server(directory) as many,
        ):
            _bring_up_growth(parts, few, many)
            for part, wanted in ((cells.FEW, _FEW), (cells.MANY, live)):
                preparing(parts.up[part].environ, _FEW)
                multiply(parts.up[part].redis.client, wanted // _FEW)
            growth = in_turn(parts, GROWTH, _ALL_SECONDS)
    return {
        "cells": loads | growth,
        "round_trips": trips,
        "start_up": ups,
        "memory": memory,
        "machine": machine(),
        "versions": its_versions,
        "run": {
            "seconds": seconds,
            "rounds": rounds,
            "live": live,
            "took_seconds": round(time.monotonic() - began),
        },
    }


def _bring_up(parts: Parts, redis: RedisServer) -> int:
    """Bring up what ``LOADS`` load, and give the port of the provider that answers at once."""
    quick, slow = parts.provider(0), parts.provider(PROVIDER_MS)
    parts.floor(cells.FLOOR, redis, quick)
    parts.floor(cells.FLOOR_SLOW, redis, slow)
    for threads in cells.FLOOR_THREADS:
        parts.floor(cells.floor_at(threads), redis, quick, threads=threads)
    parts.service(cells.SERVICE, redis, quick)
    parts.service(cells.SERVICE_SLOW, redis, slow)
    parts.service(cells.UNGUARDED, redis, quick, guards=False)
    return quick


def _bring_up_growth(parts: Parts, few: RedisServer, many: RedisServer) -> None:
    quick = parts.provider(0)
    parts.service(cells.FEW, few, quick)
    parts.service(cells.MANY, many, quick)
    parts.service(cells.ONE_WORKER, few, quick, OTP_WORKERS="1")


def measure_in_turn(
    measuring: Measuring,
    parts: Parts,
    wanted: Sequence[Cell],
    *,
    seconds: float,
    rounds: int,
    no_more_after: float,
) -> dict[str, Any]:
    """Measure cells in turn, once to warm up and then round by round.

    Args:
        no_more_after: on ``time.monotonic``'s clock: after it no round begins but the first.

    Returns:
        By a cell's name its ``runs``, or why it was ``not_run`` and whether that is because its
        answers were wrong.
    """
    results: dict[str, Any] = {}
    for number in range(rounds + 1):
        if number > 1 and time.monotonic() > no_more_after:
            _say(f"no time for more than {number - 1} of {rounds} rounds")
            break
        for cell in wanted:
            entry = results.setdefault(cell.name, {"runs": [], "not_run": "", "is_wrong": False})
            if cell.part in parts.not_up:
                entry["not_run"] = parts.not_up[cell.part]
                continue
            lasts = seconds if number else min(seconds, 1.0)
            try:
                measured = measuring(cell, parts.up[cell.part], seconds=lasts)
            except WrongAnswers as wrong:
                entry |= {"not_run": str(wrong).partition("\n")[0], "is_wrong": True}
                _say(str(wrong))
                continue
            except NotRun as reason:
                # What goes wrong while it warms up is over when it is measured.
                entry["not_run"] = str(reason) if number else ""
                _say(f"{cell.name}: {reason}")
                continue
            _say(f"round {number} {cell.name}: {json.dumps(measured.as_dict())}")
            if number:
                entry["runs"].append(measured.as_dict())
    return results


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
