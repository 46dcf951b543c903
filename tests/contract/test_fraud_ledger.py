"""What the fraud guard shut, shown to operators and opened by them, on every kind of store."""

from datetime import UTC, datetime, timedelta

import pytest
from support.kinds import Kind
from support.processes import free_port
from support.store_view import StoppedClock, StoreView
from support.street import DAY, HOUR, PUMPED, QUIET, Street, rules
from support.verifications import SHOP, SilentJournal

from otp_service.budget_ports import Charged
from otp_service.domain.fraud import GuardMode, GuardScope, Tally
from otp_service.errors import StoreUnavailable
from otp_service.ports import OverBudget
from otp_service.redis_store import RedisFraudLedger, connect, read_address

MINUTE = timedelta(minutes=1)


def test_what_is_shut_is_shown_with_its_figures_countries_first(
    stopped_street: Street, clock: StoppedClock
) -> None:
    street = stopped_street.under(rules(prefix=(4, 4), country=(5, 90)))
    street.pump(3)
    street.approve()
    street.pump(2)
    street.pump(1, QUIET)
    clock.advance(MINUTE)
    street.start()

    country, shut = street.ledger.shut(street.application)

    assert (country.scope, country.subject, country.country) == (GuardScope.COUNTRY, "UA", "UA")
    assert (shut.scope, shut.subject, shut.country) == (GuardScope.PREFIX, PUMPED, "UA")
    assert (shut.application_id, shut.opened_until) == ("shop", None)
    hour, day = shut.budgets
    assert (hour.budget.name, hour.tally, hour.limit) == (
        "fraud_prefix_per_hour",
        Tally(started=5, verified=1),
        4,
    )
    # All that was counted leaves at once, a bucket of a minute and of 24 after its window.
    now = datetime.fromtimestamp(clock.now_ms / 1000, tz=UTC)
    assert hour.opens_at == now + HOUR
    assert shut.opens_at == day.opens_at == now + DAY + 23 * MINUTE


def test_area_that_has_room_again_is_not_shown(stopped_street: Street, clock: StoppedClock) -> None:
    stopped_street.pump(4)
    stopped_street.start()
    assert stopped_street.shut() == [PUMPED]

    clock.advance(HOUR + MINUTE)

    assert stopped_street.shut() == []


def test_approval_that_makes_room_takes_an_area_off_the_list(street: Street) -> None:
    street.pump(4)
    street.start()

    street.approve()

    assert street.shut() == []


def test_what_turned_nobody_away_is_not_listed(street: Street) -> None:
    street.pump(4)

    assert street.shut() == []


def test_what_a_shadow_would_have_shut_is_shown_too(street: Street) -> None:
    shadow = street.under(rules(GuardMode.SHADOW))
    shadow.pump(5)

    assert shadow.shut() == [PUMPED]


@pytest.mark.parametrize("subject", [PUMPED, "UA"])
def test_opened_area_lets_starts_pass_until_its_end_and_counts_them(
    street: Street, view: StoreView, subject: str
) -> None:
    is_country = subject == "UA"
    street = street.under(rules(prefix=(99, 99), country=(4, 4)) if is_country else rules())
    street.pump(4)
    street.start()

    street.ledger.open("shop", subject, span=timedelta(minutes=30))

    street.pump(10)
    (shut,) = street.ledger.shut(street.application)
    assert shut.opened_until is not None
    assert shut.budgets[0].tally == Tally(14, 0)
    assert {outcome for outcome, _ in street.told} == {"blocked", "opened"}
    view.advance(timedelta(minutes=30))
    assert isinstance(street.start(), OverBudget)


def test_opened_range_is_still_shut_by_its_country(street: Street) -> None:
    street = street.under(rules(country=(8, 8)))
    street.pump(4)
    street.ledger.open("shop", PUMPED, span=HOUR)
    street.pump(4)

    refused = street.start()

    assert isinstance(refused, OverBudget)
    assert refused.budget.startswith("fraud_country")


def test_opening_is_of_one_application_and_one_area(street: Street) -> None:
    bank = street.under(rules(), id="bank")
    for each in (street, bank):
        each.pump(4)
        each.pump(4, QUIET)

    street.ledger.open("shop", PUMPED, span=HOUR)

    assert isinstance(street.start(), Charged)
    assert isinstance(street.start(QUIET), OverBudget)
    assert isinstance(bank.start(), OverBudget)


def test_closed_area_is_left_to_the_guard_again(street: Street) -> None:
    street.pump(4)
    street.ledger.open("shop", PUMPED, span=HOUR)
    street.pump(1)

    assert street.ledger.close("shop", PUMPED) is True

    assert isinstance(street.start(), OverBudget)
    assert street.ledger.close("shop", PUMPED) is False


@pytest.mark.parametrize("kind", ["single"], indirect=True)
def test_list_keeps_the_thousand_ranges_that_open_last_and_every_country(
    street: Street, kind: Kind, view: StoreView
) -> None:
    soon = view.now_ms() + 60_000
    listed = [part for at in range(1_000) for part in (soon + at, f"UA/range{at:04}")]
    kind.connection.execute("ZADD", "otp1:{a:shop}:f:p", *listed)
    kind.connection.execute("PEXPIRE", "otp1:{a:shop}:f:p", 600_000)
    street = street.under(rules(GuardMode.SHADOW, prefix=(1, 1), country=(1, 1)))

    street.pump(2)

    ranges, countries = view.logs()[b"otp1:{a:shop}:f:p"], view.logs()[b"otp1:{a:shop}:f:c"]
    assert (len(ranges), len(countries)) == (1_000, 1)
    assert f"UA/{PUMPED}".encode() in ranges
    assert b"UA/range0000" not in ranges


def test_range_is_not_in_the_store_in_clear(street: Street, view: StoreView) -> None:
    street.pump(4)
    street.start()

    assert [member for members in view.logs().values() for member in members] == [
        f"UA/{PUMPED}".encode()
    ]


def test_store_that_is_away_is_said_to_be() -> None:
    away = connect(read_address(f"redis://127.0.0.1:{free_port()}"))
    ledger = RedisFraudLedger(away, SilentJournal())

    for ask in (
        lambda: ledger.shut(SHOP),
        lambda: ledger.open("shop", "UA", span=HOUR),
        lambda: ledger.close("shop", "UA"),
    ):
        with pytest.raises(StoreUnavailable):
            ask()
