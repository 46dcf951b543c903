"""A cluster: redis-py keeps the map of its slots, each command goes to its node from here.

redis-py's own client for clusters looks the map up again within the call that failed, node by node
and one caller behind the other, so that callers of a silent cluster hang for minutes; and it cannot
send ``WAIT`` to where a script went.
"""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from redis.cluster import ClusterNode, NodesManager
from redis.crc import key_slot
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MovedError,
    RedisClusterException,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from otp_service.redis_store.exchange import Command, Replication, exchange, scan

_FAILURES = (RedisError, RedisClusterException)
# One for a slot that moved, one for its keys being on their way, one more for both at once.
_MOST_REDIRECTIONS = 3
# While a slot is on the move a script is refused of whose keys some have gone and some have not, or
# some are not there at all: for the milliseconds until its last key has gone.
_TRY_AGAIN_FOR = timedelta(milliseconds=500)
_PAUSE = timedelta(milliseconds=20)
# Where every caller fails, the map is looked up no oftener.
_LOOK_UP_EVERY = timedelta(milliseconds=100)
_KEY_OF_A_SCRIPT, _KEY = 3, 1


class _LookUp:
    def __init__(self) -> None:
        self.ended = threading.Event()
        self.failure: Exception | None = None
        self.not_again_before = time.monotonic() + _LOOK_UP_EVERY.total_seconds()


class SlotMap:
    """Which node has which slot, looked up beside the calls, by one thread at a time.

    Args:
        make: reads the map for the first time; fails while no node answers.
        patience: for the first map; callers wait no longer.
    """

    def __init__(self, make: Callable[[], NodesManager], *, patience: timedelta) -> None:
        self._make = make
        self._patience = patience
        self._nodes: NodesManager | None = None
        self._lock = threading.Lock()
        self._last: _LookUp | None = None

    def nodes(self) -> NodesManager:
        """Give the map as it is known.

        Raises:
            ConnectionError: none is known yet, and no node told one in time.
        """
        if nodes := self._nodes:
            return nodes
        look_up = self.look_up()
        look_up.ended.wait(self._patience.total_seconds())
        if nodes := self._nodes:
            return nodes
        raise RedisConnectionError("no node of the cluster told its slots") from look_up.failure

    def look_up(self, *, last: str | None = None) -> _LookUp:
        """Have the map looked up, unless that is going on or was done a moment ago.

        Args:
            last: the name of the node to ask after all others.
        """
        with self._lock:
            if self._last is None or self._is_due(self._last):
                self._last = _LookUp()
                arguments = (self._last, last)
                try:
                    threading.Thread(target=self._run, args=arguments, daemon=True).start()
                except RuntimeError as no_thread:
                    # Whoever fails next tries again; nobody waits for what never began.
                    self._last.failure = no_thread
                    self._last.ended.set()
            return self._last

    def _is_due(self, done: _LookUp) -> bool:
        return done.ended.is_set() and time.monotonic() >= done.not_again_before

    def _run(self, look_up: _LookUp, last: str | None) -> None:
        try:
            if self._nodes is None:
                self._nodes = self._make()
            else:
                self._nodes.initialize(
                    disconnect_startup_nodes_pools=False, last_failed_node_name=last
                )
        except _FAILURES as failure:
            look_up.failure = failure
        finally:
            look_up.ended.set()


