import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from otp_service.redis_store.cluster import ClusterConnection, SlotMap
from otp_service.redis_store.exchange import Replication

PATIENCE = timedelta(seconds=2)


class FakeNode:
    """A master, or what is left of one."""

    def __init__(self, name: str, *, is_gone: bool = False) -> None:
        self.name = name
        self.redis_connection = self
        self.connection_pool = self
        self._is_gone = is_gone

    def execute_command(self, *_: str) -> str:
        if self._is_gone:
            raise RedisConnectionError("refused")
        return f"answer of {self.name}"

    def scan_iter(self, **_: Any) -> list[bytes]:
        self.execute_command("SCAN")
        return [self.name.encode()]

    def disconnect(self, *, inuse_connections: bool) -> None:
        """Have no lines to drop."""


class FakeNodes:
    """A map on which a master stands until it is looked up again."""

    def __init__(self) -> None:
        self._masters = [FakeNode("one"), FakeNode("gone", is_gone=True)]

    def get_nodes_by_server_type(self, _: str) -> list[FakeNode]:
        return self._masters

    def get_node_from_slot(self, _: int) -> FakeNode:
        return self._masters[-1]

    def initialize(self, **_: Any) -> None:
        self._masters = [FakeNode("one"), FakeNode("promoted")]


def slot_map() -> SlotMap:
    slots = SlotMap(FakeNodes, patience=PATIENCE)  # type: ignore[arg-type]
    slots.nodes()
    # A map that was looked up a moment ago is not looked up again.
    time.sleep(0.15)
    return slots


def until_it_answers(call: Callable[[], Any]) -> Any:
    last = time.monotonic() + PATIENCE.total_seconds()
    while time.monotonic() < last:
        try:
            return call()
        except RedisConnectionError:
            time.sleep(0.02)
    return call()


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (
            lambda connection: connection.execute_on_all("INFO"),
            {"one": "answer of one", "promoted": "answer of promoted"},
        ),
        (lambda connection: connection.find("*"), [b"one", b"promoted"]),
    ],
    ids=["execute_on_all", "find"],
)
def test_master_that_is_gone_is_asked_no_more_though_nobody_asks_for_its_keys(
    call: Callable[[ClusterConnection], Any], answer: object
) -> None:
    connection = ClusterConnection(slot_map(), Replication(), patience=PATIENCE)

    assert until_it_answers(lambda: call(connection)) == answer


def test_map_is_looked_up_again_after_a_moment_without_a_thread_to_spare(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slots = slot_map()
    connection = ClusterConnection(slots, Replication(), patience=PATIENCE)

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        with pytest.raises(RedisConnectionError):
            connection.execute("GET", "key")

    assert until_it_answers(lambda: connection.execute("GET", "key")) == "answer of promoted"


class SlowNodes(FakeNodes):
    """A map of a node that answers, each time after as long as half of a caller's patience."""

    def get_node_from_slot(self, _: int) -> FakeNode:
        time.sleep(0.1)
        return self._masters[0]


def test_several_commands_are_given_up_together() -> None:
    patience = timedelta(milliseconds=150)
    slots = SlotMap(SlowNodes, patience=PATIENCE)  # type: ignore[arg-type]
    connection = ClusterConnection(slots, Replication(), patience=patience)

    answers = connection.execute_many([("GET", f"key{at}") for at in range(20)])

    assert answers[0] == "answer of one"
    assert isinstance(answers[-1], RedisTimeoutError)
    assert len([answer for answer in answers if answer == "answer of one"]) <= 2
