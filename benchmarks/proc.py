"""What a tree of processes has used, as Linux tells it in ``/proc``.

Source:
    proc(5): ``/proc/<pid>/stat``, ``smaps_rollup`` and ``task/<tid>/children``.
"""

import os
import re
from pathlib import Path

PROC = Path("/proc")
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)
# Of the fields after the command's name: utime and stime.
_CPU = slice(11, 13)


def tree(pid: int, proc: Path = PROC) -> list[int]:
    """Give a process and all its descendants, whichever of its threads began them."""
    found = [pid]
    for task in sorted((proc / str(pid) / "task").iterdir()):
        for child in (task / "children").read_text().split():
            found += tree(int(child), proc)
    return found


def cpu_seconds(pid: int, proc: Path = PROC) -> float:
    """Give the CPU time of a process and all its descendants so far, in user and in kernel mode.

    A descendant that ended meanwhile takes what it used with it.
    """
    ticks = sum(_ticks(proc / str(one) / "stat") for one in tree(pid, proc))
    return ticks / os.sysconf("SC_CLK_TCK")


def pss_mb(pid: int, proc: Path = PROC) -> float:
    """Give the memory of one process in MB (10^6 bytes), what it shares counted in parts."""
    text = (proc / str(pid) / "smaps_rollup").read_text()
    found = _PSS.search(text)
    if found is None:
        raise ValueError(f"no Pss in {text!r}")
    return int(found[1]) * 1024 / 1e6


def _ticks(stat: Path) -> int:
    # The name, in brackets, may hold spaces and brackets of its own.
    fields = stat.read_text().rpartition(")")[2].split()
    return sum(map(int, fields[_CPU]))
