"""What stands in a real Redis, against logs that are doctored."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from soak.books import Span, charges_of, shared_charges_of, violations
from support.journeys import REFUSED, Journey, Told
from support.redis_servers import RedisServer

_LOG = "otp1:{tag}:n:shop"
_HOUR_SECONDS = 3600
_START = Told("start", 0, 0.1, 201, "pending", "accepted", verification_id="one")
_REFUSED = Told("start", 0, 0.1, 422, "phone_unreachable")
_UNSENT = Told("start", 0, 0.1, 502, "provider_failed")
_LOST = Told("start", 0, 0.1, 503, "store_unavailable")
_RESENT = Told("resend", 1, 0.1, 200, "pending", "accepted", verification_id="one")
_WRONG = Told("wrong", 1, 0.1, 400, "code_incorrect", attempts_left=4)
_EXHAUSTED = Told("wrong", 1, 0.1, 410, "verification_exhausted")
_RECEIPT = Told("receipt", 1, 0.1, 200, "ok")


def _journey(*log: Told) -> Journey:
    return Journey("+380670000000", "plain", "one", list(log))


@pytest.mark.parametrize(
    ("log", "starts", "messages", "guesses"),
    [
        ([_START], Span(1, 1), Span(1, 1), Span(0, 0)),
        ([_START, replace(_START, key="k")], Span(1, 1), Span(1, 1), Span(0, 0)),
        ([_START, _RESENT, _WRONG], Span(1, 1), Span(2, 2), Span(1, 1)),
        ([_LOST], Span(0, 1), Span(0, 1), Span(0, 0)),
        ([_REFUSED], Span(0, 0), Span(0, 0), Span(0, 0)),
        ([_UNSENT], Span(0, 0), Span(0, 0), Span(0, 0)),
        ([replace(_LOST, status=0, code=REFUSED)], Span(0, 0), Span(0, 0), Span(0, 0)),
        ([_START, replace(_RESENT, status=0)], Span(1, 1), Span(1, 2), Span(0, 0)),
        ([_START, _RECEIPT, _RECEIPT], Span(1, 1), Span(1, 2), Span(0, 0)),
        ([_START, _WRONG, replace(_WRONG, status=503, code="")], *(Span(1, 1),) * 2, Span(1, 2)),
        ([_START, _WRONG, _EXHAUSTED], Span(1, 1), Span(1, 1), Span(5, 5)),
    ],
    ids=[
        "a start",
        "a start repeated",
        "a resend and a wrong code",
        "a start that failed",
        "a number refused",
        "a message that no provider took",
        "a start that nobody heard",
        "a resend without an answer",
        "a receipt",
        "a wrong code without an answer",
        "exhausted",
    ],
)
def test_log_explains_what_is_charged_to_its_number(
    log: list[Told], starts: Span, messages: Span, guesses: Span
) -> None:
    assert charges_of(_journey(*log)) == {"s": starts, "m": messages, "g": guesses}


@pytest.mark.parametrize(
    ("log", "starts", "messages"),
    [
        ([_START, _RESENT], Span(1, 1), Span(2, 2)),
        ([_REFUSED], Span(1, 1), Span(1, 1)),
        ([_UNSENT], Span(0, 0), Span(0, 0)),
        ([_LOST, _START], Span(0, 2), Span(0, 2)),
        ([_LOST, _START, _RESENT], Span(0, 2), Span(1, 3)),
    ],
    ids=["a resend", "a number refused", "unsent", "gone on with", "gone on with, and a resend"],
)
def test_log_explains_what_is_charged_to_many_numbers(
    log: list[Told], starts: Span, messages: Span
) -> None:
    shared = shared_charges_of(_journey(*log))

    assert (shared["s"], shared["m"]) == (starts, messages)


@pytest.fixture
def store() -> Iterator[Any]:
    with RedisServer() as server:
        yield server.client


def _found(store: Any, *, is_calm: bool = True) -> list[str]:
    return violations(
        [_journey(_START, _RESENT, _WRONG)],
        store,
        number_tag=lambda number: "tag",
        country="UA",
        is_calm=lambda told: is_calm,
    )


def _fill(store: Any) -> None:
    for at, member in enumerate(("sone", "mone1", "mone2", "gone4")):
        store.zadd(_LOG, {member: at})
    for name, count in (("r:UA:s", 1), ("m", 2), ("g", 1)):
        store.hset(f"otp1:{{a:shop}}:{name}86400", "t", count)
    for key in store.keys("*"):
        store.expire(key, _HOUR_SECONDS)


def test_books_that_add_up_are_no_violation(store: Any) -> None:
    _fill(store)

    assert _found(store) == []


def test_key_without_an_end_is_told(store: Any) -> None:
    _fill(store)
    store.persist(_LOG)

    assert _found(store) == [f"1 keys have no end, such as {_LOG}"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda store: store.zadd(_LOG, {"stwo": 9}), "starts charged to the number are 2, not 1"),
        (lambda store: store.zrem(_LOG, "mone2"), "messages charged to the number are 1, not 2"),
        (lambda store: store.zadd(_LOG, {"gtwo4": 9}), "wrong guesses charged to the number are 2"),
        (
            lambda store: store.hset("otp1:{a:shop}:r:UA:s86400", "t", 2),
            "starts counted of shop are 2",
        ),
        (
            lambda store: store.hset("otp1:{a:shop}:m86400", "t", 1),
            "messages counted of shop are 1",
        ),
        (lambda store: store.hset("otp1:{a:shop}:g86400", "t", 0), "wrong guesses counted of shop"),
    ],
    ids=["a start", "a message", "a guess", "all starts", "all messages", "all guesses"],
)
def test_charge_that_no_log_explains_is_told(store: Any, change: Any, problem: str) -> None:
    _fill(store)
    change(store)

    (found,) = _found(store)

    assert problem in found


def test_guess_made_while_something_was_broken_may_be_missing_of_all(store: Any) -> None:
    _fill(store)
    store.delete("otp1:{a:shop}:g86400")

    assert _found(store, is_calm=False) == []
