"""New settings, new secrets, new instances, while sign-ups run: none of them fails."""

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from support.deployments import Deploying, Deployment
from support.invariants import Allowed, violations
from support.kinds import Kind
from support.load import LOADED_SHOP, LOADED_TABLES, Load, number_of
from support.process_life import (
    BalancedCaller,
    LoadBalancer,
    await_all_workers,
    fresh_workers,
    hang_up,
    kill,
    kind_of,
    workers_of,
)
from support.processes import await_answer, cli, free_port
from support.redis_servers import RedisServer, wait_until
from support.tcp_proxy import Mode, TcpProxy

# Everything that could take its time did: the provider's three exchanges and Redis'.
ALLOWED = Allowed(longest_seconds=3 * (2 + 8) + 5)
OLD, NEW = "old-secret-" + "o" * 40, "new-secret-" + "n" * 40
# Callers of one load take their numbers from its beginning; these are far from it.
_ASIDE = 500_000
DRAIN_SECONDS = 6


@contextmanager
def under_load(deployed: Deployment, caller: BalancedCaller | None = None) -> Iterator[None]:
    """Have sign-ups run all the while; not one of them may meet any trouble."""
    with Load(caller or deployed.shop, threads=4, pause=0.02) as load:
        began = time.monotonic()
        load.run_for(1)
        yield
        load.run_for(1)
        troubles = load.troubles(began)
        load.end()
    assert troubles == []
    assert violations(load.journeys, ALLOWED) == []
    assert len(load.journeys) > 20


@contextmanager
def deployment(
    directory: Path, *, kind: Kind | None = None, **environ: str
) -> Iterator[Deployment]:
    """A deployment whose secrets and further settings stand in files."""
    (directory / "secrets").write_text(OLD + "\n")
    deploying = Deploying(
        directory,
        LOADED_TABLES,
        shop=LOADED_SHOP,
        kind=kind,
        OTP_SECRET_KEYS="",
        OTP_SECRET_KEYS_FILE=str(directory / "secrets"),
        OTP_THREADS="",
        OTP_NXCLOUD_READ_TIMEOUT_SECONDS="8",
        **environ,
    )
    with deploying as deployed:
        await_all_workers(deployed.service, int(deployed.environ["OTP_PORT"]))
        yield deployed


def add_settings(directory: Path, lines: str) -> None:
    config = directory / "otp-service.toml"
    config.write_text(lines + config.read_text())


def errors_of(deployed: Deployment) -> list[str]:
    lines = [json.loads(line) for line in deployed.log.read_text().splitlines()]
    return [line["event"] for line in lines if line["level"] == "error"]


def test_new_settings_are_taken_and_wrong_ones_are_not(tmp_path: Path) -> None:
    with deployment(tmp_path) as deployed:
        docs = f"{deployed.shop.service}/docs"
        assert deployed.shop.session.get(docs, timeout=30).status_code == 401
        with under_load(deployed):
            add_settings(tmp_path, "public_docs = true\nthreads = 16\n")
            with fresh_workers(deployed.service):
                hang_up(deployed.service)

            assert deployed.shop.session.get(docs, timeout=30).status_code == 200

            before = workers_of(deployed.service)
            add_settings(tmp_path, "pin_digits = 99\n")
            hang_up(deployed.service)
            wait_until(lambda: errors_of(deployed), what="the log tells of it")

        (error,) = errors_of(deployed)
        assert error.startswith("the old settings stay: OTP_PIN_DIGITS: ")
        assert workers_of(deployed.service) == before

        # One that dies is replaced nevertheless, by one with the settings that were taken.
        (killed, *_) = before
        kill(killed)
        wait_until(lambda: len(workers_of(deployed.service) - {killed}) == 2, what="it is replaced")
        await_all_workers(deployed.service, int(deployed.environ["OTP_PORT"]))
        answers = [deployed.shop.session.get(docs, timeout=30).status_code for _ in range(10)]
        assert answers == [200] * 10


def test_old_workers_stay_where_a_new_one_does_not_come_up(tmp_path: Path) -> None:
    url = tmp_path / "redis-url"
    with RedisServer() as redis, TcpProxy(redis.port) as silent:
        url.write_text(redis.url)
        files = {"OTP_REDIS_URL": "", "OTP_REDIS_URL_FILE": str(url)}
        with deployment(
            tmp_path, kind=kind_of(redis), OTP_REDIS_READ_TIMEOUT_SECONDS="60", **files
        ) as deployed:
            before = workers_of(deployed.service)
            with under_load(deployed):
                # One that looks for its store comes up late enough to be killed before.
                silent.switch(Mode.SILENT)
                url.write_text(f"redis://127.0.0.1:{silent.port}")
                hang_up(deployed.service)
                wait_until(lambda: silent.requests, what="a new worker looks for its store")
                (fresh,) = workers_of(deployed.service) - before
                kill(fresh)
                wait_until(lambda: errors_of(deployed), what="the log tells of it")

            assert errors_of(deployed) == ["a new worker did not come up; the old ones go on"]
            assert workers_of(deployed.service) == before


