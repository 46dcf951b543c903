"""What stands in a simulated phone's chat: the messages it received, the replies typed on it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from otp_service.simulator.submission import Submission

Channel = Literal["viber", "sms"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
State = Literal["accepted", "delivered", "seen", "failed", "expired"]
STATES: tuple[State, ...] = get_args(State)
"""Each comes after those before it, if it comes; the last two end a message's course."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Message:
    """One message on one phone.

    Args:
        id: The ``requestId`` (or the SMS' ``messageid``) the sender was given.
        sequence: Its place among everything on all phones, growing.
        received_at: UTC.
        billed_as: ``Transactional``, ``Promotional``, ``Session`` or ``OtpTemplate``; ``free``
            within a session; ``SMS``.
        state: How far it came, as the receipts say it.
    """

    id: str
    sequence: int
    received_at: datetime
    content: Submission
    billed_as: str
    channel: Channel = "viber"
    state: State = "accepted"

    @property
    def phone(self) -> str:
        """Whose chat it stands in, E.164."""
        return self.content.phone

    @property
    def rate_type(self) -> str | None:
        """The billing type that was asked for; None for an SMS, which has none."""
        return self.content.rate_type

    def as_json(self) -> dict[str, Any]:
        """Give the message as the simulator's own API shows it."""
        return {
            "id": self.id,
            "phone": self.phone,
            "channel": self.channel,
            "function_type": self.content.function_type,
            "template_id": self.content.template_id,
            "language": self.content.language,
            "text": self.content.text,
            "received_at": rfc3339(self.received_at),
            "rate_type": self.rate_type,
            "billed_as": self.billed_as,
            "state": self.state,
            "fields": dict(self.content.fields),
        }


@dataclass(frozen=True, kw_only=True, repr=False)
class Reply:
    """Something the phone's owner sent back: a text or a file, never both.

    Args:
        answers: The id of the Viber message that was the phone's last.
    """

    id: str
    sequence: int
    received_at: datetime
    phone: str
    answers: str
    text: str | None = None
    file_name: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the reply as the simulator's own API shows it."""
        return {
            "id": self.id,
            "phone": self.phone,
            "answers": self.answers,
            "text": self.text,
            "file_name": self.file_name,
            "received_at": rfc3339(self.received_at),
        }


Entry = Message | Reply


def utc_now() -> datetime:
    """Give the time of this machine."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """Write a moment in UTC to the millisecond, as RFC 3339 has it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
