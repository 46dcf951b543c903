"""How many places a queue needs, by formula and by trying it out."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass

WAITS_AT_MOST = 0.001
"""The share of requests that may find every place taken."""
# Times that each place is taken on average: what began empty is within e^-10 of its busiest.
_SETTLES_WITHIN = 10


def erlang_c(places: int, load: float) -> float:
    """Give the share of arrivals that find every place taken and wait.

    Args:
        load: arrivals a second times the seconds each holds a place; below ``places``.

    Source:
        A. K. Erlang, 1917, for arrivals by chance and holding times by chance; computed over the
        recursion of Erlang's B, which does not overflow.
    """
    if load >= places:
        return 1.0
    blocked = 1.0
    for taken in range(1, places + 1):
        blocked = load * blocked / (taken + load * blocked)
    return blocked / (1 - load / places * (1 - blocked))


def places_for(load: float, *, waits_at_most: float = WAITS_AT_MOST) -> int:
    """Give the fewest places at which no more than this share waits."""
    few, many = int(load) + 1, 2 * int(load) + 20
    while few < many:
        middle = (few + many) // 2
        if erlang_c(middle, load) <= waits_at_most:
            many = middle
        else:
            few = middle + 1
    return few


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a simulated queue.

    Args:
        waited: the share that found every place taken.
        longest_wait_seconds: of all.
    """

    waited: float
    longest_wait_seconds: float


def simulate(
    *,
    rate: float,
    places: int,
    holds: Callable[[random.Random], float],
    arrivals: int,
    seed: int,
) -> Tried:
    """Let so many requests arrive by chance at a server with so many places.

    Args:
        rate: arrivals a second on average.
        holds: draws for how many seconds a request holds its place.
    """
    chance = random.Random(seed)  # noqa: S311 - a simulation, to come again
    free_at = [0.0] * places
    now, waits = 0.0, []
    # Until the places are as busy as they will be, nothing counts.
    settling = _SETTLES_WITHIN * places
    for at in range(settling + arrivals):
        now += chance.expovariate(rate)
        began = max(now, free_at[0])
        heapq.heapreplace(free_at, began + holds(chance))
        if at >= settling:
            waits.append(began - now)
    return Tried(
        waited=sum(wait > 0 for wait in waits) / len(waits), longest_wait_seconds=max(waits)
    )
