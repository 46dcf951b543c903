import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

from otp_service.api.shared_look import SharedLook


class Look:
    """Sees how often it was looked, once it is let; only one may look at a time."""

    def __init__(self) -> None:
        self.looks = 0
        self.begun = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self._alone = threading.Lock()

    def __call__(self) -> tuple[str, ...]:
        assert self._alone.acquire(blocking=False), "two look at once"
        self.begun.release()
        assert self.go.acquire(timeout=30)
        self.looks += 1
        seen = (str(self.looks),)
        self._alone.release()
        return seen


def test_one_after_the_other_each_sees_for_itself() -> None:
    look = Look()
    look.go.release(2)
    shared = SharedLook(look)

    assert [shared(), shared()] == [("1",), ("2",)]


class Moments:
    """Counts, and lets a test wait until so many have asked."""

    def __init__(self) -> None:
        self.taken = threading.Semaphore(0)
        self._count = itertools.count()

    def __next__(self) -> int:
        moment = next(self._count)
        self.taken.release()
        return moment


def test_all_who_ask_while_a_look_is_under_way_share_the_next_one() -> None:
    look, moments = Look(), Moments()
    shared = SharedLook(look)
    shared._moments = moments

    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(shared)
        assert look.begun.acquire(timeout=30)
        later = [pool.submit(shared) for _ in range(8)]
        for _ in range(2 + 8):
            assert moments.taken.acquire(timeout=30)
        look.go.release(2)

        assert first.result(30) == ("1",)
        assert [each.result(30) for each in later] == [("2",)] * 8

    assert look.looks == 2


def test_look_that_breaks_is_taken_anew() -> None:
    def broken() -> tuple[str, ...]:
        raise LookupError

    shared = SharedLook(broken)

    for _ in range(2):
        try:
            shared()
        except LookupError:
            continue
        raise AssertionError("it gave what nobody saw")
