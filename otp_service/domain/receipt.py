"""What a provider tells of a message after it took it: how far it came, and what it cost."""

from dataclasses import dataclass, field
from decimal import Decimal

from otp_service.domain.verification import Channel, DeliveryState


@dataclass(frozen=True, slots=True)
class Cost:
    """What one message cost.

    Args:
        currency: ISO 4217.
        amount: in that currency.
        rate_type: as what the provider billed it, such as ``OtpTemplate``.
    """

    currency: str
    amount: Decimal
    rate_type: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """One message of the provider about one of ours. It can come twice, late and out of order.

    Args:
        request_id: the provider's own id of the message.
        is_number_refused: whether the channel cannot reach this number at all.
        cost: given once for a message.
    """

    request_id: str
    state: DeliveryState
    is_number_refused: bool = False
    cost: Cost | None = None


@dataclass(frozen=True, slots=True)
class SentMessage:
    """Whose a message is that we sent, as it is kept under the provider's id of it.

    Args:
        random: of the verification's id; with ``number_tag`` it makes the id.
        country: ISO 3166-1 alpha-2 of the number.
        send: which message of the verification, from 1.
    """

    random: str
    number_tag: str = field(repr=False)
    application_id: str
    channel: Channel
    country: str
    send: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What the owner of a phone wrote to us; what it says is not kept.

    Args:
        phone: E.164 with its plus sign.
        request_id: the provider's id of the message that is answered.
    """

    phone: str = field(repr=False)
    request_id: str
