"""A verification as its starter sees it: where it stands, what it has left, what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from otp_service.domain.identity import VerificationId


class Status(StrEnum):
    """Where a verification stands."""

    PENDING = "pending"
    APPROVED = "approved"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"
    CANCELED = "canceled"
    UNDELIVERED = "undelivered"


class Channel(StrEnum):
    """How a message travels."""

    VIBER = "viber"
    SMS = "sms"


class DeliveryState(StrEnum):
    """What became of one message."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    SEEN = "seen"
    FAILED = "failed"
    EXPIRED = "expired"


FAILURES = frozenset({DeliveryState.FAILED, DeliveryState.EXPIRED})
"""The states of a message that did not arrive."""


class LanguageReason(StrEnum):
    """Why a message is in the language it is in."""

    LOCALE = "locale"
    COUNTRY = "country"
    APPLICATION = "application"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class MessagePlan:
    """Which message goes out over one channel, all but its PIN.

    Args:
        template_id: 1 to 9; None on a channel without templates.
        language: the provider's language code.
        texts: at least what the message holds, by the names of our own API, such as
            ``business_name``.
        unused: what the caller gave and the message does not hold, by the same names.
    """

    channel: Channel
    template_id: int | None
    language: str
    language_reason: LanguageReason
    texts: dict[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message and what became of it.

    Args:
        send: which message of the verification, from 1.
        request_id: the provider's own id of the message, once it gave one.
        reached: when the provider told of each state, by the store's clock.
    """

    send: int
    channel: Channel
    template_id: int | None
    language: str
    state: DeliveryState
    sent_at: datetime
    request_id: str | None = None
    reached: Mapping[DeliveryState, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verification:
    """A verification at one moment of the store's clock.

    Args:
        read_at: that moment; every "in seconds" counts from it.
        expires_at: the end of the last PIN's life.
        country: ISO 3166-1 alpha-2 of the number.
        prefix_tag: stands for the number's range; empty in a record from before there were any.
        address_tag: stands for the address it was started from, where that was known.
        sealed_phone: the number, readable with the sealing keys alone.
        verified_at: when it was approved.
        verified_send: the message whose PIN was the right one, from 1.
        owner_tag: stands for the owner's address whose account of the number's budgets it is
            charged to; None where that is the strangers'.
        is_test: it was started for a test number: no message goes out, and only the fixed PIN is
            right.
    """

    id: VerificationId
    application_id: str
    purpose: str
    status: Status
    country: str
    masked_phone: str
    sealed_phone: bytes = field(repr=False)
    life: timedelta
    attempts_left: int
    sends_left: int
    expires_at: datetime
    resend_at: datetime
    read_at: datetime
    plan: MessagePlan
    deliveries: tuple[Delivery, ...]
    prefix_tag: str = ""
    address_tag: str | None = None
    verified_at: datetime | None = None
    verified_send: int | None = None
    owner_tag: str | None = None
    is_test: bool = False

    @property
    def last_delivery(self) -> Delivery:
        """The message that went out last."""
        return self.deliveries[-1]

    @property
    def verified_channel(self) -> Channel | None:
        """The channel of the message whose PIN was the right one; None if none was yet."""
        return next((d.channel for d in self.deliveries if d.send == self.verified_send), None)

    def with_deliveries(self, deliveries: tuple[Delivery, ...]) -> "Verification":
        """Give the same verification with what is known of its messages by now.

        A pending one of which every message failed or expired is undelivered.
        """
        failed = all(delivery.state in FAILURES for delivery in deliveries)
        is_undelivered = self.status is Status.PENDING and failed
        status = Status.UNDELIVERED if is_undelivered else self.status
        return replace(self, deliveries=deliveries, status=status)

    def with_last_delivery(self, state: DeliveryState, request_id: str | None) -> "Verification":
        """Give the same verification with another outcome of its last message."""
        last = replace(self.last_delivery, state=state, request_id=request_id)
        return replace(self, deliveries=(*self.deliveries[:-1], last))
