"""Places, and plans in figures."""

from random import Random

import pytest

from benchmarks.capacity import Costs, first_limit, plan
from benchmarks.queueing import erlang_c, places_for, simulate

_COSTS = Costs(
    start_cpu=0.002,
    guess_cpu=0.0009,
    start_redis=0.0004,
    guess_redis=0.0001,
    shared_redis=0.0003,
    commands=100,
    redis_bytes=4000,
    record_bytes=1000,
    audit_bytes=200,
)


@pytest.mark.parametrize(
    ("places", "load", "waits"),
    [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (3, 3.0, 1.0), (100, 50.0, 0.0)],
    ids=["one place", "two places", "too much", "plenty"],
)
def test_share_that_waits_is_erlangs(places: int, load: float, waits: float) -> None:
    assert erlang_c(places, load) == pytest.approx(waits, abs=1e-6)


@pytest.mark.parametrize("load", [0.5, 35, 350, 35_000])
def test_places_are_the_fewest_that_do(load: float) -> None:
    places = places_for(load)

    assert erlang_c(places, load) <= 0.001 < erlang_c(places - 1, load)


def test_simulation_agrees_with_the_formula() -> None:
    def holds(chance: Random) -> float:
        return chance.expovariate(1 / 0.3)

    tried = simulate(rate=100, places=38, holds=holds, arrivals=100_000, seed=1)

    assert tried.waited == pytest.approx(erlang_c(38, 30), rel=0.15)


def test_simulation_counts_nothing_until_its_places_are_as_busy_as_they_will_be() -> None:
    tried = simulate(rate=1000, places=2000, holds=lambda _: 3.0, arrivals=1000, seed=1)

    # Begun with every place free, as many as these would each find one.
    assert tried.waited == 1


def test_nobody_waits_where_there_is_always_a_place() -> None:
    tried = simulate(rate=10, places=1000, holds=lambda _: 1.0, arrivals=1000, seed=1)

    assert (tried.waited, tried.longest_wait_seconds) == (0, 0)


def test_plan_follows_from_the_costs() -> None:
    wanted = plan(_COSTS, 86_400_000)

    # 10,000 a second: 2 ms + 2.2 guesses of 0.9 ms each, on cores that may be busy by 0.6.
    assert wanted.rate == 10_000
    assert wanted.workers == 67
    assert wanted.shards == 11
    assert wanted.shared == pytest.approx(3.0)
    assert wanted.under_way[0.3] == pytest.approx(3020)
    assert wanted.memory_gb == pytest.approx(86.4 * (1000 + 7 * 200) / 1000)
    assert wanted.redis_mbit == pytest.approx(320)


@pytest.mark.parametrize(
    ("a_day", "limit"),
    [
        (86_400, "CPU of the service"),
        (864_000, "threads, on a bad day"),
        (10_000_000, "one Redis: its core"),
        (86_400_000, "shared budgets: one slot"),
    ],
)
def test_first_limit_grows_with_the_size(a_day: int, limit: str) -> None:
    assert first_limit(plan(_COSTS, a_day)) == limit
