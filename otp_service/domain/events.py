"""What happens in the service, as facts for logs and metrics.

No event carries a PIN, a key, an address or more of a number than its mask.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class StartJudged:
    """A start came to its end.

    Args:
        outcome: ``started``, ``replayed`` (answered as before, by its Idempotency-Key) or the
            public code of the refusal.
        phone: masked.
        verification_id: its random first part alone, which opens nothing.
        detail: what stood behind a refusal, such as a budget's name.
        account: ``owner`` where those budgets of the number were charged, or used up, that an
            owner's address has to itself; None where everybody's were, or none.
    """

    application: str
    outcome: str
    country: str | None = None
    phone: str | None = None
    verification_id: str | None = None
    detail: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class ResendJudged:
    """A resend came to its end; fields as for a start."""

    application: str
    outcome: str
    country: str | None = None
    phone: str | None = None
    verification_id: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class MessageSent:
    """A message was handed to a provider, whatever came of it, or was not even tried.

    Args:
        outcome: a ``SendVerdict``'s value.
        reason: why, from the provider client's closed set.
        provider_request_id: the provider's own id of the message, to ask them about it.
    """

    application: str
    channel: str
    country: str
    template_id: int | None
    language: str
    outcome: str
    reason: str
    provider_request_id: str | None = None


@dataclass(frozen=True, slots=True)
class FallBackJudged:
    """Another channel was to stand in for one that failed.

    Args:
        channel: the one to fall back to.
        outcome: ``fallen_back``, ``not_needed`` or the public code of what kept it.
        cause: ``number_refused``, ``failed``, ``not_tried`` (at the hand-over) or ``receipt``.
    """

    application: str
    channel: str
    outcome: str
    cause: str
    country: str | None = None
    phone: str | None = None
    verification_id: str | None = None


@dataclass(frozen=True, slots=True)
class ReceiptReceived:
    """A provider told how far a message came.

    Args:
        state: a ``DeliveryState``'s value.
        outcome: ``news``; ``old`` for what was known; ``unknown`` for a message we do not know;
            ``early`` for one that was unknown at first and is ours.
    """

    state: str
    outcome: str
    application: str | None = None
    channel: str | None = None
    country: str | None = None
    provider_request_id: str | None = None


@dataclass(frozen=True, slots=True)
class MessageBilled:
    """A provider told what one message cost; recorded once a message.

    Args:
        currency: ISO 4217.
        amount: in that currency.
        rate_type: as what it was billed.
    """

    application: str
    channel: str
    country: str
    currency: str
    amount: Decimal
    rate_type: str


@dataclass(frozen=True, slots=True)
class ReplyReceived:
    """The owner of a phone answered a message.

    Args:
        outcome: ``noted``.
    """

    outcome: str
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class GuessJudged:
    """A guess was judged.

    Args:
        outcome: ``approved``, ``replayed`` or the public code of the refusal.
        channel: of the message whose PIN was right.
    """

    application: str
    outcome: str
    country: str | None = None
    phone: str | None = None
    template_id: int | None = None
    language: str | None = None
    channel: str | None = None
    verification_id: str | None = None


@dataclass(frozen=True, slots=True)
class VerificationCalledOff:
    """A cancel came to its end.

    Args:
        outcome: ``canceled`` or the public code of the refusal.
    """

    application: str
    outcome: str
    verification_id: str | None = None


@dataclass(frozen=True, slots=True)
class ProofChecked:
    """A proof was shown.

    Args:
        outcome: ``active``, ``consumed_now`` or ``inactive``.
    """

    application: str
    outcome: str


@dataclass(frozen=True, slots=True)
class FraudGuardJudged:
    """A start was over a budget of unverified starts.

    Args:
        outcome: a ``GuardOutcome``'s value; ``blocked`` alone was refused.
        scope: a ``GuardScope``'s value.
        prefix_tag: of the range that is over; stands for it without saying it.
    """

    application: str
    outcome: str
    scope: str
    country: str
    budget: str
    prefix_tag: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderAnswered:
    """One exchange with the provider.

    Args:
        reason: from the provider client's closed set, such as ``code_0`` or ``timeout``.
        try_number: 1, or 2 after the one allowed retry.
    """

    channel: str
    reason: str
    took: timedelta
    try_number: int


@dataclass(frozen=True, slots=True)
class ProviderNeedsAttention:
    """Something at the provider's side that an operator must set right.

    Args:
        reason: from the provider client's closed set.
        advice: what to do, in words.
    """

    channel: str
    reason: str
    advice: str


@dataclass(frozen=True, slots=True)
class CircuitTurned:
    """A channel's circuit opened in this process, or closed again.

    Args:
        turn: ``opened`` or ``closed``.
    """

    channel: str
    turn: str


@dataclass(frozen=True, slots=True)
class ProviderDialectChosen:
    """The provider took one of the two spellings of a template message."""

    dialect: str


@dataclass(frozen=True, slots=True)
class StoreAnswered:
    """One operation of the store.

    Args:
        outcome: ``ok`` or ``unavailable``.
        reason: the failure's class name; its text may hold a key's name.
    """

    operation: str
    outcome: str
    took: timedelta
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RequestServed:
    """One HTTP request came to its end.

    Args:
        route: the route's pattern, never the path itself.
        application: whose key the request carried; None where none is asked for, or it is unknown.
        key: the key's public name within the application; a client token's is the one that minted
            it.
        token: the client token's id, which opens nothing.
    """

    route: str
    method: str
    status: int
    took: timedelta
    code: str | None = None
    application: str | None = None
    key: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class TokenMinted:
    """A client token was asked for.

    Args:
        outcome: ``minted`` or the public code of the refusal.
        key: the public name of the key that minted it.
        token: its id, which opens nothing.
    """

    application: str
    outcome: str
    key: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class TestNumberUsed:
    """A test number was used, where no phone can show who did.

    Args:
        use: ``start``, ``resend`` or ``verify``.
        outcome: as of the use itself: ``started``, ``resent``, ``approved`` or a public code.
        test_number: its public name; None once the settings do not list it any more.
        key: the public name of the API key that was shown.
        phone: masked.
        verification_id: its random first part alone.
    """

    application: str
    use: str
    outcome: str
    test_number: str | None = None
    key: str | None = None
    country: str | None = None
    phone: str | None = None
    verification_id: str | None = None


Event = (
    StartJudged
    | ResendJudged
    | MessageSent
    | FallBackJudged
    | ReceiptReceived
    | MessageBilled
    | ReplyReceived
    | GuessJudged
    | VerificationCalledOff
    | ProofChecked
    | FraudGuardJudged
    | ProviderAnswered
    | ProviderNeedsAttention
    | CircuitTurned
    | ProviderDialectChosen
    | StoreAnswered
    | RequestServed
    | TokenMinted
    | TestNumberUsed
)
