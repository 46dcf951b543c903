"""What can happen between us and a number over Viber, and what the model says to it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from otp_service.domain.session import Chat, SessionBar, SessionKind, SessionSend, judge
from otp_service.session_ports import SessionStore

PHONE = "+380671234567"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Send:
    kind: SessionKind
    fails: bool = False


@dataclass(frozen=True)
class Reply:
    pass


@dataclass(frozen=True)
class Wait:
    span: timedelta


@dataclass(frozen=True)
class TakeBackEarlier:
    """A message of some time ago turns out not to have been sent."""


Event = Send | Reply | Wait | TakeBackEarlier

_WAITS = st.sampled_from(
    [
        timedelta(milliseconds=1),
        timedelta(hours=7),
        timedelta(hours=24) - timedelta(milliseconds=1),
        timedelta(hours=24),
    ]
)
EVENTS = st.one_of(
    st.builds(Send, st.sampled_from(SessionKind), st.booleans()),
    st.builds(Send, st.just(SessionKind.TEXT)),
    st.just(Reply()),
    st.builds(Wait, _WAITS),
    st.just(TakeBackEarlier()),
)


@dataclass
class Model:
    """The pure rule, kept in one place in memory."""

    now_ms: int
    chat: Chat = field(default_factory=Chat)

    def count(self, phone: str, kind: SessionKind) -> SessionSend | SessionBar:
        judged = self.preview(phone, kind)
        if isinstance(judged, SessionSend):
            self.chat = judged.chat
        return judged

    def preview(self, phone: str, kind: SessionKind) -> SessionSend | SessionBar:
        return judge(self.chat, _EPOCH + timedelta(milliseconds=self.now_ms), kind)

    def take_back(self, phone: str, sent: SessionSend) -> None:
        self.chat = self.chat.without(sent)

    def note_reply(self, phone: str) -> None:
        self.chat = self.chat.after_reply()


def play(event: Event, store: SessionStore, counted: list[SessionSend]) -> object:
    """Let one event happen to a store and give what is seen of it.

    Args:
        counted: what was counted so far and not taken back.
    """
    match event:
        case Send(kind, fails):
            foreseen = store.preview(PHONE, kind)
            judged = store.count(PHONE, kind)
            assert judged == foreseen
            if isinstance(judged, SessionBar):
                return judged
            if fails:
                store.take_back(PHONE, judged)
            else:
                counted.append(judged)
            return judged
        case Reply():
            store.note_reply(PHONE)
        case TakeBackEarlier() if counted:
            store.take_back(PHONE, counted.pop(0))
    return None
