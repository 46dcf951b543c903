"""Commands to one server over one connection, each sent once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import (
    InvalidResponse,
    MaxConnectionsError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError

Command = Sequence[str | int | bytes]

_MILLISECOND = timedelta(milliseconds=1)
# So many keys are looked at before anybody else's command comes in between.
_SCAN_STEP = 1_000


@dataclass(frozen=True, slots=True)
class Replication:
    """Which replicas must hold what a script did before its answer is believed.

    Args:
        replicas: so many; with none nobody waits.
        within: this time, shorter than a read may take.
    """

    replicas: int = 0
    within: timedelta = timedelta(milliseconds=500)

    @property
    def wait(self) -> Command:
        """Give the command that waits for them.

        Source:
            redis.io/docs/latest/commands/wait: on the connection that wrote; answers how many
            replicas hold everything that it wrote, after the milliseconds given at the latest.
        """
        return ("WAIT", self.replicas, self.within // _MILLISECOND)


class NotReplicated(RedisError):
    """What a script did stands on its server, and on too few others."""


def exchange(client: Any, commands: Sequence[Command], replication: Replication) -> list[Any]:
    """Send commands in one round trip and give their answers, an error in place of one refused.

    Args:
        client: redis-py's, of one server.

    Raises:
        NotReplicated: too few replicas hold what the scripts among them did.
        RedisError: there was no answer; what was sent may have been carried out.
    """
    waits = replication.replicas > 0 and any(map(_is_script, commands))
    sent = [*commands, replication.wait] if waits else commands
    try:
        answers = _sent(client, sent)
    except MaxConnectionsError:
        raise
    except (RedisConnectionError, RedisTimeoutError, InvalidResponse):
        _reconnect(client)
        raise
    except (AttributeError, TypeError, ValueError) as failure:
        # redis-py makes a dictionary or a number of some answers, and breaks on what is neither,
        # with the other answers unread.
        _reconnect(client)
        raise InvalidResponse("No server answers so.") from failure
    if any(_is_read_only(answer) for answer in answers):
        _reconnect(client)
    if waits:
        held_by = answers.pop()
        told = zip(commands, answers, strict=True)
        if any(
            _is_script(command) and not isinstance(answer, Exception) for command, answer in told
        ):
            _believe(held_by, replication)
    return answers


def scan(client: Any, pattern: str) -> list[bytes]:
    """Give every key of a server that matches, having looked at all of them in steps."""
    # A key may come twice, where the server's table grows meanwhile.
    return list(dict.fromkeys(client.scan_iter(match=pattern, count=_SCAN_STEP)))


def _sent(client: Any, commands: Sequence[Command]) -> list[Any]:
    if len(commands) == 1:
        try:
            return [client.execute_command(*commands[0])]
        except ResponseError as refusal:
            return [refusal]
    pipeline = client.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
    answers: list[Any] = pipeline.execute(raise_on_error=False)
    return answers


def _is_script(command: Command) -> bool:
    return command[0] in {"EVALSHA", "EVAL"}


def _believe(held_by: Any, replication: Replication) -> None:
    if isinstance(held_by, ResponseError):
        raise held_by
    if held_by < replication.replicas:
        raise NotReplicated(f"held by {held_by} of {replication.replicas} replicas")


def _is_read_only(answer: Any) -> bool:
    # Until Redis 7 a script's refusal has no class of its own.
    return isinstance(answer, ReadOnlyError) or (
        isinstance(answer, ResponseError) and "READONLY" in str(answer)
    )


def _reconnect(client: Any) -> None:
    """Make every call after this one over a line of its own.

    A line that stood idle meanwhile may lead to a server that is gone, or is no master any more.
    The line that failed stands among them by now: behind sentinels redis-py closes it only where it
    broke or was silent, and on one that spoke something else it reads no answer any more.
    """
    client.connection_pool.disconnect(inuse_connections=False)
