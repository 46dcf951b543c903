"""What sending any Viber message needs from the outside, beside the other ports."""

from typing import Protocol

from otp_service.domain.session import SessionBar, SessionKind, SessionSend
from otp_service.domain.viber_message import ViberMessage
from otp_service.ports import SendReport


class ViberHandover(Protocol):
    """Hands any Viber message to the provider. Never raises for what it or the line does."""

    def hand_over(self, phone: str, message: ViberMessage) -> SendReport:
        """Send it to a number in E.164, at most once as far as anyone can know."""
        ...


class SessionStore(Protocol):
    """Remembers what has passed between us and each number, for Viber's sessions.

    Numbers are in E.164 with their plus sign.
    """

    def count(self, phone: str, kind: SessionKind) -> SessionSend | SessionBar:
        """Judge one more Session message and, if it may go out, count it: one atomic step."""
        ...

    def preview(self, phone: str, kind: SessionKind) -> SessionSend | SessionBar:
        """Judge one more Session message without counting it."""
        ...

    def take_back(self, phone: str, sent: SessionSend) -> None:
        """Undo the count of a message that definitely was not sent."""
        ...

    def note_reply(self, phone: str) -> None:
        """Note that the user has written."""
        ...
