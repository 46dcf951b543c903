"""Whether Redis can be trusted with counters."""

import re
from typing import Any

from redis.exceptions import RedisClusterException, RedisError

from otp_service.redis_store.address import RedisAddress, Topology
from otp_service.redis_store.connection import Connection

# redis-py reads INFO into a dictionary, and breaks where the answer is nothing of the kind.
_NO_INFO = (RedisError, RedisClusterException, AttributeError, TypeError, ValueError)
_POLICY = "noeviction"
_OLDEST = (6, 2)


def store_problems(connection: Connection, address: RedisAddress) -> tuple[str, ...]:
    """Say in words what keeps the store from being ready; nothing if it is.

    An evicted counter is a refilled guess budget, so any ``maxmemory_policy`` but ``noeviction``
    is a problem.
    """
    if address.topology is Topology.EMBEDDED:
        return ()
    try:
        answers = connection.execute_on_all("INFO")
    except _NO_INFO as failure:
        return (f"Redis does not answer ({type(failure).__name__}).",)
    return tuple(
        problem for name, info in answers.items() for problem in _node_problems(name, info)
    )


def _node_problems(name: str, info: dict[str, Any]) -> list[str]:
    problems = []
    policy = info.get("maxmemory_policy")
    if policy != _POLICY:
        problems.append(f"{name}: maxmemory-policy is {policy}; it must be {_POLICY}.")
    version = str(info.get("redis_version", "0"))
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < _OLDEST:
        problems.append(f"{name}: version {version} is older than 6.2.")
    return problems
