"""Unverified starts of a range and of a country, on every kind of store."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from support.kinds import REAL, Kind
from support.parallel import side_by_side
from support.store_view import StoppedClock, StoreView, WatchedConnection
from support.street import DAY, FOREIGN, HOUR, PUMPED, QUIET, Street, rules
from support.verifications import SHOP

from otp_service.budget_ports import Charged
from otp_service.domain.budget_row import BudgetRow, Counted, Scope
from otp_service.domain.events import FraudGuardJudged
from otp_service.domain.fraud import (
    FraudRules,
    GuardMode,
    GuardOutcome,
    Tally,
)
from otp_service.ports import OverBudget

MINUTE = timedelta(minutes=1)


def over(answer: object) -> str | None:
    return answer.budget if isinstance(answer, OverBudget) else None


def test_range_that_never_verifies_is_shut_alone_and_stays_shut(street: Street) -> None:
    street.pump(4)

    assert [over(street.start()) for _ in range(20)] == ["fraud_prefix_per_hour"] * 20
    for other in (QUIET, FOREIGN):
        street.pump(4, other)
    street.pump(1, "another0")
    assert over(street.start()) == "fraud_prefix_per_hour"


def test_country_is_shut_by_ranges_that_are_not(street: Street) -> None:
    street = street.under(rules(country=(10, 200)))
    for each in range(10):
        street.pump(1, f"range{each:03}")

    assert over(street.start("untouche")) == "fraud_country_per_hour"
    street.pump(1, FOREIGN, "PL")


def test_applications_do_not_share_a_guard(street: Street) -> None:
    street.pump(4)
    street.start()

    bank = street.under(rules(), id="bank")

    bank.pump(4)
    assert bank.shut() == []


def test_verified_traffic_widens_the_budget(street: Street) -> None:
    street = street.under(rules(prefix=(4, 100)))
    street.pump(4)
    for _ in range(3):
        street.approve()

    # Of 4 starts 1 is unverified now, and 9 may be.
    street.pump(8)
    assert over(street.start()) == "fraud_prefix_per_hour"


def test_approvals_of_another_range_widen_nothing_here(street: Street) -> None:
    street.pump(4)
    for _ in range(10):
        street.approve(QUIET)

    assert over(street.start()) == "fraud_prefix_per_hour"


def test_wrong_guess_widens_nothing(street: Street) -> None:
    street.pump(4)

    street._budgets.count_guess(street.place(PUMPED, "UA"), (), is_right=False)

    assert over(street.start()) == "fraud_prefix_per_hour"


def test_wait_ends_when_there_is_room_and_not_before(
    stopped_street: Street, clock: StoppedClock
) -> None:
    stopped_street.pump(1)
    clock.advance(10 * MINUTE)
    stopped_street.pump(3)
    refused = stopped_street.start()

    # A bucket leaves when all of its minute is an hour old.
    assert refused == OverBudget("fraud_prefix_per_hour", 51 * MINUTE)
    clock.advance(51 * MINUTE - timedelta(milliseconds=1))
    assert over(stopped_street.start()) == "fraud_prefix_per_hour"
    clock.advance(timedelta(milliseconds=1))
    stopped_street.pump(1)


def test_wait_counts_with_approvals_that_leave_too(
    stopped_street: Street, clock: StoppedClock
) -> None:
    street = stopped_street.under(rules(prefix=(4, 500)))
    for _ in range(4):
        street.pump(1)
        street.approve()
    clock.advance(10 * MINUTE)
    street.pump(12)
    refused = street.start()

    # After 51 minutes the approvals have left, and 12 starts are too many; after 61 none is left.
    assert refused == OverBudget("fraud_prefix_per_hour", 61 * MINUTE)


def test_day_s_budget_holds_where_the_hour_s_has_room(
    stopped_street: Street, clock: StoppedClock
) -> None:
    stopped_street.pump(4)
    clock.advance(HOUR + MINUTE)
    stopped_street.pump(2)

    assert over(stopped_street.start()) == "fraud_prefix_per_day"


def test_refused_start_changes_no_counter(street: Street, view: StoreView) -> None:
    street.pump(4)
    street.start()
    before = view.dump()

    for _ in range(5):
        street.start()

    assert {key: value for key, value in view.dump().items() if key not in indexes(view)} == {
        key: value for key, value in before.items() if key not in indexes(view)
    }


def indexes(view: StoreView) -> set[bytes]:
    return set(view.logs())


def test_shadow_refuses_nothing_counts_everything_and_tells(street: Street) -> None:
    shadow = street.under(rules(GuardMode.SHADOW))

    shadow.pump(30)

    assert Counter(shadow.told) == {
        (GuardOutcome.WOULD_BLOCK, "fraud_prefix_per_hour"): 2,
        (GuardOutcome.WOULD_BLOCK, "fraud_prefix_per_day"): 24,
    }
    assert over(shadow.under(rules()).start()) == "fraud_prefix_per_day"


def test_guard_that_is_off_asks_nothing_and_writes_nothing(
    street: Street, view: StoreView, watched: WatchedConnection
) -> None:
    off = street.under(FraudRules(GuardMode.OFF, ()))

    off.pump(10)
    off.approve()

    assert (watched.commands, view.names()) == ([], [])


def test_refusal_is_told_once_with_the_range_s_tag_and_the_country(street: Street) -> None:
    street.pump(4)
    street.start()

    (event,) = [e for e in street.journal.events if isinstance(e, FraudGuardJudged)]
    assert event == FraudGuardJudged(
        application="shop",
        outcome="blocked",
        scope="prefix",
        country="UA",
        budget="fraud_prefix_per_hour",
        prefix_tag=PUMPED,
    )


def test_trusted_destination_passes_and_is_counted(street: Street) -> None:
    for _ in range(10):
        assert isinstance(street.start(is_trusted=True), Charged)

    assert {outcome for outcome, _ in street.told} == {GuardOutcome.TRUSTED}
    assert over(street.start()) == "fraud_prefix_per_day"


def test_start_given_back_makes_room_for_one_however_often(street: Street) -> None:
    street.pump(3)
    last = street.start()
    assert isinstance(last, Charged)

    for _ in range(3):
        street.give_back(last)

    street.pump(1)
    assert over(street.start()) == "fraud_prefix_per_hour"


def test_start_that_a_budget_refuses_is_not_counted_here(street: Street) -> None:
    row = BudgetRow("application_starts", Scope.APPLICATION, Counted.STARTS, 2, HOUR)
    street = street.under(rules(), policy=(row,))
    street.pump(2)
    for _ in range(10):
        assert over(street.start()) == "application_starts"

    street.under(rules(), policy=()).pump(2)


def test_start_that_the_guard_refuses_is_not_counted_by_a_budget(street: Street) -> None:
    row = BudgetRow("application_starts", Scope.APPLICATION, Counted.STARTS, 6, HOUR)
    street = street.under(rules(), policy=(row,))
    street.pump(4)
    for _ in range(10):
        assert over(street.start()) == "fraud_prefix_per_hour"

    street.pump(2, QUIET)
    assert over(street.start(QUIET)) == "application_starts"


def test_starts_side_by_side_are_never_more_than_the_budget(street: Street, kind: Kind) -> None:
    street = Street(kind.connection, street.is_cluster, replace(SHOP, fraud=rules(prefix=(7, 90))))

    answers = side_by_side([street.start] * 40)

    assert Counter(map(over, answers)) == {None: 7, "fraud_prefix_per_hour": 33}


@pytest.mark.parametrize("kind", [*REAL], indirect=True)
def test_starts_and_approvals_side_by_side_are_counted_exactly(street: Street, kind: Kind) -> None:
    open_street = Street(
        kind.connection,
        street.is_cluster,
        replace(SHOP, fraud=rules(GuardMode.SHADOW, prefix=(1, 1), ratio=0)),
    )

    side_by_side([call for _ in range(30) for call in (open_street.start, open_street.approve)])
    for _ in range(2):
        open_street.start()

    (area,) = open_street.ledger.shut(open_street.application)
    assert {budget.tally for budget in area.budgets} == {Tally(32, 30)}


@pytest.mark.parametrize("kind", ["embedded", "single", "sentinel"], indirect=True)
def test_guard_adds_no_round_trip(street: Street, watched: WatchedConnection) -> None:
    row = BudgetRow("application_starts", Scope.APPLICATION, Counted.STARTS, 9, HOUR)
    street = street.under(rules(), policy=(row,))
    street.pump(1)
    street.approve()
    watched.commands.clear()

    street.pump(1)
    street.approve()

    assert watched.commands == ["EVALSHA+EVALSHA", "EVALSHA"]


def test_everything_of_an_application_is_in_one_slot_and_ends(
    street: Street, view: StoreView
) -> None:
    street.pump(4)
    street.approve()
    charged = street.start(QUIET)
    assert isinstance(charged, Charged)
    street.give_back(charged)
    street.pump(3, QUIET)
    street.start()
    street.start()
    street.ledger.open("shop", PUMPED, span=DAY)

    assert all(b"{a:shop}" in name for name in view.names())
    longest = DAY + DAY / 60 + MINUTE
    assert all(timedelta(0) < left <= longest for left in view.left().values())
    view.advance(longest)
    assert view.names() == []


@pytest.mark.parametrize("kind", REAL, indirect=True)
def test_counters_are_compact_whatever_the_traffic(
    stopped_street: Street, clock: StoppedClock, view: StoreView
) -> None:
    shadow = stopped_street.under(rules(GuardMode.SHADOW))
    for _ in range(70):
        shadow.pump(2)
        shadow.approve()
        clock.advance(MINUTE)

    encodings = {view.encodings()[key] for key in view.hashes()}
    assert encodings <= {b"listpack", b"ziplist"}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", ["embedded", "single"], indirect=True)
def test_whoever_waits_as_long_as_told_gets_in_and_nobody_sooner(
    stopped_street: Street, clock: StoppedClock, seed: int
) -> None:
    chance = random.Random(seed)
    street = stopped_street.under(rules(prefix=(3, 1_000), country=(1_000, 1_000), ratio=1.5))
    refused = 0

    for _ in range(60):
        clock.advance(timedelta(seconds=chance.choice([0, 20, 60, 200])))
        if chance.random() < 0.2:
            street.approve()
            continue
        answer = street.start()
        if not isinstance(answer, OverBudget):
            continue
        refused += 1
        if chance.random() < 0.5:
            clock.advance(answer.retry_after - timedelta(milliseconds=1))
            assert isinstance(street.start(), OverBudget)
            clock.advance(timedelta(milliseconds=1))
            assert isinstance(street.start(), Charged)
    assert refused > 3
