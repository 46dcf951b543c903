from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException
from support.verifications import NUMBER_KEY

from otp_service.redis_store import Connection, NumberKeyMark, connect, read_address

OTHER_KEY = b"another number key of the tests."


@pytest.fixture
def connection() -> Connection:
    return connect(read_address("memory://"))


class AwayConnection:
    """Fails whatever it is asked."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    def execute(self, *command: str | int | bytes) -> Any:
        raise self._failure

    def execute_on_all(self, *command: str) -> dict[str, Any]:
        raise self._failure


def test_store_that_was_never_served_with_a_key_is_of_no_other(connection: Connection) -> None:
    assert not NumberKeyMark(connection, NUMBER_KEY).is_of_another_key()


def test_store_is_known_by_the_key_it_was_last_served_with(connection: Connection) -> None:
    NumberKeyMark(connection, NUMBER_KEY).leave()

    assert not NumberKeyMark(connection, NUMBER_KEY).is_of_another_key()
    assert NumberKeyMark(connection, OTHER_KEY).is_of_another_key()


def test_mark_ends_and_holds_no_part_of_the_key(connection: Connection) -> None:
    NumberKeyMark(connection, NUMBER_KEY).leave()

    (name,) = connection.execute("KEYS", "*")
    mark = connection.execute("GET", name)
    assert 0 < connection.execute("TTL", name) <= 90 * 86_400
    assert len(mark) == 32
    assert NUMBER_KEY not in mark
    assert NUMBER_KEY.hex().encode() not in mark


@pytest.mark.parametrize(
    "failure", [RedisConnectionError(), RedisClusterException()], ids=["connection", "cluster"]
)
def test_mark_that_cannot_be_left_is_left_for_another_time(failure: Exception) -> None:
    told = NumberKeyMark(AwayConnection(failure), NUMBER_KEY).leave()

    assert told == type(failure).__name__
