"""Writes the report: ``benchmarks.md``, its picture, and the raw figures as JSON.

Usage: python -m benchmarks.report DIRECTORY  (writes it again from the JSON there)
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import cells
from benchmarks.cells import FLOOR_THREADS, Cell
from benchmarks.figures import NoFigure, Target, cpu, median, runs_of, targets
from benchmarks.picture import Bar, draw
from benchmarks.processes import HERE

_COLUMNS = (
    "| cell | requests/s | p50 ms | p99 ms | CPU s per 1,000: server | Redis | commands a request "
    "| round trips a request |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
)
_CALLS = {"wrong": "verify, wrong code", "right": "verify, right code"}

_MIXED = {cell.name for cell in cells.LOADS if cell.beside_starts}
_METHOD = HERE / "method.md"


def write_report(results: Mapping[str, Any], directory: Path) -> None:
    """Write all three files."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "benchmarks.json").write_text(json.dumps(results, indent=1) + "\n")
    (directory / "benchmarks.svg").write_text(_picture(results))
    (directory / "benchmarks.md").write_text(render(results))


def render(results: Mapping[str, Any]) -> str:
    """Give the report's text."""
    return "\n".join(
        [
            "# Benchmarks",
            "",
            "The service beside the floor of Flask: a bare application that asks the same of Redis",
            "and of the provider.",
            "Written by `make bench`; not to be edited.",
            "",
            "![What a request costs](benchmarks.svg)",
            "",
            "## Targets",
            "",
            _targets_table(targets(results)),
            "",
            "## Loads",
            "",
            _loads_table(results, _names_of(cells.LOADS)),
            "",
            _best_floor(results),
            "",
            "## Growth",
            "",
            _growth(results["run"]["live"]),
            "",
            _loads_table(results, _names_of(cells.GROWTH)),
            "",
            "## Memory in Redis",
            "",
            _memory(results["memory"]),
            "",
            "## This run",
            "",
            _pairs(results["machine"] | results["versions"]),
            "",
            _length(results),
            _start_up(results["start_up"]),
            "",
            _METHOD.read_text(),
        ]
    )


def _targets_table(found: Sequence[Target]) -> str:
    rows = ["| what | target | measured | |", "| --- | --- | --- | --- |"]
    words = {True: "met", False: "**not met**", None: "not run"}
    for target in found:
        side = "at least" if target.is_floor else "at most"
        bound = f"{side} {target.bound:g} {target.unit}".strip()
        rows.append(f"| {target.what} | {bound} | {_shown(target)} | {words[target.is_met]} |")
    return "\n".join(rows)


def _shown(target: Target) -> str:
    if target.figure is None:
        return target.note
    figure, least, most = (
        f"{value:.{target.decimals}f}" for value in (target.figure, target.least, target.most)
    )
    return f"{figure} {target.unit}".strip() + ("" if least == most else f" ({least} to {most})")


def _loads_table(results: Mapping[str, Any], names: Sequence[str]) -> str:
    return "\n".join([_COLUMNS, *(_load_row(results, name) for name in names)])


def _load_row(results: Mapping[str, Any], name: str) -> str:
    title = _title(name)
    try:
        runs = runs_of(results, name)
    except NoFigure as reason:
        return f"| {title} | could not be run: {_one_line(str(reason))} | | | | | | |"
    formats = {
        "rate": ".0f",
        "p50_ms": ".1f",
        "p99_ms": ".1f",
        "server_cpu": ".3f",
        "redis_cpu": ".3f",
        "commands": ".1f",
        "round_trips": ".2f",
    }
    figures = [format(median(runs, field), form) for field, form in formats.items()]
    if name in _MIXED:
        # What it cost cannot be told from what the starts beside it cost.
        figures[3:] = [""] * len(figures[3:])
    return f"| {title} | {' | '.join(figures)} |"


def _best_floor(results: Mapping[str, Any]) -> str:
    lines = []
    for kind, call in (("wrong", "verify"), ("start", "start")):
        costs = {}
        for threads in FLOOR_THREADS:
            try:
                runs = runs_of(results, Cell(cells.floor_at(threads), kind).name)
            except NoFigure:
                continue
            costs[threads] = median([{"cpu": cpu(run)} for run in runs], "cpu")
        if costs:
            best = min(costs, key=costs.__getitem__)
            lines.append(
                f"The floor at its own best for {call}: {best} threads a worker, "
                f"{costs[best]:.3f} CPU seconds per 1,000 of server and Redis."
            )
    return "  \n".join(lines) or "The floor's own best could not be found."


def _memory(memory: Mapping[str, float]) -> str:
    kinds = {name.removeprefix("of it: "): size for name, size in memory.items() if ": " in name}
    rows = ["| key of | bytes |", "| --- | --- |"]
    rows += [f"| {name} | {size:.0f} |" for name, size in kinds.items()]
    return (
        f"{memory['verification']:.0f} bytes a live verification over {memory['live']:,} "
        f"({memory['genuine']:.0f} before they were copied), without audit and without "
        "its user's address. What `MEMORY USAGE` says of each key on average (there are two of an "
        "address; Redis' own tables come on top):\n\n" + "\n".join(rows)
    )


def _growth(live: int) -> str:
    return (
        f"*few*: 1,000 live verifications in Redis; *many*: {live:,}; "
        "*one worker*: as few, and half the workers."
    )


def _pairs(pairs: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in pairs.items()) + "."


def _length(results: Mapping[str, Any]) -> str:
    run = results["run"]
    rounds = [len(cell["runs"]) for cell in results["cells"].values()]
    counted = " to ".join(map(str, sorted({min(rounds), max(rounds)})))
    return (
        f"{counted} rounds of {run['seconds']:g} s a cell; "
        f"{run['took_seconds'] / 60:.0f} minutes in all."
    )


def _start_up(ups: Mapping[str, float]) -> str:
    used = ups["serve_cpu"]
    return f"Until its first answer `serve` and its workers used {used:.1f} CPU seconds."


def _picture(results: Mapping[str, Any]) -> str:
    bars = []
    for cell in cells.LOADS:
        if cell.part not in {cells.FLOOR, cells.SERVICE, cells.UNGUARDED}:
            continue
        try:
            runs = runs_of(results, cell.name)
        except NoFigure:
            continue
        server, store = median(runs, "server_cpu"), median(runs, "redis_cpu")
        bars.append(Bar(_title(cell.name), server, store, f"{server + store:.2f} ms"))
    return draw("CPU of one request, milliseconds", bars)


def _title(name: str) -> str:
    part, _, kind = name.partition(": ")
    word, _, more = kind.partition(" ")
    return f"{part}: {_CALLS.get(word, word)} {more}".strip()


def _names_of(wanted: Sequence[Cell]) -> list[str]:
    return [cell.name for cell in wanted]


def _one_line(text: str) -> str:
    return " ".join(text.replace("|", "/").split())[:200]


if __name__ == "__main__":
    place = Path(sys.argv[1])
    write_report(json.loads((place / "benchmarks.json").read_text()), place)
