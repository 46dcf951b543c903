"""Viber's sessions, kept in Redis: the domain judges, the store minds that nothing comes between.

A chat is read, judged, and written back in its place if it is still the one that was read. So of
any number of messages side by side each is judged by what stands after the one before it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from otp_service.domain.identity import IdScheme
from otp_service.domain.session import Chat, SessionBar, SessionKind, SessionSend, judge
from otp_service.errors import StoreUnavailable
from otp_service.ports import Journal
from otp_service.redis_store.budget_text import milliseconds
from otp_service.redis_store.connection import Connection
from otp_service.redis_store.key_names import chat_key
from otp_service.redis_store.operations import RETRY_STORE_AFTER, Answer, Operations

# From the last message either way. Far longer than a session: who did not answer five messages is
# not to be written to for as long.
KEPT = timedelta(days=30)

_READ, _WRITE = "session_read", "session_write"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Each round that is lost is somebody else's message to the same number, or the user's.
_MOST_ROUNDS = 100

_Judged = TypeVar("_Judged")


class RedisSessions:
    """Implements ``SessionStore``.

    Raises:
        StoreUnavailable: from any operation, when Redis did not answer; the chat may have been
            changed.
    """

    def __init__(self, connection: Connection, journal: Journal, ids: IdScheme) -> None:
        self._operations = Operations(connection, journal, scripts=(_READ, _WRITE))
        self._ids = ids

    def count(self, phone: str, kind: SessionKind) -> SessionSend | SessionBar:
        """Judge one more Session message and, if it may go out, count it."""

        def send(chat: Chat, now: datetime) -> tuple[SessionSend | SessionBar, Chat]:
            judged = judge(chat, now, kind)
            return judged, judged.chat if isinstance(judged, SessionSend) else chat

        return self._change(phone, send)

    def preview(self, phone: str, kind: SessionKind) -> SessionSend | SessionBar:
        """Judge one more Session message without counting it."""
        chat, now = _chat(self._operations.run(_READ, [self._key(phone)], []))
        return judge(chat, now, kind)

    def take_back(self, phone: str, sent: SessionSend) -> None:
        """Undo the count of a message that definitely was not sent."""
        self._change(phone, lambda chat, _: (None, chat.without(sent)))

    def note_reply(self, phone: str) -> None:
        """Note that the user has written."""
        self._change(phone, lambda chat, _: (None, chat.after_reply()))

    def _change(
        self, phone: str, change: Callable[[Chat, datetime], tuple[_Judged, Chat]]
    ) -> _Judged:
        key = self._key(phone)
        answer = self._operations.run(_READ, [key], [])
        for _ in range(_MOST_ROUNDS):
            chat, now = _chat(answer)
            judged, changed = change(chat, now)
            if changed == chat:
                return judged
            written = (*_texts(chat), *_texts(changed), milliseconds(KEPT))
            answer = self._operations.run(_WRITE, [key], written)
            if answer[0] == b"written":
                return judged
        raise StoreUnavailable("The chat kept changing.", retry_after=RETRY_STORE_AFTER)

    def _key(self, phone: str) -> str:
        return chat_key(self._ids.number_tag(phone))


def _chat(answer: Answer) -> tuple[Chat, datetime]:
    """Read a script's view of a chat, and the store's moment."""
    _, now_ms, *texts = answer
    replies, unanswered, began_ms, sent = (int(text or 0) for text in texts)
    began = _moment(began_ms) if began_ms else None
    return Chat(replies, unanswered, began, sent), _moment(int(now_ms))


def _texts(chat: Chat) -> tuple[str, str, str, str]:
    """Write a chat as the scripts have it; what is zero is empty."""
    began = chat.session_began_at
    began_ms = milliseconds(began - _EPOCH) if began else 0
    figures = (chat.replies, chat.unanswered, began_ms, chat.session_sent)
    replies, unanswered, began_text, sent = (str(figure or "") for figure in figures)
    return replies, unanswered, began_text, sent


def _moment(milliseconds_of_epoch: int) -> datetime:
    # Exact to the millisecond: what is written must be what was read.
    return _EPOCH + timedelta(milliseconds=milliseconds_of_epoch)
