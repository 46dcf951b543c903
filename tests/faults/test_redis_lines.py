"""Bad lines to a sound Redis while sign-ups run: slow, cut, and spoiled on the way."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import pytest
from support.deployments import Deploying, Deployment
from support.invariants import Allowed, violations
from support.load import LOADED_SHOP, LOADED_TABLES, Load
from support.redis_faults import kind_of, workers_of
from support.redis_servers import RedisServer
from support.tcp_proxy import Mode, TcpProxy

# As in test_redis.py. Redis gets longer to answer than it does by default, so that nothing but the
# lines themselves is too slow on a busy machine.
READ_TIMEOUT_SECONDS = 2
ALLOWED = Allowed(longest_seconds=2 * (1 + READ_TIMEOUT_SECONDS) + 4)
SLOW_SECONDS, TOO_SLOW_SECONDS, CUT_EVERY_SECONDS = 0.2, 3.0, 0.3
STRUCK_FOR_SECONDS = 5
WHOLE_AGAIN_WITHIN = 3
SPOILED = {
    "no answer of Redis": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "nothing": b"$-1\r\n",
    "a word": b"+OK\r\n",
    "a number": b":1\r\n",
    "an empty list": b"*0\r\n",
    "zeros": bytes(64),
}

_LOADS = count(0, 20_000)


@dataclass(frozen=True)
class Lines:
    """A deployment whose every word to its Redis goes through a proxy."""

    deployed: Deployment
    proxy: TcpProxy


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lines]:
    directory = tmp_path_factory.mktemp("redis-lines")
    with RedisServer() as server, TcpProxy(server.port) as proxy:
        kind = kind_of(server, port=proxy.port)
        timeout = {"OTP_REDIS_READ_TIMEOUT_SECONDS": str(READ_TIMEOUT_SECONDS)}
        deploying = Deploying(directory, LOADED_TABLES, shop=LOADED_SHOP, kind=kind, **timeout)
        with deploying as deployed:
            yield Lines(deployed, proxy)


@pytest.fixture
def load(lines: Lines) -> Iterator[Load]:
    workers = workers_of(lines.deployed)
    shop = lines.deployed.shop
    with Load(shop, threads=6, first_number=next(_LOADS), pause=0.1) as running:
        running.run_for(2)
        yield running
    assert workers_of(lines.deployed) == workers


@contextmanager
def delayed(proxy: TcpProxy, seconds: float) -> Iterator[None]:
    proxy.delay_seconds = seconds
    yield
    proxy.delay_seconds = 0


@contextmanager
def cut_again_and_again(proxy: TcpProxy) -> Iterator[None]:
    ending = threading.Event()

    def cut() -> None:
        while not ending.wait(CUT_EVERY_SECONDS):
            proxy.cut_all()

    cutting = threading.Thread(target=cut)
    cutting.start()
    yield
    ending.set()
    cutting.join()


@contextmanager
def switched(proxy: TcpProxy, mode: Mode, spoiled: bytes = b"") -> Iterator[None]:
    proxy.spoiled = spoiled
    proxy.switch(mode)
    yield
    proxy.switch(Mode.PASS)
    # What the spoiled answers left behind in lines that stand is no longer worth anything.
    proxy.cut_all()


def judge(load: Load, *, returned: float) -> None:
    """Let the load run on, then see that it was told nothing wrong and is served again."""
    load.run_for(WHOLE_AGAIN_WITHIN + 2)
    load.end()

    assert violations(load.journeys, ALLOWED) == []
    assert {told.code for told in load.troubles(0)} <= {"store_unavailable"}
    assert load.troubles(since=returned + WHOLE_AGAIN_WITHIN) == []
    since_then = [told for told in load.log() if told.at > returned + WHOLE_AGAIN_WITHIN]
    assert {"pending", "approved", "code_incorrect"} <= {told.code for told in since_then}


def test_slow_lines_make_calls_slow_and_fail_none(lines: Lines, load: Load) -> None:
    struck = time.monotonic()
    with delayed(lines.proxy, SLOW_SECONDS):
        load.run_for(STRUCK_FOR_SECONDS)
    returned = time.monotonic()

    judge(load, returned=returned)

    assert load.troubles(since=struck) == []
    slow = [told for told in load.log() if struck + 1 < told.at < returned - 1]
    assert min(told.took for told in slow) >= 2 * SLOW_SECONDS


def test_lines_slower_than_the_timeouts_fail_every_call_in_time(lines: Lines, load: Load) -> None:
    struck = time.monotonic()
    with delayed(lines.proxy, TOO_SLOW_SECONDS):
        load.run_for(STRUCK_FOR_SECONDS)
    returned = time.monotonic()

    judge(load, returned=returned)

    assert load.troubles(struck, returned) != []


def test_lines_cut_again_and_again(lines: Lines, load: Load) -> None:
    with cut_again_and_again(lines.proxy):
        load.run_for(STRUCK_FOR_SECONDS)

    judge(load, returned=time.monotonic())


@pytest.mark.parametrize(
    "mode", [Mode.REFUSE, Mode.DROP_REQUESTS, Mode.DROP_REPLIES, Mode.HALF_REPLIES, Mode.SILENT]
)
def test_requests_or_answers_are_lost(lines: Lines, load: Load, mode: Mode) -> None:
    struck = time.monotonic()
    with switched(lines.proxy, mode):
        load.run_for(STRUCK_FOR_SECONDS)
    returned = time.monotonic()

    judge(load, returned=returned)

    assert load.troubles(struck, returned) != []


@pytest.mark.parametrize("spoiled", SPOILED.values(), ids=SPOILED.keys())
def test_answers_are_something_else(lines: Lines, load: Load, spoiled: bytes) -> None:
    struck = time.monotonic()
    with switched(lines.proxy, Mode.SPOIL_REPLIES, spoiled):
        load.run_for(2)
    returned = time.monotonic()

    judge(load, returned=returned)

    assert load.troubles(struck, returned) != []
