"""The store keeps chats as the model has them, whatever happens and in whatever order."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import NoScriptError
from support.session_events import EVENTS, PHONE, Event, Model, Wait, play
from support.store_view import StoppedClock, StoreView
from support.verifications import IDS, SilentJournal

from otp_service.domain.events import StoreAnswered
from otp_service.domain.session import SessionKind, SessionSend
from otp_service.errors import StoreUnavailable
from otp_service.redis_store import RedisSessions, connect, read_address

CONNECTION = connect(read_address("memory://"))
VIEW = StoreView([CONNECTION.execute])


class ScriptedConnection:
    """Gives its answers in turn, the last one for ever; an exception is raised."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.commands: list[str] = []

    def execute(self, *command: str | int | bytes) -> Any:
        self.commands.append(str(command[0]))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def execute_on_all(self, *command: str) -> dict[str, Any]:
        raise AssertionError("a chat has its own server")


def sessions(connection: Any, journal: SilentJournal | None = None) -> RedisSessions:
    return RedisSessions(connection, journal or SilentJournal(), IDS)


@settings(max_examples=60, deadline=None)
@given(st.lists(EVENTS, max_size=40))
def test_store_judges_as_the_model_does(events: list[Event]) -> None:
    VIEW.flush()
    clock = StoppedClock(CONNECTION, VIEW.now_ms())
    model, store = Model(clock.now_ms), sessions(clock)
    counted_by_model: list[SessionSend] = []
    counted_by_store: list[SessionSend] = []

    for event in events:
        if isinstance(event, Wait):
            clock.advance(event.span)
            model.now_ms = clock.now_ms
        assert play(event, store, counted_by_store) == play(event, model, counted_by_model)


@pytest.mark.parametrize("failures", [1, 2])
def test_lost_answer_is_unavailable_and_not_asked_for_again(failures: int) -> None:
    connection = ScriptedConnection(*[NoScriptError()] * (failures - 1), RedisGone())
    journal = SilentJournal()

    with pytest.raises(StoreUnavailable):
        sessions(connection, journal).count(PHONE, SessionKind.TEXT)

    assert len(connection.commands) == failures
    (event,) = journal.events
    assert isinstance(event, StoreAnswered)
    assert (event.operation, event.outcome) == ("session_read", "unavailable")


def test_count_whose_write_lost_its_answer_is_not_written_again() -> None:
    connection = ScriptedConnection([b"read", b"1772366400000", b"", b"", b"", b""], RedisGone())

    with pytest.raises(StoreUnavailable):
        sessions(connection).count(PHONE, SessionKind.TEXT)

    assert connection.commands == ["EVALSHA", "EVALSHA"]


def test_chat_that_never_holds_still_is_given_up() -> None:
    chats = [[b"changed", b"1772366400000", b"%d" % n, b"", b"", b""] for n in (1, 2)]
    connection = ScriptedConnection(*chats)

    with pytest.raises(StoreUnavailable):
        sessions(connection).note_reply(PHONE)

    assert len(connection.commands) == 101


def test_chat_that_changed_in_between_is_judged_anew() -> None:
    connection = ScriptedConnection(
        [b"read", b"1772366400000", b"", b"4", b"", b""],
        [b"changed", b"1772366400000", b"", b"5", b"", b""],
    )

    judged = sessions(connection).count(PHONE, SessionKind.TEXT)

    assert judged == "unanswered"
    assert len(connection.commands) == 2
