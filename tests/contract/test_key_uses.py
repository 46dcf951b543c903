"""When each API key was last used, on every kind of store."""

from datetime import UTC, timedelta

import pytest
from support.kinds import Kind
from support.processes import free_port
from support.store_view import StoppedClock, StoreView, WatchedConnection
from support.verifications import SilentJournal

from otp_service.domain.events import StoreAnswered
from otp_service.errors import StoreUnavailable
from otp_service.redis_store import RedisKeyUses, connect, read_address

WEB, APP, OLD = "0123456789abcdef", "fedcba9876543210", "00000000ffffffff"
KEPT = timedelta(days=90)


@pytest.fixture
def journal() -> SilentJournal:
    return SilentJournal()


@pytest.fixture
def uses(watched: WatchedConnection, journal: SilentJournal) -> RedisKeyUses:
    return RedisKeyUses(watched, journal)


def test_last_use_is_the_moment_it_was_noted_by_the_store_s_clock(
    uses: RedisKeyUses, view: StoreView
) -> None:
    before_ms = view.now_ms()

    uses.note_uses([WEB])

    (used,) = uses.last_uses([WEB])
    assert used is not None
    assert used.tzinfo is UTC
    # The masters of a cluster here share one machine's clock.
    assert before_ms <= round(used.timestamp() * 1000) <= view.now_ms()


def test_key_that_was_never_used_has_no_last_use(uses: RedisKeyUses) -> None:
    uses.note_uses([WEB])

    assert uses.last_uses([APP]) == [None]


def test_last_uses_come_in_the_order_they_are_asked_for(uses: RedisKeyUses) -> None:
    uses.note_uses([WEB, APP])

    last = uses.last_uses([OLD, WEB, OLD, APP])

    assert [use is not None for use in last] == [False, True, False, True]


def test_later_use_takes_the_place_of_an_earlier_one(clock: StoppedClock) -> None:
    uses = RedisKeyUses(clock, SilentJournal())
    uses.note_uses([WEB, APP])
    first, _ = uses.last_uses([WEB, APP])
    clock.advance(timedelta(minutes=1))

    uses.note_uses([WEB])

    assert first is not None
    assert uses.last_uses([WEB, APP]) == [first + timedelta(minutes=1), first]


def test_use_is_forgotten_after_90_days_without_another(
    uses: RedisKeyUses, view: StoreView
) -> None:
    uses.note_uses([WEB, APP])
    view.advance(KEPT - timedelta(minutes=1))
    uses.note_uses([WEB])

    view.advance(timedelta(minutes=1))

    web, app = uses.last_uses([WEB, APP])
    assert web is not None
    assert app is None


def test_every_use_ends_in_90_days(uses: RedisKeyUses, view: StoreView) -> None:
    uses.note_uses([WEB])

    assert KEPT - timedelta(minutes=1) < view.left()[f"otp1:k:{WEB}".encode()] <= KEPT


@pytest.mark.parametrize("kind", ["embedded", "single", "sentinel"], indirect=True)
def test_batch_and_question_are_one_round_trip_each(
    uses: RedisKeyUses, watched: WatchedConnection
) -> None:
    uses.note_uses([WEB])
    watched.commands.clear()

    uses.note_uses([WEB, APP])
    uses.last_uses([WEB, APP])

    assert watched.commands == ["EVALSHA+EVALSHA", "GET+GET"]


def test_flushed_script_is_sent_again(uses: RedisKeyUses, view: StoreView) -> None:
    uses.note_uses([WEB, APP])
    view.flush()
    view.forget_scripts()

    uses.note_uses([WEB, APP])

    assert None not in uses.last_uses([WEB, APP])


def test_nothing_to_note_and_nothing_to_ask_are_nothing(
    uses: RedisKeyUses, kind: Kind, view: StoreView
) -> None:
    uses.note_uses([])

    assert uses.last_uses([]) == []
    assert view.names() == []


def test_both_are_told_to_the_journal(uses: RedisKeyUses, journal: SilentJournal) -> None:
    uses.note_uses([WEB])
    uses.last_uses([WEB])

    told = [(e.operation, e.outcome) for e in journal.events if isinstance(e, StoreAnswered)]
    assert told == [("note_uses", "ok"), ("last_uses", "ok")]


def test_store_that_is_away_is_said_to_be() -> None:
    uses = RedisKeyUses(
        connect(read_address(f"redis://127.0.0.1:{free_port()}")), journal := SilentJournal()
    )

    for ask in (uses.note_uses, uses.last_uses):
        with pytest.raises(StoreUnavailable):
            ask([WEB])

    assert [event.outcome for event in journal.events] == ["unavailable"] * 2
