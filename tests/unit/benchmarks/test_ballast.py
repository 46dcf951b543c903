"""Copies of everything that belongs to one verification."""

import pytest
import redis
from support.redis_servers import RedisServer

from benchmarks.ballast import multiply

_TAG = "AbCdEfGhIjKlMn"
_OWN = [
    f"otp1:{{{_TAG}}}:v:{'r' * 22}",
    f"otp1:{{{_TAG}}}:n:shop",
    f"otp1:{{{_TAG}}}:t",
    # As its own first copy would be called.
    f"otp1:m:000{'f' * 29}",
    "otp1:{i:shop:AbCdEfGhIjKl}:s3600",
]
_SHARED = ["otp1:{a:shop}:s3600", "otp1:{all}:m3600", "otp1:k:1234"]


def test_what_is_its_own_is_copied_with_its_time_to_live() -> None:
    with RedisServer() as server:
        client: redis.Redis = server.client
        for key in (*_OWN, *_SHARED):
            client.hset(key, mapping={"a": "1", "b": "two"})
            client.expire(key, 1000)

        multiply(client, 12)

        keys = {key.decode() for key in client.keys("*")}
        # The message whose name one of its copies would have has one less.
        assert len(keys) == 12 * len(_OWN) - 1 + len(_SHARED)
        assert {len(key) for key in keys} == {len(key) for key in (*_OWN, *_SHARED)}
        assert client.hgetall(f"otp1:{{010{_TAG[3:]}}}:t") == {b"a": b"1", b"b": b"two"}
        assert all(990 < client.ttl(key) <= 1000 for key in keys)


def test_more_copies_than_there_are_names_for_is_refused() -> None:
    with RedisServer() as server, pytest.raises(ValueError, match="1002 times"):
        multiply(server.client, 1002)
