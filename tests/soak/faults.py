"""What breaks during a soak, in turn, with quiet between."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import redis
import requests
from soak.stage import STORE_TIMEOUT_SECONDS, Stage
from support.tcp_proxy import Mode, TcpProxy

# The time-outs that a line or a call may still be in when what broke is whole again.
_STORE_WHOLE_WITHIN = 3.0
# A circuit breaker that opened lets the provider rest for 5 s.
_PROVIDER_WHOLE_WITHIN = 7.0
_PROCESS_WHOLE_WITHIN = 7.0

_EVERY_SEND = 1_000_000
# Under the provider's time-out.
_IN_FLIGHT_MS = 700


@dataclass(frozen=True)
class Fault:
    """One way to break.

    Args:
        break_it: breaks it for as long as its block lasts.
        seconds: for which it stays broken.
        whole_within: seconds after its end all must be well again.
        loses_answers: lines between callers and the service break, too.
        is_of_store: what is asked of Redis may not happen.
        is_harmless: no call may fail even while it lasts.
    """

    name: str
    break_it: Callable[[Stage], AbstractContextManager[None]]
    seconds: float = 2.0
    whole_within: float = _STORE_WHOLE_WITHIN
    loses_answers: bool = False
    is_of_store: bool = False
    is_harmless: bool = False


@dataclass(frozen=True)
class Happened:
    """A fault, and when: seconds on ``time.monotonic``'s clock."""

    fault: Fault
    began: float
    ended: float

    @property
    def whole_by(self) -> float:
        """When all must be well again."""
        return self.began if self.fault.is_harmless else self.ended + self.fault.whole_within


def happen(fault: Fault, stage: Stage) -> Happened:
    """Let it happen, and return when it is over."""
    began = time.monotonic()
    with fault.break_it(stage):
        time.sleep(fault.seconds)
    happened = Happened(fault, began, time.monotonic())
    # The proxies remember every request since their last switch.
    stage.store_line.switch(Mode.PASS)
    stage.provider_line.switch(Mode.PASS)
    return happened


def in_turn(seed: int) -> Iterator[Fault]:
    """Give every fault but restarts once in each round, each round in an order of its own."""
    chance = random.Random(seed)
    while True:
        yield from chance.sample(FAULTS, len(FAULTS))


@contextmanager
def _store_killed(stage: Stage) -> Iterator[None]:
    stage.redis.stop()
    yield
    stage.redis.start()


@contextmanager
def _store_paused(stage: Stage) -> Iterator[None]:
    pid = stage.redis_pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def _store_slow(stage: Stage) -> Iterator[None]:
    """Holds every command back, up to a quarter of a second."""
    with _again_and_again(lambda: stage.redis.client.execute_command("CLIENT", "PAUSE", 250), 0.3):
        yield


@contextmanager
def _store_forgets_scripts(stage: Stage) -> Iterator[None]:
    with _again_and_again(stage.redis.client.script_flush, 0.1):
        yield


@contextmanager
def _cut(stage: Stage, line: Callable[[Stage], TcpProxy]) -> Iterator[None]:
    """Cuts every line, again and again."""

    def cut() -> None:
        line(stage).switch(Mode.REFUSE)
        line(stage).switch(Mode.PASS)

    with _again_and_again(cut, 0.3):
        yield


@contextmanager
def _switched(stage: Stage, line: Callable[[Stage], TcpProxy], mode: Mode) -> Iterator[None]:
    line(stage).switch(mode)
    yield
    line(stage).switch(Mode.PASS)


@contextmanager
def _replies_dropped_now_and_then(stage: Stage) -> Iterator[None]:
    """Redis gets every command, and now and then its answer is lost."""
    with _again_and_again(lambda: stage.store_line.switch(Mode.DROP_ONE), 0.1):
        yield


@contextmanager
def _provider(stage: Stage, **fault: Any) -> Iterator[None]:
    stage.deployed.shop.fault(times=_EVERY_SEND, **fault)
    yield
    url = f"{stage.deployed.shop.simulator}/simulator/faults"
    requests.delete(url, timeout=30).raise_for_status()


@contextmanager
def _provider_away(stage: Stage) -> Iterator[None]:
    stage.provider_line.close()
    yield
    stage.provider_line.listen_again()


@contextmanager
def _worker_killed(stage: Stage) -> Iterator[None]:
    """The youngest, so that one worker can be watched from beginning to end.

    Just then its messages are stored, on their way, and not answered yet.
    """
    stage.killed += 1
    with _provider(stage, delay_ms=_IN_FLIGHT_MS):
        time.sleep(2 * _IN_FLIGHT_MS / 1000)
        os.kill(stage.workers()[-1], signal.SIGKILL)
    yield
    stage.await_workers()


@contextmanager
def _restarted(stage: Stage) -> Iterator[None]:
    code = stage.restart()
    assert code == 0, f"the service ended with {code}"
    yield


@contextmanager
def _again_and_again(action: Callable[[], object], pause: float) -> Iterator[None]:
    ending = threading.Event()

    def run() -> None:
        while not ending.wait(pause):
            try:
                action()
            except redis.RedisError:
                continue

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield
    ending.set()
    thread.join()


def _store_line(stage: Stage) -> TcpProxy:
    return stage.store_line


def _provider_line(stage: Stage) -> TcpProxy:
    return stage.provider_line


def _of_store(
    name: str, break_it: Callable[[Stage], AbstractContextManager[None]], seconds: float = 2.0
) -> Fault:
    return Fault(name, break_it, seconds=seconds, is_of_store=True)


def _of_provider(name: str, break_it: Callable[[Stage], AbstractContextManager[None]]) -> Fault:
    return Fault(name, break_it, whole_within=_PROVIDER_WHOLE_WITHIN)


FAULTS = (
    _of_store("Redis killed, started with its data", _store_killed),
    _of_store("Redis paused", _store_paused, seconds=STORE_TIMEOUT_SECONDS + 2),
    Fault("Redis slow", _store_slow, is_harmless=True),
    Fault("Redis forgets its scripts", _store_forgets_scripts, is_harmless=True),
    _of_store("lines to Redis cut", partial(_cut, line=_store_line)),
    _of_store("answers of Redis lost now and then", _replies_dropped_now_and_then),
    _of_store(
        "every answer of Redis lost",
        partial(_switched, line=_store_line, mode=Mode.DROP_REPLIES),
    ),
    _of_provider("provider answers 500", partial(_provider, http_status=500)),
    _of_provider("provider's answers lost", partial(_provider, drop=True)),
    _of_provider("provider slower than its time-out", partial(_provider, delay_ms=2_000)),
    _of_provider("provider answers nonsense", partial(_provider, garbage=True)),
    _of_provider("provider fails", partial(_provider, code=-1)),
    _of_provider("Viber fails, SMS goes", partial(_provider, code=-1, channel="viber")),
    _of_provider("Viber refuses numbers", partial(_provider, code=9002, channel="viber")),
    _of_provider("provider's account has no balance", partial(_provider, code=1102)),
    _of_provider("provider away", _provider_away),
    _of_provider("lines to the provider cut", partial(_cut, line=_provider_line)),
    _of_provider("provider silent", partial(_switched, line=_provider_line, mode=Mode.SILENT)),
    Fault(
        "a worker killed",
        _worker_killed,
        whole_within=_PROCESS_WHOLE_WITHIN,
        loses_answers=True,
    ),
)

RESTART = Fault(
    "service ended and started anew",
    _restarted,
    seconds=0,
    whole_within=_PROCESS_WHOLE_WITHIN,
    loses_answers=True,
)
