"""Many starts at the same moment over budgets that many numbers share: exactly the limit passes."""

from collections import Counter
from datetime import timedelta

import pytest
from support.gated import GatedDesk, in_threads, numbers, row, start_from_processes
from support.kinds import CLUSTER, Kind
from support.store_view import StoreView

from otp_service.domain.budget_row import Counted, Scope

DAY = timedelta(days=1)
WIDE = 10**6
# One binds, the others are charged beside it, in other slots too.
ROWS = (
    row(Scope.PREFIX, Counted.STARTS, WIDE),
    row(Scope.COUNTRY, Counted.STARTS, WIDE, DAY),
    row(Scope.APPLICATION, Counted.SENDS, WIDE),
    row(Scope.ALL, Counted.STARTS, 100),
)


def stored(view: StoreView) -> int:
    return sum(b":v:" in key for key in view.names())


def counted(view: StoreView) -> set[int]:
    """What the counters count that are of the whole application or over all."""
    return {
        int(value[b"t"])
        for key, value in view.hashes().items()
        if b"t" in value and b":v:" not in key and b":p:" not in key
    }


@pytest.mark.parametrize("kind", ["single"], indirect=True)
def test_of_ten_thousand_starts_over_a_budget_of_a_hundred_a_hundred_pass(
    kind: Kind, view: StoreView
) -> None:
    answers = start_from_processes(kind.another, ROWS, 10_000, processes=2, is_cluster=False)

    assert answers == {"": 100, "all_starts": 9_900}
    assert stored(view) == 100
    assert counted(view) == {100}


@pytest.mark.parametrize("kind", [CLUSTER], indirect=True)
def test_of_many_starts_on_a_cluster_a_hundred_pass(kind: Kind, view: StoreView) -> None:
    answers = start_from_processes(kind.another, ROWS, 1_000, processes=2, is_cluster=True)

    assert answers == {"": 100, "all_starts": 900}
    assert stored(view) == 100
    assert counted(view) == {100}


def test_starts_in_threads_share_every_budget(kind: Kind, view: StoreView) -> None:
    rows = (row(Scope.COUNTRY, Counted.STARTS, 20), row(Scope.ALL, Counted.SENDS, WIDE))
    desk = GatedDesk(kind.connection, *rows, is_cluster=kind.name == CLUSTER)

    tried = in_threads([lambda phone=phone: desk.tried(phone) for phone in numbers(120)])

    assert Counter(tried) == {"": 20, "country_starts": 100}
    assert counted(view) == {20}
