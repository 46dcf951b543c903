"""Everything a provider can do wrong, on real processes: what callers get, how soon, and then.

Each fault is met until the circuit opens, and each is gone again at the end: the circuit closes by
itself. One caller's connection stays with one of the two workers, whose circuit it sees.
"""

import gzip
import itertools
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.caller import Caller
from support.deployments import Deploying, Deployment
from support.load import LOADED_SHOP, LOADED_TABLES, number_of
from support.processes import free_port
from support.redis_servers import wait_until

from tests.unit.nxcloud.conftest import certificate
from tests.unit.nxcloud.scripted_server import (
    DROP,
    SILENCE,
    Line,
    ScriptedServer,
    Step,
    answer,
    code,
    drip,
    http_message,
    raw,
)

__all__ = ["certificate"]

READ_SECONDS, CONNECT_SECONDS, FAILURES = 1, 1, 3
# What a call takes beside the provider's time-outs, on a machine that does much else.
SLACK_SECONDS = 4
# Of a call that asks neither the provider nor the store.
AT_ONCE_SECONDS = 1
SETTINGS = {
    "OTP_NXCLOUD_READ_TIMEOUT_SECONDS": str(READ_SECONDS),
    "OTP_NXCLOUD_CONNECT_TIMEOUT_SECONDS": str(CONNECT_SECONDS),
    "OTP_NXCLOUD_BREAKER_FAILURES": str(FAILURES),
    "OTP_NXCLOUD_BREAKER_OPEN_SECONDS": "1",
}
BIG_BYTES = 100_000_000
_PIECE = bytes(1_000_000)
# Far less than the answer, and more than a process grows by itself.
MOST_GROWTH_BYTES = 50_000_000

_NUMBERS = itertools.count(100_000)


@dataclass(frozen=True)
class Met:
    """One start and what came of it.

    Args:
        told: the delivery of a start, the code of a problem.
    """

    status: int
    told: str
    took: float
    retry_after: str | None = None


def start(caller: Caller, **body: Any) -> Met:
    began = time.monotonic()
    got = caller.start(number_of(next(_NUMBERS)), **body)
    took = time.monotonic() - began
    told = got.json()
    return Met(
        got.status_code,
        told.get("delivery") or told["code"],
        took,
        got.headers.get("Retry-After"),
    )


def until_refused(caller: Caller) -> tuple[list[Met], Met]:
    """Start until a start is not even tried; give those before, and that one."""
    met = []
    # A connection that broke may come to the other worker, whose circuit has seen nothing.
    for _ in range(3 * FAILURES):
        met.append(start(caller))
        if met[-1].told == "service_busy":
            return met[:-1], met[-1]
    raise AssertionError(f"the circuit did not open: {met}")


def check_it_opens(caller: Caller, expected: tuple[int, str], *, within: float) -> None:
    before, refused = until_refused(caller)

    assert len(before) >= FAILURES
    assert {(met.status, met.told) for met in before} == {expected}
    assert max(met.took for met in before) < within
    assert (refused.status, refused.told) == (503, "service_busy")
    assert refused.retry_after == "1"
    assert refused.took < AT_ONCE_SECONDS


def check_it_closes(caller: Caller) -> None:
    wait_until(lambda: start(caller).told == "accepted", what="the circuit closes by itself")
    assert [start(caller).told for _ in range(2 * FAILURES)] == ["accepted"] * 2 * FAILURES


@contextmanager
def provider(tls: ssl.SSLContext | None = None, *, port: int = 0) -> Iterator[ScriptedServer]:
    server = ScriptedServer(tls=tls, port=port)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def scripted() -> Iterator[ScriptedServer]:
    with provider() as server:
        yield server


