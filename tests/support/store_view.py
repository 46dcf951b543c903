"""What stands in the servers of a store, seen past the store: every key, its value and its end."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from redis.exceptions import NoScriptError

from otp_service.redis_store import Connection
from otp_service.redis_store.exchange import Command

Execute = Callable[..., Any]

_MILLISECOND = timedelta(milliseconds=1)

# Makes one key older: every moment it holds, and its end; a key whose end has passed goes.
_AGE = """
local key, by_ms = KEYS[1], tonumber(ARGV[1])
local left_ms = redis.call('PTTL', key)
if left_ms >= 0 and left_ms <= by_ms then
    return redis.call('DEL', key)
end
if left_ms >= 0 then
    redis.call('PEXPIRE', key, left_ms - by_ms)
end
local kind = redis.call('TYPE', key).ok
if kind == 'hash' then
    for _, name in ipairs(redis.call('HKEYS', key)) do
        if string.find(name, '^[ebv]$') or string.find(name, '^e%d+$') then
            local at_ms = tonumber(redis.call('HGET', key, name))
            redis.call('HSET', key, name, string.format('%.0f', at_ms - by_ms))
        end
    end
elseif kind == 'list' then
    local digits = '0123456789abcdefghijklmnopqrstuvwxyz'
    for at, entry in ipairs(redis.call('LRANGE', key, 0, -1)) do
        local time, rest = string.match(entry, '^(%w+)(|.*)$')
        local at_ms, older = tonumber(time, 36) - by_ms, ''
        while at_ms > 0 do
            local digit = at_ms % 36
            older = string.sub(digits, digit + 1, digit + 1) .. older
            at_ms = (at_ms - digit) / 36
        end
        redis.call('LSET', key, at - 1, older .. rest)
    end
elseif kind == 'zset' then
    local flat = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    for at = 1, #flat, 2 do
        redis.call('ZADD', key, string.format('%.0f', tonumber(flat[at + 1]) - by_ms), flat[at])
    end
end
return 1
"""

# Every key and how long it still lives, flat and in one round trip: it is asked for very often.
_LEFT = """
local left_ms = {}
for at, key in ipairs(redis.call('KEYS', '*')) do
    left_ms[2 * at - 1], left_ms[2 * at] = key, redis.call('PTTL', key)
