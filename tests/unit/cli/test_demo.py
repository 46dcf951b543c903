import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.processes import free_port
from support.redis_servers import wait_until
from werkzeug.serving import make_server

from otp_service.cli import demo
from otp_service.cli.demo import command

Environ = MutableMapping[str, str]


@dataclass
class FakePart:
    """A child process that runs until it was looked at so often, and then does what it is told."""

    looks: int
    then: Callable[[], int | None]

    def poll(self) -> int | None:
        self.looks -= 1
        return None if self.looks >= 0 else self.then()


def ctrl_c() -> int:
    raise KeyboardInterrupt


def sigterm() -> None:
    """As it arrives: the handler of this process runs in the middle of whatever it does."""
    os.kill(os.getpid(), signal.SIGTERM)


def ended() -> int:
    return 1


@dataclass
class Parts:
    """Stand-ins of service and simulator, each with a server that answers at its port."""

    looks: int = 100
    then: Callable[[], int | None] = ctrl_c
    answer: bool = True
    commands: list[list[str]] = field(default_factory=list)
    environs: list[dict[str, str]] = field(default_factory=list)

    @contextmanager
    def running(self, arguments: list[str], environ: dict[str, str]) -> Iterator[FakePart]:
        self.commands.append(arguments)
        self.environs.append(environ)
        port = int(environ["OTP_PORT"] if arguments == ["serve"] else arguments[-1])
        with ExitStack() as stack:
            if self.answer:
                stack.enter_context(answering(port))
            yield FakePart(self.looks, self.then)


@contextmanager
def answering(port: int) -> Iterator[None]:
    server = make_server("127.0.0.1", port, lambda environ, start: start("200 OK", []) and [])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture
def parts(
    environ: Environ, signals: None, monkeypatch: pytest.MonkeyPatch, ports: tuple[int, int]
) -> Parts:
    fakes = Parts()
    monkeypatch.setattr(demo, "_running", fakes.running)
    monkeypatch.setattr(demo, "_WATCH_SECONDS", 0)
    return fakes


def run(ports: tuple[int, int]) -> Result:
    port, simulator_port = ports
    return CliRunner().invoke(
        command, ["--port", str(port), "--simulator-port", str(simulator_port)]
    )


def test_banner_has_both_addresses_and_a_call_to_try(parts: Parts, ports: tuple[int, int]) -> None:
    result = run(ports)

    service, simulator = (f"http://127.0.0.1:{port}" for port in ports)
    assert result.exit_code == 0
    assert f"service    {service} " in result.stdout
    assert f"signup     {service}/demo/ " in result.stdout
    assert f"simulator  {simulator} " in result.stdout
    assert f"curl -sS {service}/otp/start -H 'Authorization: Bearer otp_demo'" in result.stdout
    assert result.stdout.endswith("\nended\n")


def test_parts_are_told_of_each_other(
    parts: Parts, ports: tuple[int, int], environ: Environ
) -> None:
    environ["OTP_THREADS"] = "8"

    run(ports)

    port, simulator_port = map(str, ports)
    assert parts.commands == [["simulator", "--port", simulator_port], ["serve"]]
    of_provider, of_service = (
        {name: text for name, text in each.items() if "OTP_" in name} for each in parts.environs
    )
    secret = of_service.pop("OTP_NXCLOUD_CALLBACK_SECRETS")
    assert len(secret) >= 32
    assert of_provider["OTP_SIMULATOR_CALLBACK_URL"] == (
        f"http://127.0.0.1:{port}/callbacks/nxcloud/{secret}"
    )
    assert of_service == {
        "OTP_DEMO": "true",
        "OTP_PORT": port,
        "OTP_NXCLOUD_BASE_URL": f"http://127.0.0.1:{simulator_port}",
        "OTP_THREADS": "8",
    }


def test_provider_of_the_environment_is_left_for_the_settings_to_refuse(
    parts: Parts, ports: tuple[int, int], environ: Environ
) -> None:
    environ["OTP_NXCLOUD_BASE_URL"] = "https://provider.example"

    run(ports)

    assert parts.environs[1]["OTP_NXCLOUD_BASE_URL"] == "https://provider.example"


def test_sigterm_ends_it_as_ctrl_c_does(parts: Parts, ports: tuple[int, int]) -> None:
    parts.then = sigterm

    result = run(ports)

    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "ended")


def test_proxy_of_the_environment_is_not_asked(
    parts: Parts, ports: tuple[int, int], environ: Environ
) -> None:
    environ["http_proxy"] = f"http://127.0.0.1:{free_port()}"
    environ.pop("no_proxy", None)

    assert "Ctrl-C ends both." in run(ports).stdout


@pytest.mark.parametrize("looks", [0, 100], ids=["before it answers", "later"])
def test_part_that_ends_ends_the_demo(parts: Parts, ports: tuple[int, int], looks: int) -> None:
    parts.then, parts.looks = ended, looks

    result = run(ports)

    assert result.exit_code == 1
    assert result.stderr.endswith("Error: the simulator ended: its reason stands above\n")


def test_part_that_never_answers_ends_the_demo(
    parts: Parts, ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.answer, parts.looks = False, 10_000
    monkeypatch.setattr(demo, "_STARTS_WITHIN_SECONDS", 0.2)

    result = run(ports)

    assert result.exit_code == 1
    assert "/simulator/messages did not answer within 0.2 s" in result.stderr


@pytest.mark.parametrize("which", [0, 1], ids=["service", "simulator"])
def test_taken_port_is_named_before_anything_starts(
    parts: Parts, ports: tuple[int, int], which: int
) -> None:
    with answering(ports[which]):
        result = run(ports)

    assert result.exit_code == 1
    expected = f"Error: cannot listen at 127.0.0.1:{ports[which]}: Address already in use.\n"
    assert result.stderr == expected
    assert parts.commands == []


def test_one_port_for_both_is_refused(parts: Parts, ports: tuple[int, int]) -> None:
    result = run((ports[0], ports[0]))

    assert result.exit_code == 2
    assert parts.commands == []


def test_reason_of_a_part_that_cannot_start_stands_above(
    environ: Environ, signals: None, ports: tuple[int, int], capfd: pytest.CaptureFixture[str]
) -> None:
    environ["OTP_HOST"] = "0.0.0.0"  # noqa: S104 - refused before anything listens there

    result = run(ports)

    assert result.stderr == "Error: the service ended: its reason stands above\n"
    assert "problem: OTP_HOST: must be loopback in demo mode" in capfd.readouterr().err


def test_stubborn_part_is_ended_with_everything_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "pid of its child"
    stubborn = tmp_path / "stubborn"
    stubborn.write_text(f"#!/bin/sh\ntrap '' TERM\nsleep 600 &\necho $! > '{note}'\nwait\n")
    stubborn.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(stubborn))
    monkeypatch.setattr(demo, "_ENDS_WITHIN_SECONDS", 0.1)

    with demo._running(["serve"], dict(os.environ)) as process:
        wait_until(lambda: note.exists() and note.read_text().strip(), what="it has a child")

    assert process.returncode == -signal.SIGKILL
    wait_until(lambda: not is_alive(int(note.read_text())), what="its child ends")


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return False
    return state != "Z"
