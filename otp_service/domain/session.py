"""Viber sessions: which Session messages to one number may go out, and what each is billed as.

A session is 24 hours long and begins with our first Session message after one of the user's. In it
the first message is billed and the others are not. Outside of one a Session message goes out all
the same, billed by its type.

Source:
    NXCloud, "Send Message" (Viber), "Session Description".
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from otp_service.domain.rate import Billing

SESSION_LIFE = timedelta(hours=24)
MOST_UNANSWERED = 5
MOST_IN_SESSION = 60


class SessionKind(StrEnum):
    """The function types that a Session message can have."""

    TEXT = "text"
    IMAGE = "image"
    FILE = "file"

    @property
    def billing_outside(self) -> Billing:
        """What it is billed as outside of a session."""
        return Billing.PROMOTIONAL if self is SessionKind.IMAGE else Billing.TRANSACTIONAL


class SessionBar(StrEnum):
    """Why there is no Session message now. A message of the user's lifts either."""

    UNANSWERED = "unanswered"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Chat:
    """What has passed between us and one number.

    Args:
        replies: messages of the user's.
        unanswered: our Session messages since the user's last one, in a session and outside.
        session_began_at: when the last session's first message went out.
        session_sent: our messages of that session.
    """

    replies: int = 0
    unanswered: int = 0
    session_began_at: datetime | None = None
    session_sent: int = 0

    @property
    def user_wrote_last(self) -> bool:
        """Whether the user has written since our last Session message."""
        return self.replies > 0 and self.unanswered == 0

    def is_in_session(self, now: datetime) -> bool:
        """Tell whether a session runs."""
        began = self.session_began_at
        return began is not None and now < began + SESSION_LIFE

    def after_reply(self) -> "Chat":
        """Give the chat once the user has written."""
        return replace(self, replies=self.replies + 1, unanswered=0)

    def without(self, sent: "SessionSend") -> "Chat":
        """Give the chat as if one message had not been sent, whatever has passed since.

        A message that began a session others have used leaves it to them.
        """
        chat = self
        if chat.replies == sent.chat.replies and chat.unanswered:
            chat = replace(chat, unanswered=chat.unanswered - 1)
        began = sent.chat.session_began_at
        if sent.is_in_session and chat.session_began_at == began and chat.session_sent:
            chat = replace(chat, session_sent=chat.session_sent - 1)
            if not chat.session_sent:
                chat = replace(chat, session_began_at=None)
        return chat


@dataclass(frozen=True, slots=True)
class SessionSend:
    """A Session message that may go out.

    Args:
        billing: what it is billed as.
        chat: as it stands once the message is out.
    """

    billing: Billing
    chat: Chat

    @property
    def is_in_session(self) -> bool:
        """Whether it is a session's first message or a later one."""
        return self.billing in {Billing.SESSION, Billing.FREE}


def judge(chat: Chat, now: datetime, kind: SessionKind) -> SessionSend | SessionBar:
    """Judge one more Session message.

    Only two are refused: the sixth in a row without an answer, and the 61st of a session. The 61st
    begins a new session if the user has written since our last.
    """
    if chat.unanswered >= MOST_UNANSWERED:
        return SessionBar.UNANSWERED
    unanswered = chat.unanswered + 1
    has_room = chat.session_sent < MOST_IN_SESSION
    if chat.is_in_session(now) and has_room:
        sent = replace(chat, unanswered=unanswered, session_sent=chat.session_sent + 1)
        return SessionSend(Billing.FREE, sent)
    if chat.user_wrote_last:
        sent = replace(chat, unanswered=unanswered, session_began_at=now, session_sent=1)
        return SessionSend(Billing.SESSION, sent)
    if chat.is_in_session(now):
        return SessionBar.FULL
    sent = replace(chat, unanswered=unanswered)
    return SessionSend(kind.billing_outside, sent)
