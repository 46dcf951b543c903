"""A mark in the store by which a changed number key is noticed before it forgets every counter."""

from datetime import timedelta

from redis.exceptions import RedisClusterException, RedisError

from otp_service.domain.keys import derive_key
from otp_service.errors import StoreUnavailable
from otp_service.redis_store.connection import Connection
from otp_service.redis_store.operations import RETRY_STORE_AFTER

_KEY = "otp1:number-key"
_KEPT = timedelta(days=90)
_MARK_BYTES = 16


class NumberKeyMark:
    """Knows which number key the store was last served with.

    The mark is derived from the key and tells nothing about it, nor about what else is derived.

    Args:
        number_key: the one in the settings.
    """

    def __init__(self, connection: Connection, number_key: bytes) -> None:
        self._connection = connection
        self._own = derive_key(number_key, "number-key-mark")[:_MARK_BYTES].hex().encode()

    def is_of_another_key(self) -> bool:
        """Tell whether the store was last served with another key; False if never.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        try:
            mark = self._connection.execute("GET", _KEY)
        except (RedisError, RedisClusterException) as failure:
            raise StoreUnavailable(
                "The store did not answer.", retry_after=RETRY_STORE_AFTER
            ) from failure
        return mark is not None and mark != self._own

    def leave(self) -> str | None:
        """Mark the store as served with this key. A store that is away is left for another time.

        Returns:
            What kept it from being written, in a word; None if it was.
        """
        try:
            self._connection.execute("SET", _KEY, self._own, "EX", int(_KEPT.total_seconds()))
        except (RedisError, RedisClusterException) as failure:
            return type(failure).__name__
        return None