end
return left_ms
"""


class StoreView:
    """Every server that holds keys, asked directly.

    Args:
        servers: for each master, what sends it one command.
    """

    def __init__(self, servers: Sequence[Execute]) -> None:
        self.servers = servers

    def flush(self) -> None:
        for execute in self.servers:
            execute("FLUSHALL")

    def names(self) -> list[bytes]:
        return sorted(key for _, key in self._keys())

    def dump(self) -> dict[bytes, Any]:
        """Give every key with its value, but for the timelines: refusals stand there too."""
        return {key: _value(execute, key) for execute, key in self._keys()}

    def timelines(self) -> dict[bytes, list[bytes]]:
        """Give every timeline with its entries."""
        found = self._keys(with_timelines=True)
        return {key: _value(execute, key) for execute, key in found if _is_timeline(key)}

    def everything(self) -> dict[bytes, Any]:
        """Give every key with its value, the timelines too."""
        return self.dump() | self.timelines()

    def standing(self) -> dict[bytes, Any]:
        """Give the same but for the last uses of API keys, which are noted beside the calls."""
        return {key: value for key, value in self.dump().items() if not key.startswith(b"otp1:k:")}

    def of_numbers(self) -> dict[bytes, Any]:
        """Give the same but for what many numbers share: budgets, and that they were given back."""
        shared = (b"otp1:{a:", b"otp1:{i:", b"otp1:{t:", b"otp1:{all}:")
        return {key: value for key, value in self.standing().items() if not key.startswith(shared)}

    def hashes(self) -> dict[bytes, dict[bytes, bytes]]:
        return {key: value for key, value in self.dump().items() if isinstance(value, dict)}

    def logs(self) -> dict[bytes, dict[bytes, int]]:
        """Give every sorted set, its members with their scores."""
        return {key: dict(value) for key, value in self.dump().items() if isinstance(value, tuple)}

    def left(self) -> dict[bytes, timedelta]:
        """Give every key with how long it still lives; negative if for ever."""
        found = self.left_of_everything()
        return {key: left for key, left in found.items() if not _is_timeline(key)}

    def left_of_everything(self) -> dict[bytes, timedelta]:
        """Give the same of the timelines too."""
        found: dict[bytes, timedelta] = {}
        for execute in self.servers:
            flat = execute("EVAL", _LEFT, 0)
            found |= {
                key: int(left_ms) * _MILLISECOND
                for key, left_ms in zip(flat[::2], flat[1::2], strict=True)
            }
        return found

    def encodings(self) -> dict[bytes, bytes]:
        found = self._keys(with_timelines=True)
        return {key: execute("OBJECT", "ENCODING", key) for execute, key in found}

    def now_ms(self) -> int:
        """Give the first server's clock."""
        seconds, microseconds = self.servers[0]("TIME")
        return int(seconds) * 1000 + int(microseconds) // 1000

    def advance(self, span: timedelta) -> None:
        """Let time pass: everything that stands grows older."""
        for execute in self.servers:
            for key in execute("KEYS", "*"):
                execute("EVAL", _AGE, 1, key, span // _MILLISECOND)

    def forget_scripts(self) -> None:
        for execute in self.servers:
            execute("SCRIPT FLUSH")

    def _keys(self, *, with_timelines: bool = False) -> list[tuple[Execute, bytes]]:
        return [
            (execute, key)
            for execute in self.servers
            for key in execute("KEYS", "*")
            if with_timelines or not _is_timeline(key)
        ]


class WatchedConnection:
    """Counts what passes and holds every key to having an end, after each command."""

    def __init__(self, connection: Connection, view: StoreView) -> None:
        self._connection = connection
        self._view = view
        self.commands: list[str] = []

    def execute(self, *command: str | int | bytes) -> Any:
        return self._watch([command], lambda: self._connection.execute(*command))

    def execute_many(self, commands: Sequence[Command]) -> list[Any]:
        return self._watch(commands, lambda: self._connection.execute_many(commands))

    def _watch(self, commands: Sequence[Command], send: Callable[[], Any]) -> Any:
        names = "+".join(str(command[0]) for command in commands)
        self.commands.append(names)
        try:
            return send()
        finally:
            endless = [
                key for key, left in self._view.left_of_everything().items() if left < timedelta(0)
            ]
            assert not endless, f"without an end after {names}: {endless}"


class StoppedClock:
    """A connection whose scripts see a clock that only the test moves.

    It says of every script that the server does not know it, so that the text comes by, and puts a
    constant where the text asks for the time. Keys still end by the server's own clock.
    """

    _QUESTION = "redis.call('TIME')"

    def __init__(self, connection: Connection, now_ms: int) -> None:
        self._connection = connection
        self.now_ms = now_ms

    def advance(self, span: timedelta) -> None:
        self.now_ms += span // _MILLISECOND

    def execute(self, *command: str | int | bytes) -> Any:
        if command[0] == "EVALSHA":
            raise NoScriptError
        if command[0] != "EVAL":
            return self._connection.execute(*command)
        name, body, *rest = command
        seconds, milliseconds = divmod(self.now_ms, 1000)
        assert str(body).count(self._QUESTION) <= 1
        answer = f"{{'{seconds}', '{milliseconds * 1000 + 999}'}}"
        return self._connection.execute(name, str(body).replace(self._QUESTION, answer), *rest)

    def execute_many(self, commands: Sequence[Command]) -> list[Any]:
        if commands[0][0] == "EVALSHA":
            return [NoScriptError() for _ in commands]
        return [self.execute(*command) for command in commands]


def _is_timeline(key: bytes) -> bool:
    return key.startswith(b"otp1:{") and key.endswith(b"}:t")


def _value(execute: Execute, key: bytes) -> Any:
    match execute("TYPE", key):
        case b"hash":
            return execute("HGETALL", key)
        case b"list":
            return execute("LRANGE", key, 0, -1)
        case b"zset":
            members = execute("ZRANGE", key, 0, -1)
            return tuple((member, int(execute("ZSCORE", key, member))) for member in members)
        case _:
            return execute("GET", key)