class ClusterConnection:
    """Implements ``Connection``.

    Args:
        slots: where the keys are.
        patience: how long several commands may take before the rest of them are given up.
    """

    def __init__(self, slots: SlotMap, replication: Replication, *, patience: timedelta) -> None:
        self._slots = slots
        self._replication = replication
        self._patience = patience

    def execute(self, *command: str | int | bytes) -> Any:
        """Send one command to its key's node."""
        answer = self._tried(command, set())
        if isinstance(answer, Exception):
            raise answer
        return answer

    def execute_many(self, commands: Sequence[Command]) -> list[Any]:
        """Send each to its key's node, one after the other."""
        last = time.monotonic() + self._patience.total_seconds()
        answers: list[Any] = []
        silent: set[str] = set()
        for command in commands:
            if time.monotonic() < last:
                answers.append(self._tried(command, silent))
            else:
                answers.append(RedisTimeoutError("not sent: those before it took too long"))
        return answers

    def execute_on_all(self, *command: str) -> dict[str, Any]:
        """Send one command to every master."""
        return self._asked(lambda client: client.execute_command(*command))

    def find(self, pattern: str) -> list[bytes]:
        """Give every key of every master that matches."""
        found = self._asked(lambda client: scan(client, pattern))
        return [key for keys in found.values() for key in keys]

    def _asked(self, ask: Callable[[Any], Any]) -> dict[str, Any]:
        """Ask every master of the map; one that is gone has the map looked up.

        Else whoever asks for no key, as a worker does that is not ready, would ask it for good.
        """
        nodes = self._slots.nodes()
        answers = {}
        for node in nodes.get_nodes_by_server_type("primary"):
            try:
                answers[node.name] = ask(_client(nodes, node))
            except (RedisConnectionError, RedisTimeoutError):
                self._slots.look_up(last=node.name)
                raise
        return answers

    def _tried(self, command: Command, silent: set[str]) -> Any:
        """Give the answer, or the failure in its place.

        Args:
            silent: the nodes that have failed just now, which are not waited for again.
        """
        try:
            return self._sent(command, silent)
        except _FAILURES as failure:
            return failure

    def _sent(self, command: Command, silent: set[str]) -> Any:
        """Send it to its slot's node, and on to where a node that did not carry it out points."""
        nodes = self._slots.nodes()
        slot = key_slot(_key_of(command))
        last = time.monotonic() + _TRY_AGAIN_FOR.total_seconds()
        asked: AskError | None = None
        redirections = 0
        while True:
            node = self._node_at(nodes, asked) if asked else self._owner(nodes, slot)
            if node.name in silent:
                raise RedisTimeoutError("not sent: its node has failed just now")
            try:
                answer = self._exchange(nodes, node, command, asking=asked is not None)
            except (RedisConnectionError, RedisTimeoutError):
                silent.add(node.name)
                self._slots.look_up(last=node.name)
                raise
            asked = None
            if isinstance(answer, TryAgainError):
                if time.monotonic() > last:
                    return answer
                redirections = 0
                time.sleep(_PAUSE.total_seconds())
            elif isinstance(answer, AskError):
                redirections += 1
                if redirections > _MOST_REDIRECTIONS:
                    return answer
                if isinstance(answer, MovedError):
                    nodes.move_slot(answer)
                    # Whoever lost one slot has lost others, most likely.
                    self._slots.look_up()
                else:
                    asked = answer
            else:
                if isinstance(answer, ClusterDownError):
                    self._slots.look_up()
                return answer

    def _exchange(
        self, nodes: NodesManager, node: ClusterNode, command: Command, *, asking: bool
    ) -> Any:
        commands = [("ASKING",), command] if asking else [command]
        return exchange(_client(nodes, node), commands, self._replication)[-1]

    def _owner(self, nodes: NodesManager, slot: int) -> ClusterNode:
        try:
            return nodes.get_node_from_slot(slot)
        except RedisClusterException:
            self._slots.look_up()
            raise

    def _node_at(self, nodes: NodesManager, asked: AskError) -> ClusterNode:
        known = nodes.get_node(asked.host, asked.port)
        if known is None:
            self._slots.look_up()
        return known or ClusterNode(asked.host, asked.port)  # type: ignore[no-untyped-call]


def _client(nodes: NodesManager, node: ClusterNode) -> Any:
    if node.redis_connection is None:
        nodes.create_redis_connections([node])  # type: ignore[no-untyped-call]
    return node.redis_connection


def _key_of(command: Command) -> bytes:
    at = _KEY_OF_A_SCRIPT if command[0] in {"EVALSHA", "EVAL"} else _KEY
    key = command[at]
    return key if isinstance(key, bytes) else str(key).encode()
