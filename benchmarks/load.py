"""Loads one server with wrk and reads what came of it. A wrong answer is no result."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.processes import HERE

_SCRIPTS = HERE / "lua"
_MARK = "\nREPORT "
_THREADS = 2
_LATE_AFTER_SECONDS = 10
_HANGS_AFTER_SECONDS = 60


class WrongAnswers(Exception):
    """Requests were answered otherwise than they had to be: the run is worth nothing."""


class NotRun(Exception):
    """A load could not be carried to its end, so there is no figure."""


class Spent(NotRun):
    """There was nothing left to ask about before the time was over."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What wrk counted.

    Args:
        requests: those that were answered, each rightly.
        seconds: that it took.
    """

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True)
class Load:
    """One way to load a server.

    Args:
        script: in ``lua/``, without its ending.
        arguments: what that script takes after the API key and the number of threads.
    """

    script: str
    path: str
    connections: int
    arguments: tuple[str, ...]


Running: TypeAlias = "subprocess.Popen[str]"


def begin(load: Load, port: int, *, key: str, seconds: float) -> Running:
    """Begin a load; ``finish`` waits for its end."""
    command = ["wrk", f"-t{_THREADS}", f"-c{load.connections}", f"-d{seconds:g}s", "--latency"]
    command += ["--timeout", f"{_LATE_AFTER_SECONDS}s", "-s", f"{load.script}.lua"]
    command += [f"http://127.0.0.1:{port}{load.path}", "--", key, str(_THREADS), *load.arguments]
    return begin_command(command, _SCRIPTS)


def begin_command(command: Sequence[str], directory: Path) -> Running:
    """Begin whatever reports as the scripts of ``lua/`` do."""
    return subprocess.Popen(
        command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(process: Running, *, seconds: float) -> Outcome:
    """Wait for the end of a load and give what came of it.

    Raises:
        WrongAnswers: there was one.
        Spent: too little was prepared.
        NotRun: a connection broke, an answer was late, or there was none at all.
    """
    try:
        text, _ = process.communicate(timeout=seconds + _HANGS_AFTER_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise NotRun("wrk did not end") from None
    return read_report(text)


def read_report(text: str) -> Outcome:
    """Read what a script of ``lua/``, or the cycle, says at its end.

    Raises: as for ``finish``.
    """
    _, found, report = text.partition(_MARK)
    if not found:
        raise NotRun(f"no report: {text[-300:]!r}")
    said: dict[str, Any] = json.loads(report)
    if said["spent"]:
        raise Spent(
            f"too little was prepared: it lasted for fewer than {said['requests']} requests"
        )
    if said["unexpected"]:
        raise WrongAnswers(f"{said['unexpected']} wrong answers, such as: {said['sample']}")
    if said["broken"] or said["late"] or not said["requests"]:
        counts = (said[name] for name in ("requests", "broken", "late"))
        raise NotRun("{} answers, {} broken connections, {} late".format(*counts))
    return Outcome(said["requests"], said["seconds"], said["p50_ms"], said["p99_ms"])


def write_lines(path: Path, lines: list[tuple[str, str]]) -> Path:
    """Write ids and codes as ``lua/verify.lua`` reads them."""
    path.write_text("".join(f"{vid} {code}\n" for vid, code in lines))
    return path
