"""Who waits for a place to work at, and who does not."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest

from otp_service.errors import ServiceBusy

KEY = {"Authorization": "Bearer key-of-shop"}
START = {"phone": "+380671234567"}
# Longer than any answer takes on a busy machine: what waits for a place is not there after it.
_A_WHILE_SECONDS = 0.3


class Held:
    """A start that holds its place until it is let go."""

    def __init__(self, answer) -> None:
        self.entered = threading.Semaphore(0)
        self.let_go = threading.Event()
        self._answer = answer

    def __call__(self, *_args, **_named):
        self.entered.release()
        assert self.let_go.wait(30)
        return self._answer


@contextmanager
def full(service, make_verification) -> Iterator[tuple[object, ThreadPoolExecutor]]:
    """Every place taken by a start."""
    held = Held(make_verification())
    service.start = held
    app = service.app()
    with ThreadPoolExecutor(service.working_places + 2) as pool:
        try:
            for _ in range(service.working_places):
                pool.submit(app.test_client().post, "/otp/start", json=START, headers=KEY)
                assert held.entered.acquire(timeout=30)
            yield app, pool
        finally:
            held.let_go.set()


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_who_watches_needs_no_place(service, make_verification, path):
    with full(service, make_verification) as (app, pool):
        answer = pool.submit(app.test_client().get, path).result(timeout=20)

        assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/otp/verifications/x", "/openapi/openapi.json", "/nothing"])
def test_everybody_else_waits_for_one(service, make_verification, path):
    with full(service, make_verification) as (app, pool):
        answer: Future = pool.submit(app.test_client().get, path, headers=KEY)

        if path == "/nothing":
            # Refused before it would wait.
            assert answer.result(timeout=20).status_code == 404
        else:
            with pytest.raises(TimeoutError):
                answer.result(timeout=_A_WHILE_SECONDS)


def test_watcher_gives_back_no_place_that_it_did_not_take(service, make_verification):
    service.working_places = 1
    client = service.app().test_client()

    # A place too many given back is an error of the semaphore's.
    assert [client.get("/healthz").status_code for _ in range(3)] == [200] * 3
    assert client.post("/otp/start", json=START, headers=KEY).status_code == 201


def test_busy_service_says_when_to_try_again(service):
    service.start.answer = ServiceBusy(
        "The provider does not answer.", retry_after=timedelta(seconds=3.2), reason="circuit_open"
    )

    reply = service.app().test_client().post("/otp/start", json=START, headers=KEY)

    assert (reply.status_code, reply.json["code"]) == (503, "service_busy")
    assert (reply.headers["Retry-After"], reply.json["retry_after"]) == ("4", 4)
    assert "provider" not in reply.text.lower()
