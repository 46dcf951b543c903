"""A server that takes no writes: what could not be done whole was not done in part."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from support.redis_faults import REFUSING_WRITES, Fault, full
from support.redis_servers import RedisServer
from support.store_view import StoreView
from support.street import Street
from support.verifications import (
    NO_LIMITS,
    OPERATIONS,
    PIN,
    WRONG_PIN,
    Desk,
    Operation,
    SilentJournal,
    shop,
)

from otp_service.domain.verification import Status
from otp_service.errors import StoreUnavailable
from otp_service.ports import Ended, Verdict
from otp_service.redis_store import RedisStore, connect, read_address

# Those that end something need no memory, and a proof of what is not approved writes nothing.
_OTHERS = {"cancel", "take back", "prove"}
WRITING = {name: each for name, each in OPERATIONS.items() if name not in _OTHERS}


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


@pytest.fixture
def view(server: RedisServer) -> StoreView:
    made = StoreView([server.client.execute_command])
    made.flush()
    return made


@pytest.fixture
def desk(server: RedisServer, view: StoreView) -> Desk:
    store = RedisStore(connect(read_address(server.url)), SilentJournal())
    return Desk(store, shop(budgets=NO_LIMITS, resend_cooldown=timedelta(0)))


@pytest.fixture(params=REFUSING_WRITES.keys())
def refusing(request: pytest.FixtureRequest) -> Fault:
    return REFUSING_WRITES[request.param]


@pytest.mark.parametrize("has_key", [False, True], ids=["no key", "a key"])
@pytest.mark.parametrize("operation", WRITING.values(), ids=WRITING.keys())
def test_operation_that_may_not_write_changes_nothing(
    desk: Desk,
    view: StoreView,
    server: RedisServer,
    refusing: Fault,
    operation: Operation,
    *,
    has_key: bool,
) -> None:
    at = desk.start()
    before = view.everything()

    with refusing(server), pytest.raises(StoreUnavailable):
        operation(desk.once() if has_key else desk, at)

    assert view.everything() == before


def test_start_that_may_not_be_charged_changes_no_counter(
    view: StoreView, server: RedisServer, refusing: Fault
) -> None:
    street = Street(connect(read_address(server.url)), is_cluster=False)
    street.pump(1)
    before = view.everything()

    with refusing(server), pytest.raises(StoreUnavailable):
        street.start()

    assert view.everything() == before


@pytest.mark.parametrize(
    "refusing", [each for each in REFUSING_WRITES if each != "full"], indirect=True
)
@pytest.mark.parametrize("name", ["cancel", "take back"])
def test_ending_that_may_not_be_written_changes_nothing(
    desk: Desk, view: StoreView, server: RedisServer, refusing: Fault, name: str
) -> None:
    at = desk.start()
    before = view.everything()

    with refusing(server), pytest.raises(StoreUnavailable):
        OPERATIONS[name](desk, at)

    assert view.everything() == before


def test_guesses_that_could_not_be_counted_were_not_judged_and_are_not_lost(
    desk: Desk, server: RedisServer, refusing: Fault
) -> None:
    at = desk.start()

    with refusing(server):
        for pin in [WRONG_PIN, PIN, *[WRONG_PIN] * 5]:
            with pytest.raises(StoreUnavailable):
                desk.guess(at.id, pin)

    assert desk.read(at.id).attempts_left == 5
    assert desk.verdict(at.id, PIN) is Verdict.APPROVED


def test_proof_is_shown_but_not_used_up(desk: Desk, server: RedisServer, refusing: Fault) -> None:
    at = desk.start()
    desk.guess(at.id, PIN)

    with refusing(server):
        assert desk.prove(at.id) is not None
        with pytest.raises(StoreUnavailable):
            desk.prove(at.id, consume=True)

    assert desk.prove(at.id, consume=True) is not None


def test_status_can_be_read(desk: Desk, server: RedisServer, refusing: Fault) -> None:
    at = desk.start()

    with refusing(server):
        assert desk.read(at.id).status is Status.PENDING


def test_full_server_still_calls_off_and_takes_back(desk: Desk, server: RedisServer) -> None:
    canceled, unsent = desk.start(), desk.start()

    with full(server):
        desk.cancel(canceled.id)
        desk.take_back(unsent)

    assert desk.guess(canceled.id, PIN) == Ended(Status.CANCELED)
    assert desk.guess(unsent.id, PIN) is None


def test_full_server_calls_off_all_at_once(
    desk: Desk, view: StoreView, server: RedisServer
) -> None:
    at = desk.start()

    with full(server):
        desk.cancel(at.id)

    (record,) = view.hashes().values()
    assert record[b"s"] == b"c"
    assert not {b"f", b"q", b"d1"} & record.keys()
