from datetime import timedelta
from itertools import combinations_with_replacement

import pytest

from otp_service.domain.pace import Pace, least, most_in, product


def pace(limit, seconds):
    return Pace("one", limit, timedelta(seconds=seconds))


def is_allowed(times, paces):
    return all(
        times[at + one.limit] - times[at] >= one.window.total_seconds()
        for one in paces
        for at in range(len(times) - one.limit)
    )


@pytest.mark.parametrize(
    ("paces", "span"),
    [
        ([pace(2, 3)], 7),
        ([pace(1, 2), pace(2, 5)], 7),
        ([pace(2, 1), pace(3, 6)], 7),
        ([pace(3, 4), pace(1, 3)], 8),
        ([pace(2, 2), pace(3, 5)], 6),
    ],
)
def test_no_run_that_the_windows_allow_is_longer_and_one_is_as_long(paces, span):
    runs = [
        count
        for count in range(8)
        for times in combinations_with_replacement(range(span), count)
        if is_allowed(times, paces)
    ]

    assert most_in(timedelta(seconds=span), paces) == max(runs)


def test_a_span_is_half_open():
    day = [pace(10, 86_400)]

    assert most_in(timedelta(days=1), day) == 10
    assert most_in(timedelta(days=1, microseconds=1), day) == 20


def test_nothing_that_holds_back_is_no_bound():
    assert most_in(timedelta(days=1), []) is None


def test_figures_too_big_to_count_are_those_of_the_tightest_pace():
    paces = [pace(1_000_000, 60), pace(150_000, 3_600)]

    assert most_in(timedelta(days=1), paces) == 150_000 * 24


def test_no_bound_is_never_the_least_and_stays_none():
    assert least(None, 3, 5) == 3
    assert least(None, None) is None
    assert product(3, 5) == 15
    assert product(None, 5) is None
