from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ResponseError

import otp_service.redis_store
from otp_service.redis_store.exchange import Command
from otp_service.redis_store.scripts import Script, run_together

LUA = Path(otp_service.redis_store.__file__).parent / "lua"
ON_A_RECORD = ["start", "settle", "replace_send", "resend", "verify", "cancel", "read", "prove"]
ON_COUNTERS = [
    "charge_budgets",
    "return_budgets",
    "count_budgets",
    "guard_look",
    "guard_start",
]
OPERATIONS = [
    *ON_A_RECORD,
    *ON_COUNTERS,
    "receive",
    "link",
    "note_use",
    "session_read",
    "session_write",
    "claim",
    "unclaim",
    "replay",
    "note",
    "unlock",
    "weigh",
]
PARTS = [
    "record",
    "number_log",
    "message",
    "owners",
    "window_counter",
    "guard",
    "idempotency",
    "audit",
]


class FakeConnection:
    """Fails with each failure in turn, then answers."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.commands: list[tuple[str | int | bytes, ...]] = []

    def execute(self, *command: str | int | bytes) -> Any:
        self.commands.append(command)
        if self._failures:
            raise self._failures.pop(0)
        return [b"answer"]

    def execute_many(self, commands: Sequence[Command]) -> list[Any]:
        self.commands.extend(commands)
        return [self._failures.pop(0) if self._failures else [b"answer"] for _ in commands]

    def execute_on_all(self, *command: str) -> dict[str, Any]:
        raise AssertionError("a script has its own server")


def test_script_is_sent_by_its_digest() -> None:
    connection = FakeConnection()

    answer = Script("read").run(connection, ["key"], ["shop"])

    assert answer == [b"answer"]
    ((name, digest, *rest),) = connection.commands
    assert name == "EVALSHA"
    assert len(str(digest)) == 40
    assert rest == [1, "key", "shop"]


def test_text_is_sent_where_the_server_does_not_know_the_digest() -> None:
    connection = FakeConnection(NoScriptError())

    Script("read").run(connection, ["key"], ["shop"])

    assert [command[0] for command in connection.commands] == ["EVALSHA", "EVAL"]
    assert connection.commands[1][2:] == (1, "key", "shop")


def test_of_several_scripts_only_those_unknown_to_the_server_are_sent_by_text() -> None:
    connection = FakeConnection(NoScriptError())

    answers = run_together(
        connection, [(Script("read"), ["one"], ["shop"]), (Script("link"), ["two"], [])]
    )

    assert answers == [[b"answer"], [b"answer"]]
    sent = [(command[0], command[3]) for command in connection.commands]
    assert sent == [("EVALSHA", "one"), ("EVALSHA", "two"), ("EVAL", "one")]


def test_failure_of_one_of_several_scripts_is_raised() -> None:
    connection = FakeConnection(ResponseError("OOM"))

    with pytest.raises(ResponseError):
        run_together(connection, [(Script("read"), ["one"], []), (Script("link"), ["two"], [])])

    assert len(connection.commands) == 2


@pytest.mark.parametrize("failures", [1, 2])
def test_lost_answer_is_not_asked_for_again(failures: int) -> None:
    connection = FakeConnection(*[NoScriptError()] * (failures - 1), RedisConnectionError())

    with pytest.raises(RedisConnectionError):
        Script("verify").run(connection, ["key"], [])

    assert len(connection.commands) == failures


@pytest.mark.parametrize("name", ON_A_RECORD + ON_COUNTERS)
def test_operation_reads_the_store_s_clock_in_one_place(name: str) -> None:
    connection = FakeConnection(NoScriptError())

    Script(name).run(connection, [], [])

    body = str(connection.commands[1][1])
    assert body.count("redis.call('TIME')") == 1
    assert body.index("local function clock_ms") < body.rindex("clock_ms()")


@pytest.mark.parametrize("path", sorted(LUA.glob("*.lua")), ids=lambda path: path.stem)
def test_every_file_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert path.stem in OPERATIONS + PARTS
    words = ["KEYS[1]", "ARGV", "returns", "why", "needs"] if path.stem in OPERATIONS else []
    header = text.split("\n\n")[0]
    assert header.startswith("-- ")
    assert [word for word in words if word not in header] == []
