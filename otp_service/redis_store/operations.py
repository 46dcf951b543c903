"""Operations on the store: one script, one round trip, each told to the journal."""

import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from redis.exceptions import RedisClusterException, RedisError

from otp_service.domain.events import StoreAnswered
from otp_service.errors import StoreUnavailable
from otp_service.ports import Journal
from otp_service.redis_store.connection import Connection
from otp_service.redis_store.scripts import Argument, Script

RETRY_STORE_AFTER = timedelta(seconds=1)

Answer = Sequence[Any]


class Operations:
    """Runs scripts over one connection.

    Args:
        names: of the scripts; read here, so that one that is missing is noticed at once.
    """

    def __init__(self, connection: Connection, journal: Journal, names: Iterable[str]) -> None:
        self._connection = connection
        self._journal = journal
        self._scripts = {name: Script(name) for name in names}

    def run(self, name: str, keys: Sequence[str], arguments: Sequence[Argument]) -> Answer:
        """Run one and give its answer.

        Raises:
            StoreUnavailable: Redis did not answer; what was asked may have happened, and is never
                asked again by itself.
        """
        began = time.perf_counter()
        reason = None
        try:
            answer: Answer = self._scripts[name].run(self._connection, keys, arguments)
        except (RedisError, RedisClusterException) as failure:
            reason = type(failure).__name__
            raise StoreUnavailable(
                "The store did not answer.", retry_after=RETRY_STORE_AFTER
            ) from failure
        else:
            return answer
        finally:
            took = timedelta(seconds=time.perf_counter() - began)
            outcome = "unavailable" if reason else "ok"
            self._journal.record(StoreAnswered(name, outcome, took, reason))
