"""Limits that cannot be read, and a cluster on the move: closed, or carried on exactly once."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Timer

import pytest
from support.kinds import ARE_HARDENED, Kind
from support.redis_access import PASSWORD
from support.store_view import Execute, StoreView
from support.verifications import IDS, PHONE, PIN, SHOP, WRONG_PIN, Desk, SilentJournal

from otp_service.domain.verification import Status, Verification
from otp_service.errors import StoreUnavailable
from otp_service.ports import Ended, Verdict
from otp_service.redis_store import RedisStore
from otp_service.redis_store.key_names import log_key

_OWN_PASSWORD = ("AUTH", PASSWORD) if ARE_HARDENED else ()
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


@pytest.fixture
def plain(kind: Kind) -> Desk:
    """A desk past which nobody asks the servers: they send away who asks for a slot on the move."""
    return Desk(RedisStore(kind.connection, SilentJournal()))


@pytest.fixture
def moving(plain: Desk, view: StoreView) -> Iterator[tuple[Verification, Callable[[], None]]]:
    """Give a verification whose slot is on the move, its keys already gone, and what ends the move.

    A script is refused then, unless all of its keys are there.
    """
    started = plain.start()
    slot = view.servers[0]("CLUSTER KEYSLOT", LOG)
    owners = [server("CLUSTER MYID") for server in view.servers]
    old = next(at for at, server in enumerate(view.servers) if _owns(server, owners[at], slot))
    new = (old + 1) % 3
    host, port = _address(view.servers[old], owners[new])
    view.servers[new]("CLUSTER SETSLOT", slot, "IMPORTING", owners[old])
    view.servers[old]("CLUSTER SETSLOT", slot, "MIGRATING", owners[new])
    keys = view.servers[old]("CLUSTER GETKEYSINSLOT", slot, 100)
    view.servers[old]("MIGRATE", host, port, "", 0, 5000, *_OWN_PASSWORD, "KEYS", *keys)
    yield started, lambda: _give(view, slot, owners[new])
    _give(view, slot, owners[new])
    view.flush()
    _give(view, slot, owners[old])


@pytest.mark.parametrize("kind", ["cluster"], indirect=True)
def test_verification_is_found_where_its_slot_is_going(
    plain: Desk, moving: tuple[Verification, Callable[[], None]]
) -> None:
    started, _ = moving

    assert plain.read(started.id).attempts_left == 5


@pytest.mark.parametrize("kind", ["cluster"], indirect=True)
def test_guess_while_its_slot_moves_is_counted_once_when_it_has_moved(
    plain: Desk, moving: tuple[Verification, Callable[[], None]]
) -> None:
    started, end = moving
    moved = Timer(0.1, end)
    moved.start()

    verdict = plain.verdict(started.id, WRONG_PIN)

    moved.join()
    assert verdict is Verdict.INCORRECT
    assert plain.read(started.id).attempts_left == 4


@pytest.mark.parametrize("kind", ["cluster"], indirect=True)
def test_guess_while_its_slot_stays_on_the_move_is_unavailable_and_not_counted(
    plain: Desk, moving: tuple[Verification, Callable[[], None]]
) -> None:
    started, end = moving

    with pytest.raises(StoreUnavailable):
        plain.guess(started.id, WRONG_PIN)

    end()
    assert plain.read(started.id).attempts_left == 5


def _address(server: Execute, node_id: bytes | str) -> tuple[str, int]:
    for _, _, *nodes in server("CLUSTER SLOTS", raw=True):
        for host, port, node, *_ in nodes:
            if node == node_id:
                return host, port
    raise LookupError(node_id)


def _give(view: StoreView, slot: int, owner: str) -> None:
    for server in view.servers:
        server("CLUSTER SETSLOT", slot, "NODE", owner)


def _owns(server: Execute, own_id: bytes | str, slot: int) -> bool:
    for first, last, (_, _, node_id, *_), *_ in server("CLUSTER SLOTS", raw=True):
        if first <= slot <= last:
            return node_id == own_id
    return False
