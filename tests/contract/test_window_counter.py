"""The counters over sliding windows: exact at the limit, slid by buckets, small whatever comes."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import pytest
from support.kinds import Kind
from support.parallel import side_by_side
from support.store_view import StoppedClock, StoreView
from support.verifications import SilentJournal

from otp_service.redis_store import Connection
from otp_service.redis_store.operations import Answer, Operations

HOUR_MS = 3_600_000
BUCKET_MS = 60_000
KEY, OTHER_KEY, MARK = "otp1:{a:shop}:one", "otp1:{a:shop}:other", "otp1:{a:shop}:mark"
CHARGED = b"charged"
RETURNABLE_MS = 600_000
MILLISECOND = timedelta(milliseconds=1)


@dataclass
class Counters:
    """The scripts over some counters of one slot."""

    connection: Connection

    def __post_init__(self) -> None:
        names = ("charge_budgets", "return_budgets", "count_budgets")
        self._operations = Operations(self.connection, SilentJournal(), scripts=names)

    def charge(
        self, limit: int = 5, *, amount: int = 1, window_ms: int = HOUR_MS, key: str = KEY
    ) -> Answer:
        return self._operations.run("charge_budgets", [key], [limit, window_ms, amount])

    def charge_both(self, limit: int, other_limit: int, *, amount: int = 1) -> Answer:
        arguments = [limit, HOUR_MS, amount, other_limit, HOUR_MS, amount]
        return self._operations.run("charge_budgets", [KEY, OTHER_KEY], arguments)

    def is_charged(self, limit: int = 5, **details: int) -> bool:
        return self.charge(limit, **details)[0] == CHARGED

    def wait_ms(self, limit: int = 5, **details: int) -> int:
        """Give how long a charge would have to wait; nothing is counted."""
        status, *rest = self.charge(limit, **{"amount": 0, **details})
        return 0 if status == CHARGED else int(rest[1])

    def count(self, amount: int = 1) -> None:
        self._operations.run("count_budgets", [KEY], [HOUR_MS, amount])

    def give_back(
        self, at_ms: int, *, amount: int = 1, mark: str = MARK, window_ms: int = HOUR_MS
    ) -> bytes:
        arguments = [at_ms, RETURNABLE_MS, window_ms, amount]
        status: bytes = self._operations.run("return_budgets", [mark, KEY], arguments)[0]
        return status


@pytest.fixture
def counters(clock: StoppedClock) -> Counters:
    return Counters(clock)


def test_limit_is_reached_and_not_passed(counters: Counters) -> None:
    assert [counters.is_charged(5) for _ in range(7)] == [True] * 5 + [False] * 2


def test_look_counts_nothing(counters: Counters, view: StoreView) -> None:
    for _ in range(3):
        assert counters.is_charged(1, amount=0)

    assert view.names() == []


def test_refusal_changes_nothing(counters: Counters, clock: StoppedClock, view: StoreView) -> None:
    counters.charge(2)
    clock.advance(timedelta(minutes=30))
    counters.charge(2)
    before = view.dump()
    clock.advance(timedelta(minutes=10))

    assert not counters.is_charged(2)
    assert view.dump() == before


def test_room_comes_back_when_the_whole_bucket_is_a_window_old(
    counters: Counters, clock: StoppedClock
) -> None:
    counters.charge(1)

    assert counters.charge(1)[1:] == [1, HOUR_MS + BUCKET_MS]
    clock.advance(timedelta(hours=1, minutes=1) - MILLISECOND)
    assert counters.charge(1)[1:] == [1, 1]
    clock.advance(MILLISECOND)
    assert counters.is_charged(1)


def test_window_slides_bucket_by_bucket(counters: Counters, clock: StoppedClock) -> None:
    for _ in range(4):
        counters.charge(4)
        clock.advance(timedelta(minutes=10))
    clock.advance(timedelta(minutes=21))

    assert counters.is_charged(4)
    assert not counters.is_charged(4)
    clock.advance(timedelta(minutes=10))
    assert counters.is_charged(4)
    assert not counters.is_charged(4)


def test_wait_is_until_there_is_room_for_the_whole_amount(
    counters: Counters, clock: StoppedClock
) -> None:
    counters.charge(10, amount=4)
    clock.advance(timedelta(minutes=5))
    counters.charge(10, amount=6)

    assert counters.wait_ms(10, amount=4) == HOUR_MS - 4 * BUCKET_MS
    assert counters.wait_ms(10, amount=5) == HOUR_MS + BUCKET_MS


def test_amount_over_the_whole_limit_never_fits(counters: Counters, view: StoreView) -> None:
    assert counters.charge(5, amount=6)[1:] == [1, HOUR_MS + BUCKET_MS]
    assert view.names() == []


def test_several_counters_are_charged_together_or_not_at_all(
    counters: Counters, view: StoreView
) -> None:
    counters.charge_both(5, 1)
    before = view.dump()

    assert counters.charge_both(5, 1)[:2] == [b"over_budget", 2]
    assert view.dump() == before


def test_counter_that_holds_longest_is_named(counters: Counters, clock: StoppedClock) -> None:
    counters.charge(1)
    clock.advance(timedelta(minutes=5))
    counters.charge(1, key=OTHER_KEY)

    assert counters.charge_both(1, 1) == [b"over_budget", 2, HOUR_MS + BUCKET_MS]


def test_what_happened_is_counted_over_the_limit(counters: Counters) -> None:
    for _ in range(7):
        counters.count()

    assert counters.wait_ms(5) > 0
    assert counters.wait_ms(8) == 0


def test_charge_given_back_leaves_no_trace(counters: Counters, view: StoreView) -> None:
    _, at_ms = counters.charge(1)

    assert counters.give_back(int(at_ms)) == b"given_back"
    assert view.names() == [MARK.encode()]
    assert counters.is_charged(1)


def test_charge_is_given_back_once(counters: Counters) -> None:
    moments = [int(counters.charge(3)[1]) for _ in range(3)]

    answers = [counters.give_back(moments[0]) for _ in range(3)]

    assert answers == [b"given_back", b"kept", b"kept"]
    assert [counters.is_charged(3) for _ in range(2)] == [True, False]


def test_charge_given_back_leaves_the_bucket_it_was_written_in(
    counters: Counters, clock: StoppedClock
) -> None:
    _, first_ms = counters.charge(2)
    clock.advance(timedelta(minutes=5))
    counters.charge(2)
    counters.give_back(int(first_ms))
    counters.charge(2)

    clock.advance(timedelta(hours=1) - timedelta(minutes=4))

    assert not counters.is_charged(2)


def test_charge_is_not_given_back_after_its_time(counters: Counters, clock: StoppedClock) -> None:
    _, at_ms = counters.charge(1)
    clock.advance(RETURNABLE_MS * MILLISECOND)

    assert counters.give_back(int(at_ms)) == b"kept"
    assert not counters.is_charged(1)


def test_charge_that_left_its_window_is_not_taken_from_another(
    counters: Counters, clock: StoppedClock
) -> None:
    window_ms = 60_000
    _, at_ms = counters.charge(2, window_ms=window_ms)
    clock.advance(timedelta(seconds=61))
    counters.charge(1, window_ms=window_ms)

    counters.give_back(int(at_ms), window_ms=window_ms)

    assert not counters.is_charged(1, window_ms=window_ms)


def test_charge_is_not_taken_from_a_counter_that_began_later(
    counters: Counters, view: StoreView
) -> None:
    _, at_ms = counters.charge(5)
    view.flush()
    counters.charge(5)

    counters.give_back(int(at_ms) - 2 * BUCKET_MS)

    assert not counters.is_charged(1)


def test_more_than_stands_is_not_given_back(counters: Counters) -> None:
    _, at_ms = counters.charge(5, amount=2)

    counters.give_back(int(at_ms), amount=3)

    assert counters.wait_ms(2) > 0


def test_counter_ends_with_its_last_bucket(counters: Counters, view: StoreView) -> None:
    counters.charge()

    (left,) = view.left().values()
    assert timedelta(hours=1) < left <= timedelta(hours=1, minutes=1)
    view.advance(left)
    assert view.names() == []


def test_time_is_the_store_s(kind: Kind, view: StoreView) -> None:
    counters = Counters(kind.connection)
    counters.charge(1)
    view.advance(timedelta(minutes=60))
    assert not counters.is_charged(1)

    view.advance(timedelta(minutes=1))

    assert counters.is_charged(1)


@pytest.mark.parametrize("kind", ["single"], indirect=True)
def test_counter_stays_small_however_long_and_busy(
    counters: Counters, clock: StoppedClock, view: StoreView
) -> None:
    for _ in range(400):
        counters.charge(10**9, amount=997)
        clock.advance(timedelta(seconds=45))

    assert set(view.encodings().values()) <= {b"listpack", b"ziplist"}
    (fields,) = view.hashes().values()
    assert len(fields) <= 61 + 3


@pytest.mark.parametrize("window_ms", [60_000, 90_001, HOUR_MS], ids="{}ms".format)
@pytest.mark.parametrize("seed", range(4))
def test_any_run_of_charges_keeps_within_every_window(
    counters: Counters, clock: StoppedClock, seed: int, window_ms: int
) -> None:
    chance = random.Random(seed)
    limit, late_ms = 12, -(-window_ms // 60)
    standing: list[tuple[int, int]] = []
    outcomes: Counter[bool] = Counter()

    for at in range(150):
        clock.advance(MILLISECOND * chance.choice([0, 1, window_ms // 90, window_ms // 7]))
        amount = chance.randint(1, 3)
        status, *rest = counters.charge(limit, amount=amount, window_ms=window_ms)

        def inside(span_ms: int) -> int:
            return sum(n for ms, n in standing if clock.now_ms - ms < span_ms)

        outcomes[status == CHARGED] += 1
        if status == CHARGED:
            assert inside(window_ms) + amount <= limit
            standing.append((clock.now_ms, amount))
            if chance.random() < 0.2:
                counters.give_back(
                    clock.now_ms, amount=amount, mark=f"{MARK}{at}", window_ms=window_ms
                )
                standing.pop()
        else:
            assert inside(window_ms + late_ms) + amount > limit
            wait_ms = int(rest[1])
            clock.advance(MILLISECOND * (wait_ms - 1))
            assert counters.wait_ms(limit, amount=amount, window_ms=window_ms) == 1
            clock.advance(MILLISECOND)
    assert min(outcomes.values()) > 15


@pytest.mark.parametrize("kind", ["embedded", "single", "cluster"], indirect=True)
def test_callers_side_by_side_share_the_limit(kind: Kind) -> None:
    counters = Counters(kind.connection)

    charged = side_by_side([lambda: counters.is_charged(20)] * 64)

    assert Counter(charged) == {True: 20, False: 44}


@pytest.mark.parametrize("kind", ["embedded", "single"], indirect=True)
def test_one_charge_given_back_by_many_at_once_makes_room_for_one(kind: Kind) -> None:
    counters = Counters(kind.connection)
    _, at_ms = counters.charge(20)
    for _ in range(19):
        counters.charge(20)

    answers = side_by_side([lambda: counters.give_back(int(at_ms))] * 32)

    assert Counter(answers) == {b"given_back": 1, b"kept": 31}
    assert [counters.is_charged(20) for _ in range(2)] == [True, False]
