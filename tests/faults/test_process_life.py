"""Processes that end, are killed, or come up before what they need."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
import requests
from support.caller import Caller
from support.deployments import Deploying, Deployment
from support.kinds import CLUSTER, Kind
from support.process_life import (
    await_all_workers,
    is_refused,
    kill,
    kind_of,
    status_of,
    worker_with_line_to,
    workers_of,
)
from support.processes import await_answer, cli, free_port
from support.redis_servers import HOST, RedisServer, redis_cluster, wait_until
from support.store_view import StoreView
from support.tcp_proxy import Mode, TcpProxy

from otp_service.redis_store import connect, read_address

IN_FLIGHT = 16
PROVIDER_TAKES = timedelta(milliseconds=700)
# Of a deployment's settings: three exchanges with the provider of connecting (2 s) and waiting
# (8 s, the default), and 5 s; docs/production-server.md.
ENDS_WITHIN_SECONDS = 3 * (2 + 8) + 5
PATIENT_PROVIDER = {"OTP_NXCLOUD_READ_TIMEOUT_SECONDS": "8"}
# The defaults of a verification's life and of how long its end is told, and of a number's day.
LIFE, RETENTION, DAY = timedelta(minutes=5), timedelta(days=1), timedelta(days=1)
SERVES_WITHIN = timedelta(seconds=3)

_NUMBERS = count(1_000_000, 10_007)


def fresh_number() -> str:
    return f"+38067{next(_NUMBERS) % 10**7:07d}"


def records(view: StoreView) -> set[bytes]:
    return {name for name in view.names() if b":v:" in name}


def number_log(view: StoreView) -> list[bytes]:
    """Give the kinds of the charges to the one number there is, in order."""
    (log,) = view.logs().values()
    return sorted(member[:1] for member in log)


@contextmanager
def starts_under_way(deployed: Deployment, numbers: list[str]) -> Iterator[list[Future[object]]]:
    shop = deployed.shop
    shop.fault(times=len(numbers), delay_ms=PROVIDER_TAKES // timedelta(milliseconds=1))
    with ThreadPoolExecutor(len(numbers)) as pool:
        callers = [Caller(shop.service, shop.simulator, shop.api_key) for _ in numbers]
        yield [
            pool.submit(caller.start, number)
            for caller, number in zip(callers, numbers, strict=True)
        ]


def test_sigterm_finishes_what_is_in_flight_and_loses_nothing(tmp_path: Path) -> None:
    numbers = [fresh_number() for _ in range(IN_FLIGHT)]
    with Deploying(tmp_path, shop='fraud_guard = "off"', **PATIENT_PROVIDER) as deployed:
        port = int(deployed.environ["OTP_PORT"])
        before = fresh_number()
        approved = deployed.shop.started(before)["verification_id"]
        proof = deployed.shop.verify(approved, deployed.shop.code_on_phone(before)).json()["proof"]

        with starts_under_way(deployed, numbers) as pending:
            wait_until(lambda: len(records(deployed.view)) == IN_FLIGHT + 1, what="all stand")
            deployed.service.terminate()
            wait_until(lambda: is_refused(port), what="nobody is let in any more")
            assert deployed.service.poll() is None
            answers = [each.result() for each in pending]

        assert deployed.service.wait(ENDS_WITHIN_SECONDS) == 0
        told = {(answer.status_code, answer.json()["delivery"]) for answer in answers}
        assert told == {(201, "accepted")}

        log = tmp_path / "again.log"
        with cli("serve", environ=deployed.environ, log=log) as again:
            await_answer(f"{deployed.shop.service}/healthz", again, log)
            shop = deployed.shop
            for number, answer in zip(numbers, answers, strict=True):
                vid = answer.json()["verification_id"]
                assert shop.verify(vid, shop.code_on_phone(number)).status_code == 200
            assert shop.post("/otp/proof", proof=proof).json()["active"] is True


def test_drain_lets_callers_leave_before_anything_closes(tmp_path: Path) -> None:
    drain = 4
    with Deploying(tmp_path, OTP_DRAIN_SECONDS=str(drain)) as deployed:
        url = deployed.shop.service
        with requests.Session() as kept_open:
            assert kept_open.get(f"{url}/healthz", timeout=30).headers.get("Connection") is None
            began = time.monotonic()
            deployed.service.terminate()
            wait_until(lambda: status_of(f"{url}/readyz") == 503, what="it says that it ends")

            parting = kept_open.get(f"{url}/healthz", timeout=30)
            ending = requests.get(f"{url}/readyz", timeout=30).json()

        assert (parting.status_code, parting.headers["Connection"]) == (200, "close")
        assert ending["code"] == "service_busy"
        assert deployed.service.wait(drain + ENDS_WITHIN_SECONDS) == 0
        assert time.monotonic() - began >= drain


def test_second_signal_ends_the_drain(tmp_path: Path) -> None:
    with Deploying(tmp_path, OTP_DRAIN_SECONDS="300") as deployed:
        deployed.service.terminate()
        url = deployed.shop.service
        wait_until(lambda: status_of(f"{url}/readyz") == 503, what="it says that it ends")

        deployed.service.terminate()

        assert deployed.service.wait(ENDS_WITHIN_SECONDS) == 0


@pytest.mark.parametrize("provider_has_it", [False, True], ids=["not sent", "sent"])
def test_start_of_a_killed_worker_is_completed_by_its_key(
    tmp_path: Path,
    provider_has_it: bool,  # noqa: FBT001
) -> None:
    number = fresh_number()
    with ExitStack() as stack:
        line = stack.enter_context(TcpProxy())
        settings = {"OTP_NXCLOUD_BASE_URL": f"http://127.0.0.1:{line.port}"}
        settings["OTP_NXCLOUD_READ_TIMEOUT_SECONDS"] = "60"
        deployed = stack.enter_context(Deploying(tmp_path, **settings))
        await_all_workers(deployed.service, int(deployed.environ["OTP_PORT"]))
        line.server_port = int(deployed.shop.simulator.rpartition(":")[2])
        if provider_has_it:
            deployed.shop.fault(phone=number, delay_ms=30_000)
        else:
            line.switch(Mode.SILENT)
        view, killed = deployed.view, threading.Event()
        pool = stack.enter_context(ThreadPoolExecutor(1))
        broken_off = pool.submit(_start_until, killed, deployed.shop, number)
        wait_until(lambda: line.requests, what="the message is on its way")
        (record,) = records(view)
        before = workers_of(deployed.service)

        kill(worker_with_line_to(deployed.service, line.port))
        killed.set()

        assert broken_off.result() == "no answer"
        _serves_on(deployed)
        left = view.left_of_everything()
        assert timedelta() < left[record] <= LIFE + RETENTION
        assert not [key for key, span in left.items() if span < timedelta()]
        assert number_log(view) == [b"m", b"s"]
        (log,) = view.logs()
        assert timedelta() < left[log] <= DAY
        line.switch(Mode.PASS)
        wait_until(lambda: len(workers_of(deployed.service) | before) == 3, what="it is replaced")

        running = _ask_again(deployed.shop, number)
        view.advance(timedelta(seconds=31))
        completed = _ask_again(deployed.shop, number)

        assert (running.status_code, running.json()["code"]) == (409, "request_in_progress")
        assert 1 <= int(running.headers["Retry-After"]) <= 30
        assert completed.status_code == 201, completed.text
        assert records(view) == {record}
        assert number_log(view) == [b"m", b"m", b"s"]
        # The provider may or may not have what it was still to answer.
        assert len(deployed.shop.messages(number)) in ({1, 2} if provider_has_it else {1})
        vid = completed.json()["verification_id"]
        assert deployed.shop.verify(vid, deployed.shop.code_on_phone(number)).status_code == 200
        assert _ask_again(deployed.shop, number).text == completed.text

        another = deployed.shop.started(number)
        assert another["verification_id"] != vid
        assert number_log(view) == [b"m", b"m", b"m", b"s", b"s"]


def _start_until(killed: threading.Event, shop: Caller, number: str) -> str:
    """Start with a key; a connection that broke after the worker was killed is no answer."""
    try:
        return _ask_again(shop, number).text
    except requests.ConnectionError:
        assert killed.wait(30)
        return "no answer"


def _ask_again(shop: Caller, number: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {shop.api_key}", "Idempotency-Key": "sign-up-1"}
    url, body = f"{shop.service}/otp/start", {"phone": number}
    return requests.post(url, json=body, headers=headers, timeout=60)


def _serves_on(deployed: Deployment) -> None:
    """The other worker does; what waited at the killed one's socket is reset once."""
    url = f"{deployed.shop.service}/healthz"
    answers = [status_of(url, timeout=5) for _ in range(10)]
    assert answers.count(200) >= 8, answers


