"""Compare production servers under the service's two loads; prints a Markdown table.

Each cell is the median of three rounds, the servers taking turns within a round. CPU is that of the
server's whole process tree, read from /proc.

Usage: servers.py [SECONDS]  (needs wrk and a redis-server on PATH)
"""

import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROUNDS = 3
WORKERS = 2
CONNECTIONS = {"verify": 64, "start": 64, "start 300 ms": 256}
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Cell:
    """One measured load."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_per_1000: float
    failed: int


def servers(port: int) -> dict[str, list[str]]:
    """Give the command line of each server under test."""
    granian = [str(BIN / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port"]
    granian += [str(port), "--workers", str(WORKERS), "--no-ws", "--log-level", "warning"]
    gunicorn = [str(BIN / "gunicorn"), "-b", f"127.0.0.1:{port}", "-w", str(WORKERS)]
    gunicorn += ["--log-level", "warning", "--keep-alive", "30"]
    table = {
        f"granian x {threads}": [
            *granian,
            "--blocking-threads",
            str(threads),
            "--backpressure",
            "1024",
            "floor_app:app",
        ]
        for threads in (16, 64, 128)
    }
    for threads in (16, 128):
        table[f"gunicorn gthread x {threads}"] = [
            *gunicorn,
            "-k",
            "gthread",
            "--threads",
            str(threads),
            "floor_app:app",
        ]
    table["gunicorn gevent"] = [*gunicorn, "-k", "gevent", "floor_app:app"]
    return table


def main() -> None:
    """Measure and print."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    results: dict[tuple[str, str], list[Cell]] = {}
    with ExitStack() as stack:
        redis_port, quick, slow = free_port(), free_port(), free_port()
        stack.enter_context(_redis(redis_port))
        for port, delay in ((quick, "0"), (slow, "300")):
            dummy = [sys.executable, str(HERE / "dummy_provider.py"), str(port), delay]
            stack.enter_context(running(dummy, port))
        for number in range(1, ROUNDS + 1):
            for name in servers(0):
                for load in CONNECTIONS:
                    provider = slow if "300" in load else quick
                    environ = {
                        **os.environ,
                        "BENCH_REDIS": f"redis://127.0.0.1:{redis_port}/0",
                        "BENCH_PROVIDER": f"http://127.0.0.1:{provider}/",
                    }
                    port = free_port()
                    with running(servers(port)[name], port, environ) as pid:
                        cell = measure(port, pid, load, seconds)
                    results.setdefault((name, load), []).append(cell)
                    print(f"round {number} {name} {load}: {cell}", file=sys.stderr)
    report(results)


def measure(port: int, pid: int, load: str, seconds: int) -> Cell:
    """Load one path and give what came of it."""
    path = load.split(maxsplit=1)[0]
    connections = CONNECTIONS[load]
    script = HERE / "post.lua"
    command = ["wrk", "-t2", f"-c{connections}", "-s", str(script), "--latency"]
    url = f"http://127.0.0.1:{port}/{path}"
    subprocess.run([*command, "-d1s", url], check=True, capture_output=True)
    before = tree_cpu_seconds(pid)
    done = subprocess.run(
        [*command, f"-d{seconds}s", url], check=True, capture_output=True, text=True
    )
    cpu = tree_cpu_seconds(pid) - before
    return read_wrk(done.stdout, cpu)


def read_wrk(text: str, cpu: float) -> Cell:
    """Read wrk's report."""
    total = int(re.search(r"(\d+) requests in", text)[1])
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    broken = re.search(r"Socket errors: .*", text)
    failures = int(failed[1]) if failed else 0
    failures += sum(map(int, re.findall(r"\d+", broken[0]))) if broken else 0
    return Cell(
        rate=float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        p50_ms=_ms(re.search(r"50%\s+([\d.]+\w+)", text)[1]),
        p99_ms=_ms(re.search(r"99%\s+([\d.]+\w+)", text)[1]),
        cpu_per_1000=cpu / total * 1000 if total else float("nan"),
        failed=failures,
    )


def report(results: dict[tuple[str, str], list[Cell]]) -> None:
    """Print the medians."""
    print("| server | load | requests/s | p50 ms | p99 ms | CPU s per 1,000 | failed |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for (name, load), cells in sorted(results.items(), key=lambda item: item[0][1]):
        medians = [
            statistics.median(getattr(cell, field) for cell in cells)
            for field in ("rate", "p50_ms", "p99_ms", "cpu_per_1000")
        ]
        rate, p50, p99, cpu = medians
        failed = sum(cell.failed for cell in cells)
        print(f"| {name} | {load} | {rate:.0f} | {p50:.1f} | {p99:.1f} | {cpu:.3f} | {failed} |")


def tree_cpu_seconds(pid: int) -> float:
    """Give the CPU seconds of a process and all its descendants so far."""
    ticks = os.sysconf("SC_CLK_TCK")
    return sum(sum(map(int, _stat(one)[11:13])) for one in _tree(pid)) / ticks


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _tree(int(child)))]


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _ms(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


@contextmanager
def _redis(port: int) -> Iterator[int]:
    if not shutil.which("redis-server") or not shutil.which("wrk"):
        sys.exit("wrk and redis-server must be on PATH")
    with tempfile.TemporaryDirectory() as directory:
        command = ["redis-server", "--port", str(port), "--save", "", "--dir", directory]
        with running([*command, "--loglevel", "warning"], port) as pid:
            yield pid


@contextmanager
def running(command: list[str], port: int, environ: dict[str, str] | None = None) -> Iterator[int]:
    """Run a server until the block ends; gives its pid once the port answers."""
    process = subprocess.Popen(command, cwd=HERE, env=environ, stdout=subprocess.DEVNULL)
    try:
        await_port(port, process)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a port accepts."""
    last = time.monotonic() + 20
    while time.monotonic() < last and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit(f"nothing answers at port {port}")


def free_port() -> int:
    """Give a port of this machine that is free just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    main()