def test_no_connection_is_cut_however_it_is_used(tmp_path: Path) -> None:
    with deployment(tmp_path, OTP_LOG_LEVEL="warning") as deployed:
        cut = Counter[str]()
        told_to_close = Counter[bool]()
        over = threading.Event()

        def ask(line: HTTPConnection) -> bool:
            line.request("GET", "/healthz")
            answer = line.getresponse()
            assert answer.status == 200
            answer.read()
            return answer.will_close

        def slow_to_speak() -> None:
            """Has every request on a connection of its own, a moment after it stands."""
            with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as line:
                line.connect()
                time.sleep(0.005)
                ask(line)

        def keeping_open() -> None:
            """Comes back over the same connection again and again, until it is told to close."""
            with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as line:
                while not over.is_set() and not ask(line):
                    time.sleep(0.005)
                told_to_close[not over.is_set()] += 1

        def keep_on(use: Callable[[], None]) -> None:
            while not over.is_set():
                try:
                    use()
                except (OSError, HTTPException) as broken:
                    cut[f"{use.__name__}: {type(broken).__name__}"] += 1

        port = int(deployed.environ["OTP_PORT"])
        with ThreadPoolExecutor(16) as pool:
            for use in [slow_to_speak, keeping_open] * 8:
                pool.submit(keep_on, use)
            try:
                for _ in range(2):
                    with fresh_workers(deployed.service):
                        hang_up(deployed.service)
            finally:
                over.set()

        assert cut == {}
        assert told_to_close[True] > 0


@dataclass(frozen=True)
class Left:
    """What callers have from before, to be honoured after."""

    number: str
    verification_id: str
    code: str
    proof: str
    token: str

    @classmethod
    def by(cls, deployed: Deployment, at: int) -> "Left":
        shop, pending, approved = deployed.shop, number_of(_ASIDE + at), number_of(_ASIDE + at + 1)
        vid = shop.started(pending)["verification_id"]
        done = shop.started(approved)["verification_id"]
        proof = shop.verify(done, shop.code_on_phone(approved)).json()["proof"]
        token = shop.post("/otp/client-tokens").json()["token"]
        return cls(pending, vid, shop.code_on_phone(pending), proof, token)

    def is_honoured(self, deployed: Deployment, at: int) -> bool:
        """By every worker: each caller has a connection of its own, so any of them answers."""
        shop = deployed.shop
        proofs = [shop.post("/otp/proof", proof=self.proof).json()["active"] for _ in range(4)]
        app = replace(shop, api_key=self.token)
        started = app.start(number_of(_ASIDE + at + 2)).status_code
        approved = shop.verify(self.verification_id, self.code).status_code
        return (all(proofs), started, approved) == (True, 201, 200)


def test_secrets_are_rotated_in_two_steps(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    with deployment(tmp_path) as deployed:
        # Connections of their own, so that they reach whichever worker.
        deployed.shop.session.headers["Connection"] = "close"
        with under_load(deployed):
            of_old = [Left.by(deployed, at) for at in (0, 10)]

            secrets.write_text(f"{OLD}\n{NEW}\n")
            with fresh_workers(deployed.service):
                hang_up(deployed.service)
            assert of_old[0].is_honoured(deployed, 0)
            of_both = Left.by(deployed, 20)

            secrets.write_text(f"{NEW}\n{OLD}\n")
            with fresh_workers(deployed.service):
                hang_up(deployed.service)
            assert of_old[1].is_honoured(deployed, 10)
            assert of_both.is_honoured(deployed, 20)
            of_new = Left.by(deployed, 30)

        # Its life is over; the load's own verifications need it no more.
        secrets.write_text(f"{NEW}\n")
        with fresh_workers(deployed.service):
            hang_up(deployed.service)
        assert of_new.is_honoured(deployed, 30)
        assert deployed.shop.post("/otp/proof", proof=of_old[0].proof).json() == {"active": False}
        assert errors_of(deployed) == []


def test_instances_are_replaced_one_after_the_other(tmp_path: Path) -> None:
    with ExitStack() as stack:
        deployed = stack.enter_context(deployment(tmp_path, OTP_DRAIN_SECONDS=str(DRAIN_SECONDS)))
        port = free_port()
        second = f"http://127.0.0.1:{port}"
        log = tmp_path / "second.log"
        other = {**deployed.environ, "OTP_PORT": str(port)}
        running = stack.enter_context(cli("serve", environ=other, log=log))
        await_answer(f"{second}/healthz", running, log)
        balancer = stack.enter_context(LoadBalancer(deployed.shop.service, second))
        wait_until(lambda: balancer.is_ready(second), what="both are ready")
        shop = deployed.shop
        caller = BalancedCaller(second, shop.simulator, shop.api_key, balancer=balancer)

        with under_load(deployed, caller):
            for at, (instance, process, environ) in enumerate(
                [
                    (deployed.shop.service, deployed.service, deployed.environ),
                    (second, running, other),
                ]
            ):
                process.terminate()
                assert process.wait(DRAIN_SECONDS + 35) == 0

                again = {**environ, "OTP_WORKERS": "1", "OTP_THREADS": "16"}
                log = tmp_path / f"again-{at}.log"
                stack.enter_context(cli("serve", environ=again, log=log))
                wait_until(lambda at=instance: balancer.is_ready(at), what="it is ready again")


DOCUMENT = Path(__file__).parents[2] / "docs" / "deploying.md"
COMMANDS = re.findall(r"^    (otp-service check|kill -HUP .*)$", DOCUMENT.read_text(), re.M)


@pytest.mark.parametrize("setting", ["OTP_DRAIN_SECONDS=10"])
def test_document_shows_what_is_tried_here(setting: str) -> None:
    assert COMMANDS == ["otp-service check", 'kill -HUP "$OTP_PID"']
    assert f"    {setting}\n" in DOCUMENT.read_text()