@pytest.fixture(scope="module")
def deployed(
    scripted: ScriptedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """A deployment whose provider does exactly what a test tells it to."""
    directory = tmp_path_factory.mktemp("scripted")
    settings = {**SETTINGS, "OTP_NXCLOUD_BASE_URL": scripted.url}
    with Deploying(directory, LOADED_TABLES, shop=LOADED_SHOP, **settings) as deployment:
        yield deployment


def _flood(head: bytes) -> Step:
    """Answer with as many bytes as the client will take, up to 100 MB."""

    def play(line: Line) -> bool:
        line.write(head)
        for _ in range(BIG_BYTES // len(_PIECE)):
            line.write(_PIECE)
        return False

    return Step(play)


_BIG = f"HTTP/1.1 200 OK\r\nContent-Length: {BIG_BYTES}\r\n\r\n".encode()
_BIG_REDIRECT = (
    b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n"
    + f"Content-Length: {BIG_BYTES}\r\n\r\n".encode()
)
_ENDLESS = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
_BOMB = http_message(gzip.compress(bytes(BIG_BYTES)), headers={"Content-Encoding": "gzip"})
_LONG = http_message(b"x" * 5_000)
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"


def _redirect(status: int) -> Step:
    return answer(b"", status=status, headers={"Location": "/elsewhere"})


# The steps a server plays, and whether a time-out must pass first.
UNKNOWN: dict[str, tuple[Step, bool]] = {
    "silence": (SILENCE, True),
    "head drop by drop": (drip(_LONG), True),
    "body drop by drop": (drip(b"x" * 5_000, after=_HEAD), True),
    "dropped": (DROP, False),
    "broken off in its head": (raw(b"HTTP/1.1 200", keep=False), False),
    "broken off in its body": (
        raw(http_message(b'{"code": 0', promised_length=5_000), keep=False),
        False,
    ),
    "no HTTP": (raw(b"SSH-2.0-OpenSSH_9.6\r\n", keep=False), False),
    "no JSON": (answer(b"<html>maintenance</html>"), False),
    "no object": (answer([0]), False),
    "no id": (answer({"code": 0, "data": {}}), False),
    "empty": (answer(b""), False),
    "500": (answer(b"", status=500), False),
    "503 with a code": (code(0, status=503), False),
    "403 without a code": (answer(b"", status=403), False),
    "301": (_redirect(301), False),
    "302": (_redirect(302), False),
    "307": (_redirect(307), False),
    "308": (_redirect(308), False),
    "302 of 100 MB": (_flood(_BIG_REDIRECT), False),
    "100 MB": (_flood(_BIG), False),
    "100 MB without a length": (_flood(_ENDLESS), False),
    "100 MB, packed": (raw(_BOMB), False),
}


@pytest.mark.parametrize(("step", "is_timed"), UNKNOWN.values(), ids=UNKNOWN)
def test_answer_that_says_nothing_is_unknown_until_the_circuit_opens(
    deployed: Deployment,
    scripted: ScriptedServer,
    step: Step,
    is_timed: bool,  # noqa: FBT001
) -> None:
    scripted.requests.clear()
    scripted.default = lambda _: step

    within = SLACK_SECONDS + (READ_SECONDS if is_timed else 0)
    check_it_opens(deployed.shop, (201, "unknown"), within=within)

    asked = [each.path for each in scripted.requests]
    assert set(asked) == {"/api/viber/mt"}, "a redirect was followed"
    scripted.default = lambda _: answer()
    check_it_closes(deployed.shop)


def test_nothing_is_sent_twice_while_nobody_knows(
    deployed: Deployment, scripted: ScriptedServer
) -> None:
    scripted.requests.clear()
    scripted.default = lambda _: DROP

    before, _ = until_refused(deployed.shop)

    phones = [each.json["phone"] for each in scripted.requests]
    assert len(phones) == len(set(phones)) == len(before)
    scripted.default = lambda _: answer()
    check_it_closes(deployed.shop)


@pytest.mark.parametrize(
    "name", ["100 MB", "100 MB without a length", "100 MB, packed", "302 of 100 MB"]
)
def test_answer_of_100_mb_takes_no_memory_for_it(
    deployed: Deployment, scripted: ScriptedServer, name: str
) -> None:
    workers = _workers(deployed)
    start(deployed.shop)
    before = {pid: _peak_bytes(pid) for pid in workers}
    step, _ = UNKNOWN[name]
    scripted.default = lambda _: step

    until_refused(deployed.shop)

    growth = [_peak_bytes(pid) - before[pid] for pid in workers]
    assert max(growth) < MOST_GROWTH_BYTES
    scripted.default = lambda _: answer()
    check_it_closes(deployed.shop)


_SETUP = [1000, 1001, 1002, 1003, 1004, 1005, 1009, 1100, 1102, 9000, 9003, 9004, 9005]
_PASSING = [-1, 9001, 9999, 4711]
CODES = {
    9002: (422, "phone_unreachable"),
    **dict.fromkeys(_SETUP, (503, "provider_misconfigured")),
    **dict.fromkeys(_PASSING, (502, "provider_failed")),
}


@pytest.mark.parametrize(("number", "expected"), CODES.items(), ids=map(str, CODES))
def test_result_code_is_an_answer_and_opens_nothing(
    deployed: Deployment, scripted: ScriptedServer, number: int, expected: tuple[int, str]
) -> None:
    scripted.default = lambda _: code(number)

    met = [start(deployed.shop) for _ in range(3 * FAILURES)]

    assert {(each.status, each.told) for each in met} == {expected}
    assert max(each.took for each in met) < SLACK_SECONDS
    scripted.default = lambda _: answer()
    assert start(deployed.shop).told == "accepted"


@contextmanager
def deployed_at(directory: Path, url: str, **settings: str) -> Iterator[Caller]:
    """A deployment whose provider is, or is not, at this address; its shop."""
    given = {**SETTINGS, "OTP_NXCLOUD_BASE_URL": url, **settings}
    with Deploying(directory, LOADED_TABLES, shop=LOADED_SHOP, **given) as deployment:
        yield deployment.shop


def test_refused_connection_fails_at_once_until_the_provider_is_back(tmp_path: Path) -> None:
    port = free_port()
    with deployed_at(tmp_path, f"http://127.0.0.1:{port}") as shop:
        check_it_opens(shop, (502, "provider_failed"), within=SLACK_SECONDS)

        with provider(port=port):
            check_it_closes(shop)


def test_connection_that_hangs_ends_with_the_connect_time_out(tmp_path: Path) -> None:
    with full_backlog() as url, deployed_at(tmp_path, url) as shop:
        # It is tried twice: no byte has left.
        check_it_opens(shop, (502, "provider_failed"), within=2 * CONNECT_SECONDS + SLACK_SECONDS)


def test_name_that_is_not_found_is_a_definite_failure(tmp_path: Path) -> None:
    with deployed_at(tmp_path, "https://api.nxcloud.invalid") as shop:
        # How long a name is looked for is the resolver's own matter, with time-outs of its own.
        check_it_opens(shop, (502, "provider_failed"), within=30)


@pytest.mark.parametrize(
    ("host", "is_right"), [("127.0.0.1", True), ("localhost", False)], ids=["right", "wrong"]
)
def test_certificate_is_good_for_its_own_name_alone(
    tmp_path: Path,
    certificate: Path,
    host: str,
    is_right: bool,  # noqa: FBT001
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    trusting = trust(tmp_path, certificate)
    with provider(context) as server:
        url = server.url.replace("127.0.0.1", host)
        with deployed_at(tmp_path, url, **trusting) as shop:
            if is_right:
                assert start(shop).told == "accepted"
            else:
                check_it_opens(shop, (502, "provider_failed"), within=SLACK_SECONDS)
                assert server.requests == []


def trust(directory: Path, authority: Path) -> dict[str, str]:
    """Let a service's processes trust an authority of the tests' beside nobody: environment."""
    shim = directory / "trusting"
    shim.mkdir()
    (shim / "sitecustomize.py").write_text(
        f"import certifi\ncertifi.where = lambda: {str(authority)!r}\n"
    )
    return {"PYTHONPATH": str(shim)}


@contextmanager
def full_backlog() -> Iterator[str]:
    """A listener that accepts nobody, with as many waiting as the kernel lets: its URL."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(64):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0.2)
            try:
                waiting.connect(listener.getsockname())
            except TimeoutError:
                break
        else:
            raise AssertionError("the backlog takes everybody")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _workers(deployment: Deployment) -> list[int]:
    pid = deployment.service.pid
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _peak_bytes(pid: int) -> int:
    """Give the most memory a process ever had."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024
