"""An answer that waits for replicas: told only what a failover cannot lose."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest
from support.kinds import CLUSTER, SENTINEL, Kind, connected, kind_of
from support.redis_servers import RedisServer, redis_cluster_with_replicas, redis_under_sentinel
from support.verifications import OPERATIONS, PIN, WRONG_PIN, Desk, Operation, SilentJournal

from otp_service.domain.events import StoreAnswered
from otp_service.errors import StoreUnavailable
from otp_service.ports import Verdict
from otp_service.redis_store import RedisStore, Replication

SHORT = timedelta(milliseconds=500)
# Of what is asked here, what a verification under way is not changed by.
READERS = (OPERATIONS["prove"],)


class Replicated:
    """A store whose masters have a replica each."""

    def __init__(self, kind: Kind, replicas: list[RedisServer]) -> None:
        self.kind = kind
        self.replicas = replicas

    def desk(self, *, replicas: int, journal: SilentJournal | None = None) -> Desk:
        replication = Replication(replicas=replicas, within=SHORT)
        connection = connected(self.kind.url, self.kind.settings, replication=replication)
        return Desk(RedisStore(connection, journal or SilentJournal()))

    def is_valkey(self) -> bool:
        return "valkey_version" in self.replicas[0].client.info("server")

    @contextmanager
    def without_replicas(self) -> Iterator[None]:
        for replica in self.replicas:
            replica.pause()
        try:
            yield
        finally:
            for replica in self.replicas:
                replica.resume()


@pytest.fixture(scope="module", params=[SENTINEL, CLUSTER])
def replicated(request: pytest.FixtureRequest) -> Iterator[Replicated]:
    with ExitStack() as stack:
        if request.param == SENTINEL:
            watched = stack.enter_context(redis_under_sentinel())
            kind = kind_of(SENTINEL, watched.sentinels, [watched.master])
            yield Replicated(kind, [watched.replica])
        else:
            cluster = stack.enter_context(redis_cluster_with_replicas())
            yield Replicated(kind_of(CLUSTER, cluster.masters, cluster.masters), cluster.replicas)


@pytest.fixture(params=OPERATIONS.values(), ids=OPERATIONS.keys())
def operation(request: pytest.FixtureRequest) -> Operation:
    return request.param


@pytest.fixture(autouse=True)
def _empty(replicated: Replicated) -> None:
    replicated.kind.view.flush()


def test_answer_comes_once_a_replica_holds_it(replicated: Replicated) -> None:
    desk = replicated.desk(replicas=1)

    started = desk.start()

    assert desk.verdict(started.id, WRONG_PIN) is Verdict.INCORRECT
    assert desk.verdict(started.id, PIN) is Verdict.APPROVED


def test_operation_that_no_replica_holds_is_unavailable(
    replicated: Replicated, operation: Operation
) -> None:
    if operation in READERS and replicated.is_valkey():
        pytest.skip("Valkey lets who wrote nothing wait for nobody")
    journal = SilentJournal()
    desk = replicated.desk(replicas=1, journal=journal)
    at = desk.start()

    with replicated.without_replicas(), pytest.raises(StoreUnavailable):
        operation(desk, at)

    answered = [event for event in journal.events if isinstance(event, StoreAnswered)]
    assert answered[-1].reason == "NotReplicated"


def test_more_replicas_than_there_are_hold_nothing(replicated: Replicated) -> None:
    with pytest.raises(StoreUnavailable):
        replicated.desk(replicas=2).try_start()


def test_answer_that_waits_for_nobody_comes_without_replicas(replicated: Replicated) -> None:
    desk = replicated.desk(replicas=0)

    with replicated.without_replicas():
        assert desk.start()
