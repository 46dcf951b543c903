from collections.abc import Callable, Collection
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from threading import Event, Semaphore
from typing import Any

import pytest
from support.fakes import AWAY

from otp_service.service.note_use import NoteKeyUse


class Background(Executor):
    """Keeps what it is to do until it is told to do it."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], object]] = []
        self.failure: RuntimeError | None = None

    def submit(self, fn: Callable[..., Any], /, *_: object, **__: object) -> Future[Any]:
        if self.failure:
            raise self.failure
        self.waiting.append(fn)
        return Future()

    def work(self) -> None:
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            each()


class FakeUses:
    """Keeps what it is told, a batch at a time."""

    def __init__(self) -> None:
        self.told: list[set[str]] = []

    def note_uses(self, fingerprints: Collection[str]) -> None:
        self.told.append(set(fingerprints))


class Away(FakeUses):
    def note_uses(self, fingerprints: Collection[str]) -> None:
        super().note_uses(fingerprints)
        raise AWAY


class Seconds:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def background() -> Background:
    return Background()


@pytest.fixture
def uses() -> FakeUses:
    return FakeUses()


@pytest.fixture
def note(uses: FakeUses, background: Background, seconds: Seconds) -> NoteKeyUse:
    return NoteKeyUse(store=uses, background=background, seconds=seconds)


def test_store_is_told_by_another_thread_and_not_by_the_caller_s(
    note: NoteKeyUse, uses: FakeUses, background: Background
) -> None:
    note("web")

    assert uses.told == []
    background.work()
    assert uses.told == [{"web"}]


@pytest.mark.parametrize(("later", "times"), [(0.0, 1), (59.9, 1), (60.0, 2)])
def test_key_is_told_of_once_a_minute(
    note: NoteKeyUse,
    uses: FakeUses,
    background: Background,
    seconds: Seconds,
    *,
    later: float,
    times: int,
) -> None:
    note("web")
    background.work()

    seconds.now += later
    note("web")

    background.work()
    assert uses.told == [{"web"}] * times


def test_each_key_has_a_minute_of_its_own(
    note: NoteKeyUse, uses: FakeUses, background: Background, seconds: Seconds
) -> None:
    note("web")
    background.work()

    seconds.now += 1
    note("app")

    background.work()
    assert uses.told == [{"web"}, {"app"}]


def test_keys_that_wait_are_told_of_in_one_batch(
    note: NoteKeyUse, uses: FakeUses, background: Background
) -> None:
    for key in ("web", "app", "web", "old"):
        note(key)

    assert len(background.waiting) == 1
    background.work()
    assert uses.told == [{"web", "app", "old"}]


def test_what_waits_does_not_grow_however_long_the_store_takes(
    note: NoteKeyUse, background: Background, seconds: Seconds
) -> None:
    for _ in range(1_000):
        seconds.now += 60
        note("web")

    assert len(background.waiting) == 1


def test_store_that_is_away_costs_that_use_and_no_later_one(seconds: Seconds) -> None:
    away = Away()
    with ThreadPoolExecutor(1) as thread:
        note = NoteKeyUse(store=away, background=thread, seconds=seconds)
        note("web")
        thread.submit(lambda: None).result(30)
        seconds.now += 60

        note("web")

    assert away.told == [{"web"}, {"web"}]


def test_thread_that_is_not_to_be_had_costs_that_use_and_no_later_one(
    note: NoteKeyUse, uses: FakeUses, background: Background, seconds: Seconds
) -> None:
    background.failure = RuntimeError("can't start new thread")
    note("web")
    background.failure = None
    seconds.now += 60

    note("web")

    background.work()
    assert uses.told == [{"web"}]


def test_caller_does_not_wait_for_a_store_that_hangs() -> None:
    asked, answer, answered = Event(), Event(), Semaphore(0)

    class Hanging(FakeUses):
        def note_uses(self, fingerprints: Collection[str]) -> None:
            asked.set()
            answer.wait(30)
            super().note_uses(fingerprints)
            answered.release()

    hanging = Hanging()
    note = NoteKeyUse(store=hanging)
    note("web")
    assert asked.wait(30)

    note("app")

    assert hanging.told == []
    answer.set()
    assert all(answered.acquire(timeout=30) for _ in range(2))
    assert hanging.told == [{"web"}, {"app"}]
