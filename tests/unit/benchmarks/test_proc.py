"""What a tree of processes used, from a ``/proc`` written by hand and from this machine's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.proc import cpu_seconds, pss_mb, tree

_AFTER_THE_NAME = "S 1 1 1 0 -1 4194560 100 0 0 0 {utime} {stime} 77 88 20 0 1 0 100"


def _process(
    proc: Path,
    pid: int,
    *,
    utime: int = 0,
    stime: int = 0,
    children: dict[int, str] | None = None,
) -> None:
    for thread, ids in (children or {pid: ""}).items():
        task = proc / str(pid) / "task" / str(thread)
        task.mkdir(parents=True)
        (task / "children").write_text(ids)
    stat = _AFTER_THE_NAME.format(utime=utime, stime=stime)
    (proc / str(pid) / "stat").write_text(f"{pid} (a name) with ) in it) {stat}")


def test_tree_holds_what_any_thread_began(tmp_path: Path) -> None:
    _process(tmp_path, 10, children={10: "11 ", 15: "12 "})
    _process(tmp_path, 11)
    _process(tmp_path, 12, children={12: "13 "})
    _process(tmp_path, 13)

    assert tree(10, tmp_path) == [10, 11, 12, 13]


def test_cpu_is_user_and_kernel_time_of_the_whole_tree(tmp_path: Path) -> None:
    _process(tmp_path, 10, utime=100, stime=50, children={10: "11 "})
    _process(tmp_path, 11, utime=30, stime=20)

    assert cpu_seconds(10, tmp_path) == 200 / os.sysconf("SC_CLK_TCK")


def test_memory_is_the_proportional_set(tmp_path: Path) -> None:
    (tmp_path / "10").mkdir()
    rollup = "00400000-7fff rollup\nRss:   90000 kB\nPss:   50000 kB\nPss_Dirty: 9 kB\n"
    (tmp_path / "10" / "smaps_rollup").write_text(rollup)

    assert pss_mb(10, tmp_path) == pytest.approx(51.2)


def test_work_of_a_real_child_is_counted() -> None:
    work = "import time\nwhile time.process_time() < 0.3: pass\nprint(); input()"
    before = cpu_seconds(os.getpid())
    with subprocess.Popen(
        [sys.executable, "-c", work], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        child.stdout.readline()

        after = cpu_seconds(os.getpid())

        assert child.pid in tree(os.getpid())
        child.communicate(b"\n")
    assert after - before >= 0.28
