"""How much it takes to start, and to stay: in CPU seconds, which hold on a busy machine too.

Targets: the first answer within 1.5 s, ``--help`` within 0.3 s, 90 MB a worker.
"""

import os
import subprocess
import sys
from collections.abc import MutableMapping
from pathlib import Path

import pytest
from support.processes import await_answer, cli, free_port

Environ = MutableMapping[str, str]

# Before it would fork: what there is then, and what a worker would still import.
PROGRAM = """
import gc, os, stat, sys, threading
from otp_service.cli import server
from otp_service.settings import load_settings

class Granian:
    def __init__(self, target, **options):
        pass

    def serve(self):
        print(threading.active_count())
        print(sum(stat.S_ISSOCK(os.stat(each).st_mode) for each in descriptors()))
        print(gc.isenabled(), gc.get_freeze_count() > 0, len(gc.get_objects()) < 1_000)
        loaded = set(sys.modules)
        from otp_service.cli.worker import create_service
        create_service()
        print(*sorted(set(sys.modules) - loaded))

def descriptors():
    for name in os.listdir("/proc/self/fd"):
        if os.path.exists(path := "/proc/self/fd/" + name):
            yield path

server.LastingServer = Granian
server.serve_service(load_settings())
"""


@pytest.fixture(scope="module")
def flask_seconds() -> float:
    """What this machine takes, now, to start Python with the framework alone."""
    return min(cpu_seconds("-c", "import flask") for _ in range(3))


def cpu_seconds(*arguments: str) -> float:
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime


def cpu_seconds_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children_of(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident_mb(pid: int) -> float:
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return int(status["VmRSS"].split()[0]) / 1_024


def test_help_takes_less_than_flask_does(flask_seconds: float) -> None:
    helping = min(cpu_seconds("-m", "otp_service.cli", "--help") for _ in range(3))

    assert helping < flask_seconds


def test_workers_are_forked_with_all_they_run_and_nothing_that_may_not_be_shared(
    deployed: Environ,
) -> None:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, check=True, capture_output=True, text=True)

    threads, sockets, collector, imported = done.stdout.splitlines()[1:]
    assert (threads, sockets) == ("1", "0")
    assert collector == "True True True"
    assert imported == ""


def test_service_starts_on_little_and_a_worker_on_a_fraction_of_that(
    deployed: Environ, flask_seconds: float, tmp_path: Path
) -> None:
    port = str(free_port())
    environ = {**deployed, "OTP_PORT": port, "OTP_WORKERS": "2"}

    with cli("serve", environ=environ, log=tmp_path / "log") as server:
        await_answer(f"http://127.0.0.1:{port}/healthz", server, tmp_path / "log")
        master = cpu_seconds_of(server.pid)
        workers = children_of(server.pid)
        took = [cpu_seconds_of(each) for each in workers]
        resident = [resident_mb(each) for each in workers]

    assert len(workers) == 2
    # A worker that imports everything anew takes as much as the master.
    assert max(took) < master / 3
    assert master + sum(took) < 10 * flask_seconds
    assert max(resident) <= 90
