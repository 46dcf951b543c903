"""Masters that are replaced, and slots that move, under load.

Every call ends within the stated time-outs, and full service is back within three seconds of the
promotion. What a failover may lose is in ``test_failover_losses``.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from support.deployments import Deploying, Deployment
from support.invariants import Allowed, violations
from support.kinds import CLUSTER, SENTINEL, kind_of
from support.load import LOADED_SHOP, LOADED_TABLES, Load
from support.redis_access import GUARDED, OPEN, Access
from support.redis_servers import (
    HOST,
    SERVICE,
    Cluster,
    RedisServer,
    Watched,
    redis_cluster_with_replicas,
    redis_under_sentinel,
    wait_until,
)

# At most two operations of the store fail one after the other: what was asked, and what gives
# charges back. Each takes the time to connect and to read, behind sentinels twice that, and the
# several commands of a cluster once more: 4 s. The rest is the machine's.
LONGEST_SECONDS = 12
WHOLE_AGAIN_SECONDS = 3
SENTINELS_PATIENCE = timedelta(seconds=1)

STRICT = Allowed(longest_seconds=LONGEST_SECONDS)
FORGETFUL = Allowed(longest_seconds=LONGEST_SECONDS, lost_data=True, lost_approvals=True)

Record = Callable[[str, object], None]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def under_sentinel(
    stack: ExitStack, directory: Path, access: Access = OPEN, **settings: str
) -> tuple[Watched, Deployment]:
    watched = stack.enter_context(redis_under_sentinel(access, patience=SENTINELS_PATIENCE))
    kind = kind_of(SENTINEL, watched.sentinels, [watched.master])
    deploying = Deploying(directory, LOADED_TABLES, shop=LOADED_SHOP, kind=kind, **settings)
    return watched, stack.enter_context(deploying)


def on_cluster(
    stack: ExitStack, directory: Path, access: Access = OPEN, **settings: str
) -> tuple[Cluster, Deployment]:
    cluster = stack.enter_context(redis_cluster_with_replicas(access))
    kind = kind_of(CLUSTER, cluster.masters, cluster.masters)
    deploying = Deploying(directory, LOADED_TABLES, shop=LOADED_SHOP, kind=kind, **settings)
    return cluster, stack.enter_context(deploying)


def await_promotion(replica: RedisServer) -> float:
    wait_until(replica.is_master, what="the replica is promoted")
    return time.monotonic()


def judge(
    load: Load, allowed: Allowed, *, broke: float, whole: float, record: Record, seconds: float = 3
) -> None:
    """Let the load run on, and hold it to being whole again in time and to what is allowed."""
    load.run_for(max(0, whole + WHOLE_AGAIN_SECONDS - time.monotonic()) + seconds)
    load.end()

    last = max((told.at + told.took for told in load.troubles(broke)), default=broke)
    record("seconds_from_break_to_promotion", round(whole - broke, 2))
    record("seconds_from_promotion_to_the_last_trouble", round(last - whole, 2))
    record("longest_call_seconds", round(max(told.took for told in load.log()), 2))
    record("calls", len(load.log()))
    record("troubles", len(load.troubles(broke)))
    assert [told for told in load.troubles(0, broke) if told.at + told.took < broke] == []
    assert load.troubles(whole + WHOLE_AGAIN_SECONDS) == []
    assert violations(load.journeys, allowed) == []


SENTINEL_BREAKS = ["killed", "paused", "told to step down"]


@pytest.mark.parametrize("access", [OPEN, GUARDED], ids=["open", "guarded"])
@pytest.mark.parametrize("how", SENTINEL_BREAKS)
def test_master_replaced_by_sentinels(
    stack: ExitStack, tmp_path: Path, record_property: Record, access: Access, how: str
) -> None:
    watched, deployed = under_sentinel(stack, tmp_path, access)
    load = stack.enter_context(Load(deployed.shop, pause=0.05))
    load.run_for(2)
    broke = time.monotonic()
    if how == "killed":
        watched.master.stop()
    elif how == "paused":
        watched.master.pause()
        stack.callback(watched.master.resume)
    else:
        watched.sentinels[0].client.execute_command("SENTINEL FAILOVER", SERVICE)

    promoted = await_promotion(watched.replica)
    if how == "paused":
        load.run_for(WHOLE_AGAIN_SECONDS)
        # It wakes as the master that it takes itself for.
        watched.master.resume()
    elif how == "killed":
        load.run_for(WHOLE_AGAIN_SECONDS)
        watched.master.start()

    judge(load, FORGETFUL, broke=broke, whole=promoted, record=record_property)


@pytest.mark.parametrize("access", [OPEN, GUARDED], ids=["open", "guarded"])
@pytest.mark.parametrize("how", ["killed", "paused", "told to step down"])
def test_master_replaced_by_its_cluster(
    stack: ExitStack, tmp_path: Path, record_property: Record, access: Access, how: str
) -> None:
    cluster, deployed = on_cluster(stack, tmp_path, access)
    load = stack.enter_context(Load(deployed.shop, pause=0.05))
    load.run_for(2)
    broke = time.monotonic()
    if how == "killed":
        cluster.masters[0].stop()
    elif how == "paused":
        cluster.masters[0].pause()
        stack.callback(cluster.masters[0].resume)
    else:
        cluster.replicas[0].client.execute_command("CLUSTER FAILOVER")

    promoted = await_promotion(cluster.replicas[0])
    if how == "paused":
        load.run_for(WHOLE_AGAIN_SECONDS)
        cluster.masters[0].resume()
    elif how == "killed":
        load.run_for(WHOLE_AGAIN_SECONDS)
        cluster.masters[0].start()

    # One that is told to waits until its replica has everything.
    allowed = STRICT if how == "told to step down" else FORGETFUL
    judge(load, allowed, broke=broke, whole=promoted, record=record_property)


def test_slots_move_while_their_verifications_are_in_use(
    stack: ExitStack, tmp_path: Path, record_property: Record
) -> None:
    cluster, deployed = on_cluster(stack, tmp_path)
    source, target = cluster.masters[:2]
    load = stack.enter_context(Load(deployed.shop, pause=0.05))
    load.run_for(4)
    broke = time.monotonic()

    moved = move_slots(source, target, cluster.masters)

    record_property("slots_moved", moved)
    assert moved > 0
    judge(load, STRICT, broke=broke, whole=time.monotonic(), record=record_property)


def move_slots(source: RedisServer, target: RedisServer, masters: list[RedisServer]) -> int:
    """Move every slot that holds a verification, key by key, as a cluster's operator would."""
    ids = {server.port: server.client.execute_command("CLUSTER MYID") for server in masters}
    keys = list(source.client.scan_iter("otp1:*:v:*"))
    slots = {source.client.execute_command("CLUSTER KEYSLOT", key) for key in keys}
    for slot in slots:
        target.client.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[source.port])
        source.client.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[target.port])
        while there := source.client.execute_command("CLUSTER GETKEYSINSLOT", slot, 1):
            # One at a time: the others are asked for meanwhile.
            source.client.execute_command("MIGRATE", HOST, target.port, "", 0, 5000, "KEYS", *there)
            time.sleep(0.005)
        for server in (target, source, *masters):
            server.client.execute_command("CLUSTER SETSLOT", slot, "NODE", ids[target.port])
    return len(slots)


def test_with_replicas_waited_for_a_failover_loses_nothing_that_was_told(
    stack: ExitStack, tmp_path: Path, record_property: Record
) -> None:
    watched, deployed = under_sentinel(stack, tmp_path, OTP_REDIS_WAIT_REPLICAS="1")
    load = stack.enter_context(Load(deployed.shop, pause=0.05))
    load.run_for(2)
    broke = time.monotonic()
    watched.master.stop()
    await_promotion(watched.replica)
    # Nobody else holds what the new master does, until the old one follows it.
    watched.master.start()
    watched.master.client.execute_command("REPLICAOF", HOST, watched.replica.port)
    wait_until(
        lambda: watched.replica.client.execute_command("WAIT", 1, 1000) == 1, what="it is held"
    )

    judge(load, STRICT, broke=broke, whole=time.monotonic(), record=record_property)