@contextmanager
def _single_refusing(_: TcpProxy) -> Iterator[tuple[Kind, Callable[[], None]]]:
    with RedisServer() as server:
        server.stop()
        yield kind_of(server), server.start


@contextmanager
def _single_silent(proxy: TcpProxy) -> Iterator[tuple[Kind, Callable[[], None]]]:
    with RedisServer() as server:
        proxy.server_port = server.port
        proxy.switch(Mode.SILENT)
        url = f"redis://127.0.0.1:{proxy.port}"
        yield kind_of(server, url), lambda: proxy.switch(Mode.PASS)


@contextmanager
def _cluster_refusing(_: TcpProxy) -> Iterator[tuple[Kind, Callable[[], None]]]:
    with redis_cluster() as nodes:
        url = "redis+cluster://" + ",".join(f"{HOST}:{node.port}" for node in nodes)
        view = StoreView([node.client.execute_command for node in nodes])
        kind = Kind(CLUSTER, url, connect(read_address(url)), view)
        for node in nodes:
            node.stop()

        def start() -> None:
            for node in nodes:
                node.start()
            wait_until(lambda: all(map(_is_whole, nodes)), what="the cluster is whole")

        yield kind, start


def _is_whole(node: RedisServer) -> bool:
    return str(node.client.execute_command("CLUSTER INFO")["cluster_state"]) == "ok"


