"""How far this machine's clock is from the provider's, which refuses requests 60 s off its own.

Source:
    RFC 9110 section 6.6.1: ``Date`` is when the answer was made, in whole seconds.
"""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from otp_service.nxcloud.connection import ConnectProblem
from otp_service.nxcloud.transport import Answer, LineProblem, Transport
from otp_service.ports import Clock

TOLERANCE = timedelta(seconds=30)
_SAY_AGAIN_AFTER = timedelta(minutes=1)
_HALF_OF_DATES_RESOLUTION = timedelta(milliseconds=500)

_WORDS: dict[ConnectProblem | LineProblem, str] = {
    ConnectProblem.DNS: "the host's name cannot be resolved",
    ConnectProblem.REFUSED: "the connection is refused",
    ConnectProblem.UNREACHABLE: "the host cannot be reached",
    ConnectProblem.CONNECT_TIMEOUT: "no connection within the connect time-out",
    ConnectProblem.TLS: "no secure connection: the certificate or the handshake failed",
    LineProblem.TIMEOUT: "connected, but no answer within the read time-out",
    LineProblem.DROPPED: "connected, but the line dropped before an answer",
    LineProblem.TOO_LARGE: "connected, but the answer is too large",
}


@dataclass(frozen=True, slots=True)
class ClockUnread:
    """The provider's clock could not be read.

    Args:
        reason: a word of the same closed set as in events.
        words: why, for an operator.
    """

    reason: str
    words: str


def check_clock(transport: Transport, clock: Clock) -> timedelta | ClockUnread:
    """Ask the provider for the time; sends no message and needs no account.

    Returns:
        How far our clock is ahead of the provider's, negative if behind; or why that is not known.
    """
    asked_at = clock.now()
    exchange = transport.get("/")
    if not isinstance(exchange, Answer):
        return ClockUnread(exchange.problem.value, _WORDS[exchange.problem])
    offset = offset_of(exchange, asked_at=asked_at)
    if offset is None:
        return ClockUnread("no_date", "it answers, but without a Date header that can be read")
    return offset


def offset_of(answer: Answer, *, asked_at: datetime) -> timedelta | None:
    """Tell how far our clock is ahead of the answer's ``Date``; None if it has none to read.

    Our own time is taken at the middle of the exchange, the provider's at the middle of the second
    that ``Date`` names.
    """
    if answer.date is None:
        return None
    try:
        date = parsedate_to_datetime(answer.date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return asked_at - date + answer.took / 2 - _HALF_OF_DATES_RESOLUTION


def offset_in_words(offset: timedelta) -> str:
    """Say by how much our clock is off, in whole seconds."""
    side = "ahead of" if offset > timedelta(0) else "behind"
    return (
        f"By the Date of its answer, this machine's clock is "
        f"{abs(offset).total_seconds():.0f} s {side} the provider's."
    )


class Reminder:
    """Lets a thing be said at most once a minute, whichever thread asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Tell whether to say it now; a yes starts the next minute.

        A clock that was set back counts as time gone by: it is what this is about.
        """
        with self._lock:
            if self._said_at is not None and abs(now - self._said_at) < _SAY_AGAIN_AFTER:
                return False
            self._said_at = now
            return True
