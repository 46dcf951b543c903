import multiprocessing
import os
import queue
import signal
import socket
import threading
from collections.abc import Callable, Iterator, MutableMapping
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from support.processes import await_answer, clean_environ, cli, free_port

from otp_service.cli import worker
from otp_service.cli.worker import create_service, create_simulator, serve_simulator_with
from otp_service.simulator.terms import Terms

Environ = MutableMapping[str, str]
HARMFUL = [
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
    "HTTP_AUTHORIZATION",
    "HTTP_PROXY",
    "OTP_SECRET_KEYS",
    "REMOTE_ADDR",
    "REQUEST_METHOD",
]


@pytest.fixture
def harmful(environ: Environ, logs: None) -> Environ:
    environ.update(dict.fromkeys(HARMFUL, "x" * 32), OTP_DEMO="true", LANG="C.UTF-8")
    return environ


class FakeServer:
    """The process that forked this one, ended when the test says so."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.killed: queue.Queue[tuple[int, int]] = queue.Queue()
        self.waited: list[float] = []

    def join(self) -> None:
        self.ended.wait()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, signals: None) -> Iterator[FakeServer]:
    """For a worker that is made once: its last act must find the fake still in place."""
    fake = FakeServer()
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: fake)
    monkeypatch.setattr(os, "kill", lambda pid, number: fake.killed.put((pid, number)))
    monkeypatch.setattr(worker, "time", SimpleNamespace(sleep=fake.waited.append))
    before = set(threading.enumerate())
    yield fake
    fake.ended.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)


def test_service_leaves_nothing_harmful_in_the_environment(harmful: Environ) -> None:
    app = create_service()

    assert [name for name in HARMFUL if name in os.environ] == []
    assert [name for name in os.environ if name.startswith(("OTP_", "HTTP_"))] == []
    assert os.environ["LANG"] == "C.UTF-8"
    assert app.test_client().get("/healthz").status_code == 200


def test_simulator_leaves_nothing_harmful_in_the_environment(harmful: Environ) -> None:
    create_simulator()

    assert [name for name in os.environ if name.startswith(("OTP_", "HTTP_"))] == []


def test_simulator_begins_with_what_its_command_said(
    environ: Environ, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "otp_service.simulator.app.create_simulator", lambda **options: taken.append(options)
    )
    terms = Terms(balance=Decimal("2.5"), no_route=("UA",), sms_hourly_limit=None)
    serve_simulator_with(
        dialect="current",
        callback_url="http://127.0.0.1:8000/x",
        delivery_seconds=0.5,
        terms=terms.as_json(),
    )

    create_simulator()

    assert taken == [
        {
            "dialect": "current",
            "callback_url": "http://127.0.0.1:8000/x",
            "delivery_seconds": 0.5,
            "terms": terms,
        }
    ]


def test_simulator_without_its_command_begins_as_usual(
    environ: Environ, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "otp_service.simulator.app.create_simulator", lambda **options: taken.append(options)
    )

    create_simulator()

    assert taken == [{"terms": Terms()}]


def test_key_in_the_servers_environment_lets_nobody_in(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    environ = clean_environ(
        OTP_DEMO="true", OTP_PORT=str(port), HTTP_AUTHORIZATION="Bearer otp_demo"
    )
    url = f"http://127.0.0.1:{port}/otp/verifications/{'x' * 36}"
    with cli("serve", environ=environ, log=log) as process:
        await_answer(url, process, log)

        without, with_key = (
            requests.get(url, headers=headers, timeout=30).status_code
            for headers in ({}, {"Authorization": "Bearer otp_demo"})
        )

    assert (without, with_key) == (401, 404)


@pytest.mark.parametrize(
    ("create", "seconds"),
    [(create_service, 35), (create_simulator, 2)],
    ids=["service", "simulator"],
)
def test_worker_ends_with_its_server(
    create: Callable[[], object], seconds: int, harmful: Environ, server: FakeServer
) -> None:
    create()
    assert server.killed.empty()

    server.ended.set()

    assert server.killed.get(timeout=10) == (os.getpid(), signal.SIGTERM)
    # One that is lost is followed by one that cannot be, once all requests must have ended.
    assert server.killed.get(timeout=10) == (os.getpid(), signal.SIGKILL)
    assert server.waited == [seconds]


def test_sigterm_before_a_worker_serves_ends_it_at_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    # A worker looks for its store before it serves, and this one lets it wait.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environ = clean_environ(
            OTP_DEMO="true",
            OTP_PORT=str(free_port()),
            OTP_REDIS_URL=f"redis://127.0.0.1:{silent.getsockname()[1]}",
            OTP_REDIS_READ_TIMEOUT_SECONDS="60",
        )
        with cli("serve", environ=environ, log=log) as process:
            silent.settimeout(60)
            asking, _ = silent.accept()
            with asking:
                process.send_signal(signal.SIGTERM)

                process.wait(10)

    assert process.returncode == 0