@pytest.mark.parametrize("away", [_single_refusing, _single_silent, _cluster_refusing])
def test_service_comes_up_before_redis_and_serves_once_it_is_there(
    tmp_path: Path,
    away: Callable[[TcpProxy], "contextmanager[tuple[Kind, Callable[[], None]]]"],
) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(TcpProxy())
        kind, bring_up = stack.enter_context(away(proxy))  # type: ignore[arg-type]
        deployed = stack.enter_context(Deploying(tmp_path, kind=kind))
        shop, number = deployed.shop, fresh_number()

        assert shop.get("/healthz").status_code == 200
        unready = deployed.operator.get("/readyz")
        assert (unready.status_code, unready.json()["code"]) == (503, "store_unavailable")
        refused = shop.start(number)
        assert (refused.status_code, refused.json()["code"]) == (503, "store_unavailable")

        bring_up()

        wait_until(
            lambda: shop.start(number).status_code == 201,
            what="it serves",
            within=SERVES_WITHIN,
        )
        assert len(shop.messages(number)) == 1
        wait_until(lambda: deployed.operator.get("/readyz").ok, what="ready", within=SERVES_WITHIN)


def test_service_comes_up_before_the_provider(tmp_path: Path) -> None:
    with Deploying(tmp_path) as deployed:
        shop, number = deployed.shop, fresh_number()
        deployed.stop_provider()
        port = free_port()
        service = f"http://127.0.0.1:{port}"
        log = tmp_path / "second.log"
        with cli("serve", environ={**deployed.environ, "OTP_PORT": str(port)}, log=log) as second:
            await_answer(f"{service}/healthz", second, log)
            caller = Caller(service, shop.simulator, shop.api_key)
            assert caller.get("/readyz").status_code == 200
            away = caller.start(number)
            assert (away.status_code, away.json()["code"]) == (502, "provider_failed")

            provider_port = shop.simulator.rpartition(":")[2]
            provider_log = tmp_path / "provider.log"
            with cli(
                "simulator", "--port", provider_port, environ=deployed.environ, log=provider_log
            ) as provider:
                await_answer(f"{shop.simulator}/", provider, provider_log)
                wait_until(
                    lambda: caller.start(number).status_code == 201,
                    what="it sends",
                    within=SERVES_WITHIN,
                )
