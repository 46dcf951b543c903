"""What a failover may lose, and that nothing is lost that was told after waiting for replicas.

Here the replica hears nothing any more before its master dies, which is the worst there is: all
that was told since is lost. With a link that works it is what was told in the last milliseconds.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from support.kinds import SENTINEL, connected, kind_of
from support.redis_access import PASSWORD, Access
from support.redis_servers import Watched, redis_under_sentinel, wait_until
from support.verifications import PIN, WRONG_PIN, Desk, SilentJournal

from otp_service.domain.verification import Status, Verification
from otp_service.errors import StoreUnavailable
from otp_service.ports import Ended, Verdict
from otp_service.redis_store import RedisStore, Replication

ATTEMPTS = 5


@pytest.fixture
def watched() -> Iterator[Watched]:
    access = Access(password=PASSWORD)
    with redis_under_sentinel(access, patience=timedelta(seconds=1)) as made:
        yield made


def desk_of(watched: Watched, *, replicas: int) -> Desk:
    kind = kind_of(SENTINEL, watched.sentinels, [watched.master])
    replication = Replication(replicas=replicas, within=timedelta(milliseconds=300))
    connection = connected(kind.url, kind.settings, replication=replication)
    return Desk(RedisStore(connection, SilentJournal()))


def fail_over(watched: Watched) -> None:
    """Let the master die and the replica take over with what it holds."""
    watched.master.stop()
    wait_until(watched.replica.is_master, what="the replica is promoted")
    # Its callers are told by most of the sentinels.
    for sentinel in watched.sentinels:
        wait_until(lambda s=sentinel: s.master_port() == watched.replica.port, what="all know")


def held(watched: Watched, desk: Desk) -> Verification:
    """Give a verification that the replica holds, which then hears nothing more."""
    started = desk.start()
    watched.master.client.execute_command("WAIT", 1, 0)
    wait_until(lambda: watched.replica.client.keys("otp1:*:v:*"), what="the replica holds it")
    # The line is cut, and the password for a new one is wrong.
    watched.replica.client.config_set("masterauth", "another")
    watched.master.client.execute_command("CLIENT KILL TYPE REPLICA")
    wait_until(
        lambda: watched.replica.client.info("replication")["master_link_status"] == "down",
        what="the line is cut",
    )
    return started


def test_failover_gives_a_verification_its_attempts_back_and_no_more(watched: Watched) -> None:
    desk = desk_of(watched, replicas=0)
    started = held(watched, desk)
    desk.exhaust(started.id)
    assert desk.guess(started.id, PIN) == Ended(Status.EXHAUSTED)

    fail_over(watched)

    verdicts = [desk.verdict(started.id, WRONG_PIN) for _ in range(ATTEMPTS + 1)]
    assert verdicts.count(Verdict.INCORRECT) == ATTEMPTS - 1
    assert desk.guess(started.id, PIN) == Ended(Status.EXHAUSTED)


def test_failover_may_let_a_code_be_approved_once_more(watched: Watched) -> None:
    desk = desk_of(watched, replicas=0)
    started = held(watched, desk)
    assert desk.verdict(started.id, PIN) is Verdict.APPROVED

    fail_over(watched)

    assert desk.verdict(started.id, PIN) is Verdict.APPROVED
    assert desk.guess(started.id, PIN) == Ended(Status.APPROVED)


def test_failover_forgets_a_start_that_no_replica_held(watched: Watched) -> None:
    desk = desk_of(watched, replicas=0)
    held(watched, desk)
    forgotten = desk.start()

    fail_over(watched)

    assert desk.guess(forgotten.id, PIN) is None


def test_nothing_is_told_that_a_failover_loses_where_replicas_are_waited_for(
    watched: Watched,
) -> None:
    patient = desk_of(watched, replicas=1)
    started = held(watched, patient)

    for pin in (WRONG_PIN, PIN):
        with pytest.raises(StoreUnavailable):
            patient.guess(started.id, pin)
    with pytest.raises(StoreUnavailable):
        patient.try_start()
    fail_over(watched)

    # Nobody was told of an approval: this is the first.
    assert desk_of(watched, replicas=0).verdict(started.id, PIN) is Verdict.APPROVED
