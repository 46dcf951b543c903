"""How often a thing can happen at most, where sliding windows hold it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

_COUNTED_ONE_BY_ONE = 100_000


@dataclass(frozen=True, slots=True)
class Pace:
    """At most ``limit`` in any ``window``, sliding; ``name`` is the budget's."""

    name: str
    limit: int
    window: timedelta

    def most_in(self, span: timedelta) -> int:
        """Give how often it can happen within a span, under this one alone."""
        return self.limit * -(-span // self.window)


def most_in(span: timedelta, paces: Sequence[Pace]) -> int | None:
    """Give how often a thing that every one of these paces holds back can happen within a span.

    The span is half open and may lie anywhere. The figure is reached by whoever does it each time
    as early as is allowed: nobody's next time is earlier than his. Only beyond a hundred thousand
    it is the least of the paces' own figures, which may be too high, never too low.

    Returns:
        None where there is no pace.
    """
    if not paces:
        return None
    least = min(pace.most_in(span) for pace in paces)
    if least > _COUNTED_ONE_BY_ONE:
        return least
    times: list[timedelta] = []
    while len(times) <= least:
        allowed = [times[-pace.limit] + pace.window for pace in paces if len(times) >= pace.limit]
        earliest = max(allowed, default=timedelta(0))
        if earliest >= span:
            break
        times.append(earliest)
    return len(times)


def least(*figures: int | None) -> int | None:
    """Give the least of some bounds; None stands for no bound."""
    return min((figure for figure in figures if figure is not None), default=None)


def product(figure: int | None, times: int) -> int | None:
    """Give so many times a bound; None stands for no bound."""
    return None if figure is None else figure * times
