import logging
import threading
import time

from otp_service.simulator.schedule import BackgroundSchedule

LIMIT_SECONDS = 10


def test_what_is_due_happens_one_after_another():
    schedule = BackgroundSchedule()
    done, finished = [], threading.Event()

    for each in range(100):
        schedule.after(0, lambda each=each: done.append(each))
    schedule.after(0, finished.set)

    assert finished.wait(LIMIT_SECONDS)
    assert done == list(range(100))


def test_what_is_due_sooner_happens_sooner():
    seconds = 0.0
    schedule = BackgroundSchedule(monotonic=lambda: seconds)
    done, held, is_held, finished = [], threading.Event(), threading.Event(), threading.Event()

    def hold():
        is_held.set()
        held.wait(LIMIT_SECONDS)

    schedule.after(0, hold)
    assert is_held.wait(LIMIT_SECONDS)
    schedule.after(3, finished.set)
    schedule.after(2, lambda: done.append("later"))
    schedule.after(1, lambda: done.append("sooner"))
    seconds = 3.0
    held.set()

    assert finished.wait(LIMIT_SECONDS)
    assert done == ["sooner", "later"]


def test_something_due_sooner_is_not_kept_waiting_by_what_is_due_later():
    finished, is_waiting, test = threading.Event(), threading.Event(), threading.current_thread()

    def monotonic():
        # Asked just before the thread waits, which alone lets go of the lock.
        if threading.current_thread() is not test:
            is_waiting.set()
        return time.monotonic()

    schedule = BackgroundSchedule(monotonic=monotonic)
    schedule.after(3_600, finished.set)
    assert is_waiting.wait(LIMIT_SECONDS)

    schedule.after(0, finished.set)

    assert finished.wait(LIMIT_SECONDS)


def test_thread_ends_once_nothing_waits_and_begins_again():
    schedule, threads = BackgroundSchedule(), []

    for _ in range(2):
        finished = threading.Event()
        schedule.after(0, lambda: threads.append(threading.current_thread()))
        schedule.after(0, finished.set)
        assert finished.wait(LIMIT_SECONDS)
        threads[-1].join(LIMIT_SECONDS)

    assert not any(thread.is_alive() for thread in threads)
    assert all(thread.daemon for thread in threads)


def test_action_that_fails_keeps_no_other_from_happening(caplog):
    schedule, finished = BackgroundSchedule(), threading.Event()

    def fail():
        message = "the secret"
        raise ValueError(message)

    with caplog.at_level(logging.DEBUG):
        schedule.after(0, fail)
        schedule.after(0, finished.set)
        assert finished.wait(LIMIT_SECONDS)

    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_no_more_wait_than_the_limit():
    schedule = BackgroundSchedule(limit=2, monotonic=lambda: 0.0)

    taken = [schedule.after(3_600, lambda: None) for _ in range(3)]

    assert taken == [True, True, False]
