import traceback

import pytest

from otp_service.redis_store import RedisAddress, RedisAddressError, read_address
from otp_service.redis_store.address import Topology

SECRET = "hunter2-and-more"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("memory://", RedisAddress(Topology.EMBEDDED)),
        ("redis://cache", RedisAddress(Topology.SINGLE, (("cache", 6379),))),
        ("redis://cache/", RedisAddress(Topology.SINGLE, (("cache", 6379),))),
        ("redis://cache:7000/3", RedisAddress(Topology.SINGLE, (("cache", 7000),), database=3)),
        ("redis://[::1]:7000", RedisAddress(Topology.SINGLE, (("::1", 7000),))),
        ("rediss://cache", RedisAddress(Topology.SINGLE, (("cache", 6379),), tls=True)),
        (
            "redis://:pass@cache",
            RedisAddress(Topology.SINGLE, (("cache", 6379),), password="pass"),
        ),
        (
            "redis://me:p%40ss%3A%2F@cache",
            RedisAddress(Topology.SINGLE, (("cache", 6379),), username="me", password="p@ss:/"),
        ),
        (
            "redis://me:a/b@c:d@cache:7000/1",
            RedisAddress(
                Topology.SINGLE,
                (("cache", 7000),),
                username="me",
                password="a/b@c:d",
                database=1,
            ),
        ),
        (
            "redis+sentinel://me:pass@one:26379,two:26380/main/2",
            RedisAddress(
                Topology.SENTINEL,
                (("one", 26379), ("two", 26380)),
                username="me",
                password="pass",
                service="main",
                database=2,
            ),
        ),
        (
            "rediss+sentinel://one,[::1]/main",
            RedisAddress(
                Topology.SENTINEL, (("one", 26379), ("::1", 26379)), tls=True, service="main"
            ),
        ),
        (
            "redis+cluster://me:pass@one:7000,two",
            RedisAddress(
                Topology.CLUSTER, (("one", 7000), ("two", 6379)), username="me", password="pass"
            ),
        ),
        (
            "rediss+cluster://one:7000",
            RedisAddress(Topology.CLUSTER, (("one", 7000),), tls=True),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_url_is_read(url: str, address: RedisAddress) -> None:
    assert read_address(url) == address


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "scheme"),
        ("cache:6379", "scheme"),
        ("http://cache", "scheme"),
        ("memory://one", "scheme"),
        ("redis://", "scheme"),
        ("redis:///0", "host is missing"),
        ("redis://:6379", "host is missing"),
        ("redis://cache:port", "port must be"),
        ("redis://cache:0", "port must be"),
        ("redis://cache:65536", "port must be"),
        ("redis://cache:-1", "port must be"),
        ("redis://[::1", "port must be"),
        ("redis://one:1,two:2", "several hosts"),
        ("redis://one..two", "no server can have"),
        ("redis://" + "a" * 64, "no server can have"),
        ("redis://cache/zero", "/db, a number"),
        ("redis://cache/0/1", "/db, a number"),
        ("redis://cache/0?ssl=true", "/db, a number"),
        ("redis://cache?db=3", "neither ? nor #"),
        ("redis://cache#3", "neither ? nor #"),
        ("redis+sentinel://one:26379", "/service"),
        ("redis+sentinel://one:26379/", "/service"),
        ("redis+sentinel://one:26379/main/zero", "/service"),
        ("redis+sentinel://one:26379,/main", "host is missing"),
        ("redis+cluster://one:7000/0", "no other database"),
        ("redis+cluster://one:7000,,two", "host is missing"),
    ],
    ids=lambda value: value,
)
def test_url_of_another_form_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(RedisAddressError, match=reason.replace("?", r"\?")):
        read_address(url)


@pytest.mark.parametrize(
    "url",
    [
        f"redis://me:{SECRET}@cache:port",
        f"redis://me:{SECRET}@cache/zero",
        f"redis://me:{SECRET}@",
        f"redis://me:{SECRET}",
        f"redis://{SECRET}:{SECRET}",
        f"redis+cluster://me:{SECRET}@one/0",
        f"redis+sentinel://me:{SECRET}@one",
        f"{SECRET}://cache",
        f"redis://[{SECRET}",
    ],
    ids=range(9),
)
def test_refusal_never_repeats_what_may_be_a_password(url: str) -> None:
    with pytest.raises(RedisAddressError) as refusal:
        read_address(url)

    told = "".join(traceback.format_exception_only(refusal.value)) + repr(refusal.value.__context__)
    assert SECRET not in told


@pytest.mark.parametrize("credentials", [f"me:{SECRET}", f":{SECRET}", SECRET], ids=range(3))
def test_password_is_not_in_the_repr(credentials: str) -> None:
    address = read_address(f"redis://{credentials}@cache")

    assert SECRET in {address.username, address.password}
    assert SECRET not in repr(address)
