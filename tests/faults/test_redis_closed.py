"""Every endpoint that needs the store, under everything that may befall it: closed, and soon."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
import requests
from support.caller import Caller
from support.deployments import CALLBACK_SECRET, Deploying, Deployment
from support.load import LOADED_SHOP, LOADED_TABLES, number_of
from support.parallel import side_by_side
from support.redis_faults import REFUSING_WRITES, Fault, kind_of, stopped, workers_of
from support.redis_servers import RedisServer
from support.tcp_proxy import Mode, TcpProxy

CLOSED = (503, "store_unavailable")
# To connect and to be answered, 1 s each, the defaults; claiming an Idempotency-Key is one trip
# more than a plain start needs. The rest is for a busy machine.
LONGEST_SECONDS = (1 + 1) + 2
SPOILED = (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"$-1\r\n", b"+OK\r\n", b":1\r\n", b"*0\r\n")
AT_ONCE = 64

_NUMBERS = count()


@dataclass(frozen=True)
class Place:
    deployed: Deployment
    server: RedisServer
    proxy: TcpProxy


@dataclass(frozen=True)
class Desk:
    """What a caller has in hand when it strikes: verifications, a code, a proof."""

    shop: Caller
    pending: str
    code: str
    wrong: str
    other: str
    proof: str

    def post(self, path: str, **body: Any) -> requests.Response:
        return self.shop.post(path, **body)

    def call_back(self, kind: str, **body: Any) -> requests.Response:
        url = f"{self.shop.service}/callbacks/nxcloud/{CALLBACK_SECRET}/{kind}"
        return requests.post(url, json=body, timeout=30)

    def start_once(self) -> requests.Response:
        headers = {
            "Authorization": f"Bearer {self.shop.api_key}",
            "Idempotency-Key": f"key-of-{next(_NUMBERS)}",
        }
        body = {"phone": number_of(next(_NUMBERS))}
        return requests.post(
            f"{self.shop.service}/otp/start", json=body, headers=headers, timeout=30
        )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("redis-closed")
    shop = f"{LOADED_SHOP}\nresend_cooldown_seconds = 0"
    with RedisServer() as server, TcpProxy(server.port) as proxy:
        kind = kind_of(server, port=proxy.port)
        # A place for every call at once, in whichever worker.
        deploying = Deploying(
            directory, LOADED_TABLES, shop=shop, kind=kind, OTP_THREADS=str(AT_ONCE)
        )
        with deploying as deployed:
            yield Place(deployed, server, proxy)


@pytest.fixture
def desk(place: Place) -> Desk:
    shop = place.deployed.shop
    number = number_of(next(_NUMBERS))
    pending = shop.started(number)["verification_id"]
    code, wrong = shop.code_on_phone(number), shop.wrong_code(number)
    number = number_of(next(_NUMBERS))
    proven = shop.started(number)["verification_id"]
    proof = shop.verify(proven, shop.code_on_phone(number)).json()["proof"]
    other = shop.started(number_of(next(_NUMBERS)))["verification_id"]
    return Desk(shop, pending, code, wrong, other, proof)


CALLS: dict[str, Callable[[Desk], requests.Response]] = {
    "start": lambda at: at.shop.start(number_of(next(_NUMBERS))),
    "start with a key": lambda at: at.start_once(),
    "wrong code": lambda at: at.shop.verify(at.pending, at.wrong),
    "right code": lambda at: at.shop.verify(at.pending, at.code),
    "resend": lambda at: at.post("/otp/resend", verification_id=at.pending),
    "status": lambda at: at.shop.get(f"/otp/verifications/{at.pending}"),
    "cancel": lambda at: at.post("/otp/cancel", verification_id=at.other),
    "proof": lambda at: at.post("/otp/proof", proof=at.proof),
    "proof used up": lambda at: at.post("/otp/proof", proof=at.proof, consume=True),
    "receipt": lambda at: at.call_back(
        "receipt", status="delivered", requestId="e" * 32, code=11001
    ),
    "reply": lambda at: at.call_back(
        "reply", phone=number_of(1)[1:], traceRequestId="e" * 32, message={"text": "hi"}
    ),
    "readyz": lambda at: at.shop.get("/readyz"),
}
NEEDS_NO_STORE: dict[str, Callable[[Desk], requests.Response]] = {
    "client token": lambda at: at.post("/otp/client-tokens"),
    "healthz": lambda at: at.shop.get("/healthz"),
}

# Who only reads is answered, and a full server is helped by who ends something.
READS = {"status": (200, "pending"), "proof": (200, "")}
ANSWERED: dict[str, dict[str, tuple[int, str]]] = {
    **dict.fromkeys(REFUSING_WRITES, READS),
    "full": {**READS, "cancel": (200, "canceled")},
}


@contextmanager
def gone(server: RedisServer) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


def of_lines(mode: Mode, spoiled: bytes = b"") -> Callable[[Place], AbstractContextManager[None]]:
    @contextmanager
    def strike(place: Place) -> Iterator[None]:
        place.proxy.spoiled = spoiled
        place.proxy.switch(mode)
        try:
            yield
        finally:
            place.proxy.switch(Mode.PASS)
            place.proxy.cut_all()

    return strike


@contextmanager
def too_slow(place: Place) -> Iterator[None]:
    place.proxy.delay_seconds = 3
    try:
        yield
    finally:
        place.proxy.delay_seconds = 0
        place.proxy.cut_all()


def of_server(fault: Fault) -> Callable[[Place], AbstractContextManager[None]]:
    return lambda place: fault(place.server)


LOST = (Mode.REFUSE, Mode.DROP_REQUESTS, Mode.DROP_REPLIES, Mode.HALF_REPLIES, Mode.SILENT)
FAULTS = {
    **{name: of_server(fault) for name, fault in REFUSING_WRITES.items()},
    "stopped": of_server(stopped),
    **{mode.value: of_lines(mode) for mode in LOST},
    "too slow": too_slow,
    **{f"spoiled {at}": of_lines(Mode.SPOIL_REPLIES, each) for at, each in enumerate(SPOILED)},
    # What the server held is lost with it: the last.
    "gone": of_server(gone),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_call_is_refused_in_time_and_says_when_to_come_again(
    place: Place, desk: Desk, fault: str
) -> None:
    with FAULTS[fault](place):
        answers = {name: _timed(call, desk) for name, call in CALLS.items()}
        others = {name: _timed(call, desk) for name, call in NEEDS_NO_STORE.items()}

    told = {name: (answer.status_code, _word(answer)) for name, (answer, _) in answers.items()}
    assert told == {**dict.fromkeys(CALLS, CLOSED), **ANSWERED.get(fault, {})}
    refused = [answer for answer, _ in answers.values() if answer.status_code == 503]
    assert {answer.headers.get("Retry-After") for answer in refused} == {"1"}
    assert max(took for _, took in answers.values()) < LONGEST_SECONDS
    assert {name: answer.status_code for name, (answer, _) in others.items()} == {
        "client token": 201,
        "healthz": 200,
    }


@pytest.mark.parametrize("fault", ["stopped", "silent", "refuse"])
def test_many_calls_at_once_are_refused_in_time_and_the_process_stays_quick(
    place: Place, desk: Desk, fault: str
) -> None:
    workers = workers_of(place.deployed)

    def verify() -> tuple[requests.Response, float]:
        return _timed(lambda at: _alone(at.shop).verify(at.pending, at.code), desk)

    def look() -> tuple[requests.Response, float]:
        return _timed(lambda at: _alone(at.shop).get("/healthz"), desk)

    with FAULTS[fault](place):
        answers = side_by_side([verify] * AT_ONCE + [look] * 5)

    refused, looks = answers[:AT_ONCE], answers[AT_ONCE:]
    assert {(answer.status_code, _word(answer)) for answer, _ in refused} == {CLOSED}
    assert max(took for _, took in refused) < LONGEST_SECONDS
    assert {answer.status_code for answer, _ in looks} == {200}
    assert statistics.median(took for _, took in looks) < 1
    assert workers_of(place.deployed) == workers


def _alone(shop: Caller) -> Caller:
    """Give the same caller on a connection of its own."""
    return Caller(shop.service, shop.simulator, shop.api_key)


def _timed(
    call: Callable[[Desk], requests.Response], desk: Desk
) -> tuple[requests.Response, float]:
    began = time.monotonic()
    answer = call(desk)
    return answer, time.monotonic() - began


def _word(answer: requests.Response) -> str:
    body = answer.json()
    return str(body.get("code") or body.get("status") or "")
