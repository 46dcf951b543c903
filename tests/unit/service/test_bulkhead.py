import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from otp_service.errors import ServiceBusy
from otp_service.service.bulkhead import Bulkhead


def test_what_finds_no_room_is_refused_at_once() -> None:
    bulkhead = Bulkhead(2)

    with bulkhead.entered(), bulkhead.entered():
        began = time.monotonic()
        with pytest.raises(ServiceBusy) as busy, bulkhead.entered():
            raise AssertionError("it entered")

    assert time.monotonic() - began < 1
    assert busy.value.retry_after == timedelta(seconds=1)
    assert busy.value.reason == "no_room"


def test_room_is_given_back_however_the_block_ends() -> None:
    bulkhead = Bulkhead(1)

    for _ in range(3):
        with pytest.raises(LookupError), bulkhead.entered():
            raise LookupError

    with bulkhead.entered():
        pass


def test_refusal_gives_no_room_back_that_it_did_not_take() -> None:
    bulkhead = Bulkhead(1)

    with bulkhead.entered():
        for _ in range(3):
            with pytest.raises(ServiceBusy), bulkhead.entered():
                pass


def test_no_more_than_its_room_is_within_whoever_comes() -> None:
    bulkhead, inside, most = Bulkhead(4), 0, 0
    lock, all_tried = threading.Lock(), threading.Barrier(32)

    def enter(_: int) -> bool:
        nonlocal inside, most
        try:
            with bulkhead.entered():
                with lock:
                    inside += 1
                    most = max(most, inside)
                all_tried.wait(30)
                with lock:
                    inside -= 1
        except ServiceBusy:
            all_tried.wait(30)
            return False
        return True

    with ThreadPoolExecutor(32) as pool:
        entered = list(pool.map(enter, range(32)))

    assert (sum(entered), most) == (4, 4)
