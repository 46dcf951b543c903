"""The order in which things break."""

from itertools import islice

from soak.faults import FAULTS, in_turn


def test_every_fault_comes_once_in_each_round() -> None:
    turns = in_turn(1)
    first, second = (list(islice(turns, len(FAULTS))) for _ in range(2))

    names = sorted(fault.name for fault in FAULTS)
    assert sorted(fault.name for fault in first) == names
    assert sorted(fault.name for fault in second) == names
    assert first != second


def test_seed_gives_the_same_order_again() -> None:
    one, again, other = (list(islice(in_turn(seed), len(FAULTS))) for seed in (1, 1, 2))

    assert one == again != other
