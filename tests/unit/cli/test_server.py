import gc
import inspect
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, MutableMapping
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from support.processes import await_answer, clean_environ, cli, free_port

from otp_service.cli import main, server, worker
from otp_service.cli.lasting_server import LastingServer
from otp_service.cli.server import longest_silence, serve_service, serve_simulator
from otp_service.settings import Settings, load_settings

METRICS = "PROMETHEUS_MULTIPROC_DIR"
Environ = MutableMapping[str, str]


# A stand-in that handles signals itself and forks one worker, as the real one does.
FORKING_SERVER = """
import os, signal, sys
from otp_service.cli import server

class LastingServer:
    def __init__(self, target, **options):
        pass

    def serve(self):
        signal.signal(signal.SIGTERM, lambda *_: None)
        if os.fork() == 0:
            print(getattr(signal.getsignal(signal.SIGTERM), "name", None), "in the worker")
            sys.stdout.flush()
            os._exit(0)
        os.wait()

server.LastingServer = LastingServer
server.serve_simulator(host="127.0.0.1", port=int(sys.argv[1]), threads=1)
"""


class FakeGranian:
    """Notes what it is made with, and what there is while it serves."""

    made: dict[str, Any]
    metrics: Path | None
    ending: BaseException | None = None

    def __init__(self, target: str, **options: Any) -> None:
        given = inspect.signature(LastingServer).bind(target, **options)
        inspect.signature(Granian).bind(target, **given.arguments["options"])
        type(self).made = {"target": target, **options}

    def serve(self) -> None:
        named = os.environ.get(METRICS)
        type(self).metrics = Path(named) if named else None
        assert named is None or Path(named).is_dir()
        if self.ending:
            raise self.ending


@pytest.fixture
def granian(
    monkeypatch: pytest.MonkeyPatch, environ: Environ, logs: None
) -> Iterator[type[FakeGranian]]:
    class Fresh(FakeGranian):
        pass

    monkeypatch.setattr(server, "LastingServer", Fresh)
    monkeypatch.setattr(worker._Told, "settings", None)
    yield Fresh
    gc.unfreeze()


def settings(**changes: str) -> Settings:
    return load_settings(
        {
            "OTP_DEMO": "true",
            "OTP_PORT": str(free_port()),
            "OTP_REDIS_URL": "redis://127.0.0.1",
            "OTP_SECRET_KEYS": "s" * 32,
            "OTP_NUMBER_KEY": "n" * 32,
            **changes,
        }
    )


def test_service_is_run_as_set(granian: type[FakeGranian]) -> None:
    wanted = settings(OTP_WORKERS="3", OTP_THREADS="17", OTP_HOST="localhost")

    serve_service(wanted)

    made = granian.made
    assert made["interface"] is Interfaces.WSGI
    assert (made["address"], made["port"]) == ("127.0.0.1", wanted.port)
    assert made["workers"] == 3


def test_every_connection_of_the_service_has_a_thread(granian: type[FakeGranian]) -> None:
    serve_service(settings(OTP_THREADS="17"))

    assert granian.made["blocking_threads"] >= granian.made["backpressure"]


def test_heads_are_bounded_and_a_connection_has_one_request_at_a_time(
    granian: type[FakeGranian],
) -> None:
    serve_service(settings())

    assert granian.made["http"] is HTTPModes.http1
    bounds = granian.made["http1_settings"]
    assert bounds.max_buffer_size == 16 * 1024
    assert bounds.header_read_timeout == 30_000


def test_an_honest_connection_is_never_called_stale(granian: type[FakeGranian]) -> None:
    wanted = settings(OTP_NXCLOUD_READ_TIMEOUT_SECONDS="60")

    serve_service(wanted)

    idle = granian.made["http1_settings"].header_read_timeout / 1000
    request = granian.made["workers_kill_timeout"]
    assert longest_silence(wanted).total_seconds() >= idle + request


def test_requests_under_way_may_end_and_workers_that_die_come_back(
    granian: type[FakeGranian],
) -> None:
    wanted = settings()

    serve_service(wanted)

    longest = wanted.nxcloud_connect_timeout_seconds + wanted.nxcloud_read_timeout_seconds
    assert granian.made["workers_kill_timeout"] > 2 * longest
    assert granian.made["respawn_failed_workers"] is True


