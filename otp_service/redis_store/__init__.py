"""The store: one Lua file an operation, every key of a number in one slot."""

from otp_service.redis_store.address import (
    RedisAddress,
    RedisAddressError,
    Topology,
    read_address,
)
from otp_service.redis_store.budgets import RedisBudgets
from otp_service.redis_store.claims import RedisClaims
from otp_service.redis_store.connection import Connection, Timeouts, connect
from otp_service.redis_store.exchange import NotReplicated, Replication
from otp_service.redis_store.fraud_guard import FraudGuard
from otp_service.redis_store.fraud_ledger import RedisFraudLedger, ShutArea, ShutBudget
from otp_service.redis_store.health import store_problems
from otp_service.redis_store.key_uses import RedisKeyUses
from otp_service.redis_store.number_file import NumberFiles
from otp_service.redis_store.number_key_mark import NumberKeyMark
from otp_service.redis_store.sessions import RedisSessions
from otp_service.redis_store.store import RedisStore

__all__ = [
    "Connection",
    "FraudGuard",
    "NotReplicated",
    "NumberFiles",
    "NumberKeyMark",
    "RedisAddress",
    "RedisAddressError",
    "RedisBudgets",
    "RedisClaims",
    "RedisFraudLedger",
    "RedisKeyUses",
    "RedisSessions",
    "RedisStore",
    "Replication",
    "ShutArea",
    "ShutBudget",
    "Timeouts",
    "Topology",
    "connect",
    "read_address",
    "store_problems",
]
