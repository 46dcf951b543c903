"""Sessions of an account with its readers: the place of each message, and which is one too many.

Source:
    NXCloud, 'Send Message' (Viber), 'Session Description'. What the page leaves open is decided
    here and listed in docs/simulator.md.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from otp_service.simulator.answer import REQUEST_PARAMETER_ERROR, Refused

LIFE = timedelta(hours=24)
MOST_IN_A_ROW = 5
MOST_IN_A_SESSION = 60

Place = Literal["first", "later", "outside"]


@dataclass(frozen=True, kw_only=True)
class Session:
    """How one reader and the account stand.

    Args:
        started_at: When the latest session began, with our first message in it.
        sent: Our messages in that session.
        in_a_row: Our session messages since the reader last wrote, in a session or out of one.
        has_reader_written: Since our last session message.
    """

    started_at: datetime | None = None
    sent: int = 0
    in_a_row: int = 0
    has_reader_written: bool = False


def after_reply(session: Session) -> Session:
    """Give how they stand once the reader has written."""
    return replace(session, in_a_row=0, has_reader_written=True)


def after_send(session: Session, *, at: datetime) -> tuple[Place, Session]:
    """Give the place of one more session message, and how they stand after it.

    Returns:
        ``first`` or ``later`` of a session, or ``outside`` of any.

    Raises:
        Refused: With 9000 for the 6th in a row without an answer, and for the 61st of a session.
    """
    if session.in_a_row >= MOST_IN_A_ROW:
        raise Refused(
            REQUEST_PARAMETER_ERROR, f"{MOST_IN_A_ROW} session messages in a row have no answer"
        )
    sent_one = replace(session, in_a_row=session.in_a_row + 1, has_reader_written=False)
    is_live = session.started_at is not None and at < session.started_at + LIFE
    if is_live and session.sent < MOST_IN_A_SESSION:
        return "later", replace(sent_one, sent=session.sent + 1)
    if session.has_reader_written:
        return "first", replace(sent_one, started_at=at, sent=1)
    if is_live:
        raise Refused(
            REQUEST_PARAMETER_ERROR, f"this session has had its {MOST_IN_A_SESSION} messages"
        )
    return "outside", sent_one
