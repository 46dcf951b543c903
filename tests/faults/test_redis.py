"""One Redis failing in every way while sign-ups run: nobody is told what is not so."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from shutil import rmtree

import pytest
import redis as redis_py
from support.deployments import Deploying, Deployment
from support.invariants import Allowed, violations
from support.load import LOADED_SHOP, LOADED_TABLES, Load
from support.redis_faults import (
    REFUSING_WRITES,
    Fault,
    kind_of,
    stopped,
    workers_of,
)
from support.redis_servers import RedisServer, wait_until

# The longest call fails twice in a row, say to store what was charged and to give that back; each
# time after connecting and waiting for an answer (1 s each, the defaults). The rest is for a busy
# machine.
ALLOWED = Allowed(longest_seconds=2 * (1 + 1) + 4)
LOSING = Allowed(longest_seconds=ALLOWED.longest_seconds, lost_data=True)
FIVE_SECONDS = 5
WHOLE_AGAIN_WITHIN = 3
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
# Enough to be loaded for seconds, at a delay a key.
KEYS_TO_LOAD, DELAY_US = 20_000, 100

# Each load has numbers of its own.
_LOADS = count(0, 20_000)


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    """What it answered, it has on disk."""
    with RedisServer(*DURABLE) as server:
        yield server


@pytest.fixture(scope="module")
def deployed(redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    directory = tmp_path_factory.mktemp("redis-faults")
    deploying = Deploying(directory, LOADED_TABLES, shop=LOADED_SHOP, kind=kind_of(redis))
    with deploying as deployment:
        yield deployment


Strike = Callable[[RedisServer], None]


def killed(redis: RedisServer) -> None:
    redis.stop()
    time.sleep(1)
    redis.start()


def killed_and_emptied(redis: RedisServer) -> None:
    redis.stop()
    rmtree(redis.directory / "appendonlydir")
    time.sleep(1)
    redis.start()


def killed_and_long_loading(redis: RedisServer) -> None:
    with redis.client.pipeline(transaction=False) as filling:
        for at in range(KEYS_TO_LOAD):
            filling.set(f"filler:{at}", 1, ex=600)
        filling.execute()
    redis.stop()
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(redis.start, "--key-load-delay", str(DELAY_US))
        wait_until(lambda: _is_loading(redis), what="it says that it is loading")
        starting.result()


def paused_for_its_clients(redis: RedisServer) -> None:
    redis.client.client_pause(FIVE_SECONDS * 1000, all=True)
    time.sleep(FIVE_SECONDS)
    redis.client.ping()


def for_five_seconds(fault: Fault) -> Strike:
    def strike(redis: RedisServer) -> None:
        with fault(redis):
            time.sleep(FIVE_SECONDS)

    return strike


STRIKES: dict[str, tuple[Strike, Allowed]] = {
    "killed": (killed, ALLOWED),
    "killed and emptied": (killed_and_emptied, LOSING),
    "killed and long loading": (killed_and_long_loading, ALLOWED),
    "stopped": (for_five_seconds(stopped), ALLOWED),
    "paused for its clients": (paused_for_its_clients, ALLOWED),
    **{name: (for_five_seconds(fault), ALLOWED) for name, fault in REFUSING_WRITES.items()},
}


@pytest.mark.parametrize(("strike", "allowed"), STRIKES.values(), ids=STRIKES.keys())
def test_redis_fails_under_load(
    deployed: Deployment, redis: RedisServer, strike: Strike, allowed: Allowed
) -> None:
    workers = workers_of(deployed)
    with Load(deployed.shop, threads=6, first_number=next(_LOADS), pause=0.1) as load:
        load.run_for(2)
        struck = time.monotonic()
        strike(redis)
        returned = time.monotonic()
        load.run_for(WHOLE_AGAIN_WITHIN + 2)
        load.end()

    assert violations(load.journeys, allowed) == []
    assert load.troubles(since=0, until=struck - 0.5) == []
    assert {told.code for told in load.troubles(struck)} == {"store_unavailable"}
    assert load.troubles(since=returned + WHOLE_AGAIN_WITHIN) == []
    since_then = [told for told in load.log() if told.at > returned + WHOLE_AGAIN_WITHIN]
    assert {"pending", "approved", "code_incorrect"} <= {told.code for told in since_then}
    assert workers_of(deployed) == workers


def test_scripts_are_forgotten_again_and_again_and_no_call_fails(
    deployed: Deployment, redis: RedisServer
) -> None:
    with Load(deployed.shop, threads=6, first_number=next(_LOADS)) as load:
        last = time.monotonic() + FIVE_SECONDS
        while time.monotonic() < last:
            redis.client.script_flush("SYNC")
            time.sleep(0.01)
        load.end()

    assert load.troubles(since=0) == []
    assert violations(load.journeys, ALLOWED) == []


def _is_loading(redis: RedisServer) -> bool:
    try:
        redis.client.get("anything")
    except redis_py.BusyLoadingError:
        return True
    except redis_py.ConnectionError:
        return False
    return False
