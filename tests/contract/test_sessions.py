"""Viber's sessions on every kind of store: as the model has them, also side by side."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.kinds import Kind
from support.parallel import side_by_side
from support.session_events import EVENTS, PHONE, Event, Model, Wait, play
from support.store_view import StoppedClock, StoreView, WatchedConnection
from support.verifications import IDS, OTHER_PHONE, SilentJournal

from otp_service.domain.rate import Billing
from otp_service.domain.session import SessionBar, SessionKind, SessionSend
from otp_service.redis_store import RedisSessions

TEXT = SessionKind.TEXT


@pytest.fixture
def sessions(watched: WatchedConnection) -> RedisSessions:
    """On the store's own clock; ``view.advance`` lets time pass."""
    return RedisSessions(watched, SilentJournal(), IDS)


@pytest.fixture
def shared(kind: Kind) -> RedisSessions:
    """For many callers at once: one of them may delete the key another one is looking at."""
    return RedisSessions(kind.connection, SilentJournal(), IDS)


def billing(sessions: RedisSessions, phone: str = PHONE) -> Billing | SessionBar:
    judged = sessions.count(phone, TEXT)
    return judged.billing if isinstance(judged, SessionSend) else judged


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(EVENTS, max_size=25))
def test_store_judges_as_the_model_does(kind: Kind, events: list[Event]) -> None:
    kind.view.flush()
    clock = StoppedClock(kind.connection, kind.view.now_ms())
    model, store = Model(clock.now_ms), RedisSessions(clock, SilentJournal(), IDS)
    counted_by_model: list[SessionSend] = []
    counted_by_store: list[SessionSend] = []

    for event in events:
        if isinstance(event, Wait):
            clock.advance(event.span)
            model.now_ms = clock.now_ms
        assert play(event, store, counted_by_store) == play(event, model, counted_by_model)


def test_session_is_kept_by_the_stores_own_clock(sessions: RedisSessions, view: StoreView) -> None:
    sessions.note_reply(PHONE)
    assert billing(sessions) is Billing.SESSION

    view.advance(timedelta(hours=23, minutes=59))
    assert billing(sessions) is Billing.FREE
    view.advance(timedelta(minutes=1))
    assert billing(sessions) is Billing.TRANSACTIONAL


def test_numbers_have_chats_of_their_own(sessions: RedisSessions) -> None:
    sessions.note_reply(PHONE)

    assert billing(sessions, OTHER_PHONE) is Billing.TRANSACTIONAL
    assert billing(sessions) is Billing.SESSION


def test_of_any_number_of_messages_side_by_side_five_go_out(shared: RedisSessions) -> None:
    judged = side_by_side([lambda: billing(shared) for _ in range(20)])

    assert Counter(judged) == {Billing.TRANSACTIONAL: 5, SessionBar.UNANSWERED: 15}


def test_of_any_number_of_messages_side_by_side_one_begins_the_session(
    shared: RedisSessions,
) -> None:
    shared.note_reply(PHONE)

    judged = side_by_side([lambda: billing(shared) for _ in range(20)])

    assert Counter(judged) == {Billing.SESSION: 1, Billing.FREE: 4, SessionBar.UNANSWERED: 15}


def test_messages_taken_back_side_by_side_leave_no_trace(shared: RedisSessions) -> None:
    counted = [shared.count(PHONE, TEXT) for _ in range(5)]

    side_by_side([lambda sent=sent: shared.take_back(PHONE, sent) for sent in counted])

    assert [billing(shared) for _ in range(6)] == [
        *[Billing.TRANSACTIONAL] * 5,
        SessionBar.UNANSWERED,
    ]


def test_chat_shows_neither_number_nor_message(sessions: RedisSessions, view: StoreView) -> None:
    sessions.note_reply(PHONE)
    sessions.count(PHONE, TEXT)

    ((key, fields),) = view.hashes().items()

    assert key.decode() == f"otp1:{{{IDS.number_tag(PHONE)}}}:chat"
    assert fields.keys() == {b"r", b"n", b"b", b"c"}
    assert b"671234567" not in b"".join((key, *fields.values()))


def test_chat_is_kept_for_30_days_from_the_last_message(
    sessions: RedisSessions, view: StoreView
) -> None:
    sessions.note_reply(PHONE)
    view.advance(timedelta(days=29))
    sessions.count(PHONE, TEXT)

    (left,) = view.left().values()

    assert timedelta(days=30) - timedelta(minutes=1) < left <= timedelta(days=30)
    view.advance(timedelta(days=30))
    assert view.names() == []


def test_refused_message_and_preview_write_nothing(
    sessions: RedisSessions, view: StoreView
) -> None:
    sessions.preview(PHONE, TEXT)
    assert view.names() == []

    for _ in range(5):
        sessions.count(PHONE, TEXT)
    view.advance(timedelta(days=1))
    before, left_before = view.dump(), view.left()
    assert sessions.count(PHONE, TEXT) is SessionBar.UNANSWERED

    assert view.dump() == before
    assert all(left <= left_before[key] for key, left in view.left().items())
