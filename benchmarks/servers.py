"""Compare production servers under the floor's loads; prints a Markdown table.

Each cell is the median of three rounds, the servers taking turns within a round. CPU is that of the
server's whole process tree.

Usage: python -m benchmarks.servers [SECONDS]  (needs wrk and a redis-server on PATH)
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.cells import CONNECTIONS, PROVIDER_MS, SLOW_CONNECTIONS
from benchmarks.figures import median
from benchmarks.load import Load, NotRun, begin, finish, write_lines
from benchmarks.proc import cpu_seconds
from benchmarks.processes import ROOT, NotUp, free_port, python, running
from benchmarks.redis_server import redis_server
from benchmarks.service import WORKERS

_ROUNDS = 3
_BIN = Path(sys.executable).parent
_APP = "benchmarks.floor_app:create_app"
_KEY = "none"
_SLOW = f"start {PROVIDER_MS} ms"
_LINES = 10_000
# Of guesses at one.
_ANY_NUMBER = "1000000"


def servers(port: int) -> dict[str, list[str]]:
    """Give the command line of each server under test."""
    granian = [str(_BIN / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port"]
    granian += [str(port), "--workers", str(WORKERS), "--no-ws", "--log-level", "warning"]
    granian += ["--backpressure", "1024", "--factory", _APP]
    gunicorn = [str(_BIN / "gunicorn"), "-b", f"127.0.0.1:{port}", "-w", str(WORKERS)]
    gunicorn += ["--log-level", "warning", "--keep-alive", "30", f"{_APP}()"]
    return {
        **{
            f"granian x {threads}": [*granian, "--blocking-threads", str(threads)]
            for threads in (16, 64, 128)
        },
        **{
            f"gunicorn gthread x {threads}": [*gunicorn, "-k", "gthread", "--threads", str(threads)]
            for threads in (16, 128)
        },
        "gunicorn gevent": [*gunicorn, "-k", "gevent"],
    }


def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5
    results: dict[tuple[str, str], list[dict[str, float]]] = {}
    not_run: dict[tuple[str, str], str] = {}
    with TemporaryDirectory(prefix="otp-bench-") as name, ExitStack() as stack:
        directory = Path(name)
        redis = stack.enter_context(redis_server(directory))
        quick, slow = (
            stack.enter_context(_provider(directory, delay)) for delay in (0, PROVIDER_MS)
        )
        for _ in range(_ROUNDS):
            for server in servers(0):
                for what, load in _loads(directory).items():
                    provider = slow if what == _SLOW else quick
                    environ = {
                        "BENCH_REDIS": f"redis://127.0.0.1:{redis.port}/0",
                        "BENCH_PROVIDER": f"http://127.0.0.1:{provider}/viber",
                        "PYTHONPATH": str(ROOT),
                    }
                    port = free_port()
                    log = directory / f"server-{port}.log"
                    try:
                        with running(servers(port)[server], port, log=log, environ=environ) as pid:
                            measured = _measure(port, pid, load, seconds)
                    except (NotRun, NotUp) as reason:
                        not_run[server, what] = str(reason)
                        continue
                    results.setdefault((server, what), []).append(measured)
                    print(f"{server}, {what}: {measured}", file=sys.stderr)
    _report(results, not_run)


def _loads(directory: Path) -> dict[str, Load]:
    lines = [(f"{at:036d}", "123456") for at in range(_LINES)]
    path = write_lines(directory / "verifications", lines)
    return {
        "verify": Load(
            "verify", "/otp/verify", CONNECTIONS, ("", str(path), _ANY_NUMBER, "200", "approved")
        ),
        "start": Load("start", "/otp/start", CONNECTIONS, ("", "0")),
        _SLOW: Load("start", "/otp/start", SLOW_CONNECTIONS, ("", "0")),
    }


def _measure(port: int, pid: int, load: Load, seconds: float) -> dict[str, float]:
    finish(begin(load, port, key=_KEY, seconds=1), seconds=1)
    before = cpu_seconds(pid)
    outcome = finish(begin(load, port, key=_KEY, seconds=seconds), seconds=seconds)
    return {
        "rate": outcome.rate,
        "p50_ms": outcome.p50_ms,
        "p99_ms": outcome.p99_ms,
        "cpu": (cpu_seconds(pid) - before) / outcome.requests * 1000,
    }


def _report(
    results: dict[tuple[str, str], list[dict[str, float]]], not_run: dict[tuple[str, str], str]
) -> None:
    print("| server | load | requests/s | p50 ms | p99 ms | CPU s per 1,000 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for (server, what), runs in sorted(results.items(), key=lambda item: item[0][1]):
        rate, p50, p99, cpu = (median(runs, field) for field in ("rate", "p50_ms", "p99_ms", "cpu"))
        print(f"| {server} | {what} | {rate:.0f} | {p50:.1f} | {p99:.1f} | {cpu:.3f} |")
    for (server, what), reason in not_run.items():
        print(f"| {server} | {what} | a round could not be run: {reason} | | | |")


@contextmanager
def _provider(directory: Path, delay_ms: int) -> Iterator[int]:
    port = free_port()
    command = python("benchmarks.dummy_provider", port, delay_ms)
    with running(command, port, log=directory / f"provider-{delay_ms}.log"):
        yield port


if __name__ == "__main__":
    main()