@pytest.mark.parametrize(
    "serve",
    [
        pytest.param(lambda: serve_service(settings()), id="service"),
        pytest.param(
            lambda: serve_simulator(host="127.0.0.1", port=free_port(), threads=2), id="simulator"
        ),
    ],
)
def test_workers_make_their_application_themselves(
    granian: type[FakeGranian], serve: Callable[[], None]
) -> None:
    serve()

    module, _, name = granian.made["target"].partition(":")
    assert granian.made["factory"] is True
    assert callable(getattr(import_module(module), name))


def test_servers_own_messages_are_lines_of_our_log(
    granian: type[FakeGranian], capsys: pytest.CaptureFixture[str]
) -> None:
    serve_service(settings())
    real = Granian("x:y", log_level=LogLevels.error, log_dictconfig=granian.made["log_dictconfig"])
    logging.getLogger("_granian").error("Unexpected exit from worker-1")

    first, last = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["event"].startswith("serving at http://127.0.0.1:")
    assert (last["level"], last["event"]) == ("error", "Unexpected exit from worker-1")
    assert real.log_config == granian.made["log_dictconfig"]


def test_several_workers_count_in_one_directory_that_goes_with_them(
    granian: type[FakeGranian],
) -> None:
    serve_service(settings(OTP_WORKERS="2"))

    assert granian.metrics is not None
    assert not granian.metrics.exists()


def test_directory_goes_even_if_the_server_fails(granian: type[FakeGranian]) -> None:
    granian.ending = SystemExit(1)

    with pytest.raises(SystemExit):
        serve_service(settings(OTP_WORKERS="2"))

    assert granian.metrics is not None
    assert not granian.metrics.exists()


def test_one_worker_needs_no_directory(granian: type[FakeGranian]) -> None:
    serve_service(settings(OTP_WORKERS="1"))

    assert granian.metrics is None


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("exists", [True, False], ids=["there", "not yet there"])
def test_operators_directory_is_used_and_stays(
    granian: type[FakeGranian], environ: Environ, tmp_path: Path, *, workers: str, exists: bool
) -> None:
    directory = tmp_path / "of" / "operator"
    if exists:
        directory.mkdir(parents=True)
    environ[METRICS] = str(directory)

    serve_service(settings(OTP_WORKERS=workers))

    assert granian.metrics == directory
    assert directory.is_dir()


def test_operators_directory_that_cannot_be_is_named(
    granian: type[FakeGranian], environ: Environ, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    environ[METRICS] = str(tmp_path / "file" / "below")

    with pytest.raises(click.ClickException) as refusal:
        serve_service(settings())

    assert refusal.value.message == f"{METRICS}: the directory cannot be made: Not a directory."


def test_serve_reads_the_environment(granian: type[FakeGranian], environ: Environ) -> None:
    port = free_port()
    environ.update(OTP_DEMO="true", OTP_PORT=str(port))

    result = CliRunner().invoke(main, ["serve"])

    assert result.exit_code == 0
    assert granian.made["port"] == port


def test_simulator_is_one_process_that_says_where_it_is(
    granian: type[FakeGranian], environ: Environ
) -> None:
    port = free_port()

    result = CliRunner().invoke(main, ["simulator", "--port", str(port)])

    assert result.exit_code == 0
    assert f"http://127.0.0.1:{port} " in result.stdout
    assert (granian.made["port"], granian.made["workers"]) == (port, 1)
    assert granian.made["blocking_threads"] > 1


@pytest.mark.parametrize("command", ["serve", "simulator"])
def test_taken_port_is_said_in_one_line(command: str, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    arguments = ["--port", str(port)] if command == "simulator" else []
    environ = clean_environ(OTP_DEMO="true", OTP_PORT=str(port))
    with cli(command, *arguments, environ=environ, log=log) as first:
        await_answer(f"http://127.0.0.1:{port}/", first, log)
        program = [sys.executable, "-m", "otp_service.cli", command, *arguments]

        second = subprocess.run(program, env=environ, capture_output=True, text=True, check=False)

    assert second.returncode == 1
    expected = f"Error: cannot listen at 127.0.0.1:{port}: Address already in use.\n"
    assert second.stderr == expected


def test_worker_heeds_sigterm_from_its_first_moment() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING_SERVER, str(free_port())],
        env=clean_environ(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.endswith("SIG_DFL in the worker\n")


def test_heeding_sigterm_is_the_usual_way(signals: None) -> None:
    signal.signal(signal.SIGTERM, lambda *_: None)

    server._heed_sigterm()

    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
