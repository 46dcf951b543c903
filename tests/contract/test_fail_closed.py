"""Limits that cannot be read, and a cluster on the move: closed, or carried on exactly once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from support.kinds import Kind
from support.store_view import Execute, StoreView
from support.verifications import IDS, PHONE, PIN, SHOP, WRONG_PIN, Desk

from otp_service.domain.verification import Status
from otp_service.errors import StoreUnavailable
from otp_service.ports import Ended, Verdict
from otp_service.redis_store.key_names import log_key

LOG = log_key(IDS.new(PHONE), SHOP.id)


@pytest.fixture
def unreadable_log(kind: Kind) -> None:
    kind.connection.execute("SET", LOG, "no sorted set", "EX", 60)


@pytest.mark.usefixtures("unreadable_log")
def test_start_with_unreadable_limits_is_refused_and_stores_nothing(
    desk: Desk, view: StoreView
) -> None:
    with pytest.raises(StoreUnavailable):
        desk.try_start()

    assert view.names() == [LOG.encode()]


def test_resend_with_unreadable_limits_is_refused_and_changes_nothing(
    desk: Desk, view: StoreView, kind: Kind
) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=30))
    kind.connection.execute("SET", LOG, "no sorted set", "EX", 60)
    before = view.dump()

    with pytest.raises(StoreUnavailable):
        desk.try_resend(started.id)

    assert view.dump() == before


def test_wrong_guess_that_cannot_be_logged_still_costs_its_attempt(
    desk: Desk, view: StoreView, kind: Kind
) -> None:
    started = desk.start()
    kind.connection.execute("SET", LOG, "no sorted set", "EX", 60)

    with pytest.raises(StoreUnavailable):
        desk.guess(started.id, WRONG_PIN)

    assert desk.read(started.id).attempts_left == 4


def test_right_code_finds_no_attempt_left_after_as_many_guesses_that_could_not_be_logged(
    desk: Desk, kind: Kind
) -> None:
    started = desk.start()
    kind.connection.execute("SET", LOG, "no sorted set", "EX", 60)
    for _ in range(5):
        with pytest.raises(StoreUnavailable):
            desk.guess(started.id, WRONG_PIN)

    assert desk.guess(started.id, PIN) == Ended(Status.EXHAUSTED)


@pytest.fixture
def full_memory(kind: Kind) -> Iterator[None]:
    for server in kind.view.servers:
        server("CONFIG SET", "maxmemory", "1")
    yield
    for server in kind.view.servers:
        server("CONFIG SET", "maxmemory", "0")


@pytest.mark.parametrize("kind", ["single", "cluster"], indirect=True)
def test_start_in_a_full_store_is_refused_and_stores_nothing(
    desk: Desk, view: StoreView, full_memory: None
) -> None:
    with pytest.raises(StoreUnavailable):
        desk.try_start()

    assert view.names() == []


@pytest.mark.parametrize("pin", [PIN, WRONG_PIN], ids=["right", "wrong"])
@pytest.mark.parametrize("kind", ["single", "cluster"], indirect=True)
def test_guess_in_a_full_store_is_not_judged(
    desk: Desk, view: StoreView, request: pytest.FixtureRequest, pin: str
) -> None:
    started = desk.start()
    before = view.dump()
    request.getfixturevalue("full_memory")

    with pytest.raises(StoreUnavailable):
        desk.guess(started.id, pin)

    assert view.dump() == before


@pytest.mark.parametrize("kind", ["cluster"], indirect=True)
def test_guess_is_counted_once_where_its_slot_has_moved(desk: Desk, view: StoreView) -> None:
    desk.start()
    view.flush()
    slot = view.servers[0]("CLUSTER KEYSLOT", LOG)
    owners = [server("CLUSTER MYID") for server in view.servers]
    old = next(at for at, server in enumerate(view.servers) if _owns(server, owners[at], slot))
    _give(view, slot, owners[(old + 1) % 3])

    started = desk.start()
    verdict = desk.verdict(started.id, WRONG_PIN)

    assert verdict is Verdict.INCORRECT
    assert desk.read(started.id).attempts_left == 4
    view.flush()
    _give(view, slot, owners[old])


def _give(view: StoreView, slot: int, owner: str) -> None:
    for server in view.servers:
        server("CLUSTER SETSLOT", slot, "NODE", owner)


def _owns(server: Execute, own_id: bytes | str, slot: int) -> bool:
    for first, last, (_, _, node_id, *_), *_ in server("CLUSTER SLOTS", raw=True):
        if first <= slot <= last:
            return node_id == own_id
    return False
