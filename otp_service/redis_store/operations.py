"""The store's operations over one connection: each timed, each failure told in our own terms."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from redis.exceptions import InvalidResponse, RedisClusterException, RedisError

from otp_service.domain.events import StoreAnswered
from otp_service.errors import StoreUnavailable
from otp_service.ports import Journal
from otp_service.redis_store.connection import Connection
from otp_service.redis_store.exchange import Command
from otp_service.redis_store.scripts import Argument, Script, run_together

RETRY_STORE_AFTER = timedelta(seconds=1)

Answer = Sequence[Any]
Call = tuple[str, Sequence[str], Sequence[Argument]]
"""A script's name, its keys, its arguments."""

_Result = TypeVar("_Result")


class Operations:
    """Runs scripts and commands.

    Args:
        scripts: the names of all that will be run.

    Raises:
        StoreUnavailable: from every operation, when Redis did not answer; what was asked may have
            happened, and is never asked again by itself.
    """

    def __init__(self, connection: Connection, journal: Journal, *, scripts: Sequence[str]) -> None:
        self._connection = connection
        self._journal = journal
        self._scripts = {name: Script(name) for name in scripts}

    def run(
        self,
        name: str,
        keys: Sequence[str],
        arguments: Sequence[Argument],
        *,
        operation: str | None = None,
    ) -> Answer:
        """Run one script in one round trip.

        Args:
            operation: what the journal is to call it, if not by the script's name.
        """
        script = self._scripts[name]
        return self._timed(
            operation or name, lambda: _sound(script.run(self._connection, keys, arguments))
        )

    def run_together(self, operation: str, *calls: Call) -> list[Answer]:
        """Run several scripts in one round trip, on a cluster in one each."""
        prepared = [(self._scripts[name], keys, arguments) for name, keys, arguments in calls]
        return self._timed(
            operation, lambda: [_sound(each) for each in run_together(self._connection, prepared)]
        )

    def ask(self, operation: str, commands: Sequence[Command]) -> list[Any]:
        """Send plain commands in one round trip, on a cluster in one each."""
        return self._timed(operation, lambda: _whole(self._connection.execute_many(commands)))

    def find(self, operation: str, pattern: str) -> list[str]:
        """Give every key that matches, from all masters, sorted."""
        found = self._timed(operation, lambda: self._connection.find(pattern))
        return sorted(key.decode() for key in found)

    def _timed(self, name: str, operation: Callable[[], _Result]) -> _Result:
        began = time.perf_counter()
        reason = None
        try:
            return operation()
        except (RedisError, RedisClusterException) as failure:
            reason = type(failure).__name__
            raise StoreUnavailable(
                "The store did not answer.", retry_after=RETRY_STORE_AFTER
            ) from failure
        finally:
            took = timedelta(seconds=time.perf_counter() - began)
            outcome = "unavailable" if reason else "ok"
            self._journal.record(StoreAnswered(name, outcome, took, reason))


def _sound(answer: Any) -> Answer:
    """Give what a script answered, which is a list that begins with a word.

    Raises:
        InvalidResponse: anything else, as from a server that is no Redis.
    """
    if not isinstance(answer, list) or not answer:
        raise InvalidResponse("No script answers so.")
    return answer


def _whole(answers: list[Any]) -> list[Any]:
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers
