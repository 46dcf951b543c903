"""One suite over every kind of store: each test runs on all of them."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from support.kinds import ARE_HARDENED, CLUSTER, EMBEDDED, REAL, Kind, Kinds
from support.store_view import StoppedClock, StoreView, WatchedConnection
from support.street import Street
from support.verifications import Desk, SilentJournal

from otp_service.redis_store import RedisStore


@pytest.fixture(scope="session")
def kinds() -> Iterator[Kinds]:
    with ExitStack() as stack:
        yield Kinds(stack)


@pytest.fixture(params=REAL if ARE_HARDENED else [EMBEDDED, *REAL])
def kind(request: pytest.FixtureRequest, kinds: Kinds) -> Kind:
    """Every kind in turn, or those that a test names as indirect parameters."""
    chosen = kinds[request.param]
    chosen.view.flush()
    return chosen


@pytest.fixture
def view(kind: Kind) -> StoreView:
    return kind.view


@pytest.fixture
def watched(kind: Kind) -> WatchedConnection:
    """A connection that holds every key to having an end."""
    return WatchedConnection(kind.connection, kind.view)


@pytest.fixture
def desk(watched: WatchedConnection) -> Desk:
    """The shop's desk, on the store's own clock; ``view.advance`` lets time pass."""
    return Desk(RedisStore(watched, SilentJournal()))


@pytest.fixture
def clock(kind: Kind, watched: WatchedConnection) -> StoppedClock:
    """For what happens to the millisecond."""
    return StoppedClock(watched, kind.view.now_ms())


@pytest.fixture
def stopped(clock: StoppedClock) -> Desk:
    """The shop's desk on a clock that only the test moves."""
    return Desk(RedisStore(clock, SilentJournal()))


@pytest.fixture
def street(watched: WatchedConnection, kind: Kind) -> Street:
    """The shop's on the store's own clock."""
    return Street(watched, kind.name == CLUSTER)


@pytest.fixture
def stopped_street(clock: StoppedClock, kind: Kind) -> Street:
    return Street(clock, kind.name == CLUSTER)
