"""Reply bodies: exactly what a caller is told, and how it is written."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel

from otp_service.api.examples import (
    ACTIVE_PROOF,
    APPROVED,
    CANCELED,
    INACTIVE_PROOF,
    SEEN,
    STARTED,
)
from otp_service.api.model_notes import leave_null_out, shown
from otp_service.api.problems import whole_seconds
from otp_service.domain.verification import (
    Channel,
    Delivery,
    DeliveryState,
    LanguageReason,
    Status,
    Verification,
)
from otp_service.service.proof import Proven
from otp_service.service.verify import Approval

_WITHOUT_NULL = ConfigDict(json_schema_extra=leave_null_out)
_ENDED = frozenset({Status.APPROVED, Status.EXPIRED, Status.EXHAUSTED, Status.CANCELED})

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Seconds = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
Test = Annotated[
    Literal[True] | None,
    Field(
        exclude_if=lambda value: value is None,
        description="The number is a test number: nobody's phone was shown. Else left out.",
    ),
]


class VerificationReply(BaseModel):
    """A verification as its starter sees it."""

    model_config = shown(description="The message is on its way.", started=STARTED)

    verification_id: str = Field(max_length=36, description="Keep it: whoever holds it can guess.")
    status: Status = Field(
        description="`undelivered` is no end: the right code and a resend still work."
    )
    purpose: str
    phone: str = Field(description="Masked: country code and last two digits.")
    channel: Channel = Field(description="Of the last message, as are the next two.")
    template_id: int | None = Field(description="Null on a channel without templates.")
    language: str = Field(description="The provider's code; `br` is Brazilian Portuguese.")
    language_reason: LanguageReason = Field(description="What decided the language.")
    delivery: Literal["accepted", "unknown"] = Field(
        description="`unknown`: the provider's answer was lost, so the message may arrive or not."
    )
    expires_at: Moment = Field(description="The end of the last code's life.")
    expires_in: Seconds
    resend_at: Moment
    resend_in: Seconds
    attempts_left: Count
    sends_left: Count
    message_unused: list[str] = Field(
        description="What was given in `message` and the chosen template does not hold."
    )

    @classmethod
    def of(cls, verification: Verification) -> Self:
        """Tell of a verification."""
        return cls(**_told(verification))


class DeliveryReply(BaseModel):
    """One message and what became of it."""

    channel: Channel
    template_id: int | None
    language: str
    state: DeliveryState = Field(description="As the provider told last.")
    sent_at: Moment
    delivered_at: Moment | None = Field(description="When the provider told so, or null.")
    seen_at: Moment | None
    failed_at: Moment | None
    expired_at: Moment | None

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """Tell of one message."""
        reached = {state: moment(at) for state, at in delivery.reached.items()}
        return cls(
            channel=delivery.channel,
            template_id=delivery.template_id,
            language=delivery.language,
            state=delivery.state,
            sent_at=moment(delivery.sent_at),
            delivered_at=reached.get(DeliveryState.DELIVERED),
            seen_at=reached.get(DeliveryState.SEEN),
            failed_at=reached.get(DeliveryState.FAILED),
            expired_at=reached.get(DeliveryState.EXPIRED),
        )


class StatusReply(VerificationReply):
    """A verification as its starter sees it, with every message."""

    model_config = shown(description="Where it stands.", seen=SEEN) | _WITHOUT_NULL

    verified_channel: Channel | None = Field(
        description="Which channel's code was the one entered; null until then."
    )
    deliveries: list[DeliveryReply] = Field(description="One a message, in the order of sending.")
    test: Test = None

    @classmethod
    def of(cls, verification: Verification) -> Self:
        """Tell of a verification and its messages."""
        deliveries = [DeliveryReply.of(delivery) for delivery in verification.deliveries]
        return cls(
            **_told(verification),
            verified_channel=verification.verified_channel,
            deliveries=deliveries,
            test=verification.is_test or None,
        )


class ApprovalReply(BaseModel):
    """The right code was given, for the first and only time."""

    model_config = shown(description="The code was right.", approved=APPROVED) | _WITHOUT_NULL

    verification_id: str
    status: Literal["approved"]
    purpose: str
    phone: str = Field(repr=False, description="E.164.")
    proof: str = Field(
        repr=False, description="Shows the approval to whoever asks with the same API key."
    )
    proof_expires_in: Seconds
    test: Test = None

    @classmethod
    def of(cls, approval: Approval) -> Self:
        """Tell of an approval."""
        return cls(
            verification_id=approval.verification_id,
            status="approved",
            purpose=approval.purpose,
            phone=approval.phone,
            proof=approval.proof,
            proof_expires_in=whole_seconds(approval.proof_life),
            test=approval.is_test or None,
        )


class CancelReply(BaseModel):
    """The verification is called off, now or before."""

    model_config = shown(description="It is called off.", canceled=CANCELED)

    verification_id: str
    status: Literal["canceled"]

    @classmethod
    def of(cls, verification: Verification) -> Self:
        """Tell of a canceled verification."""
        return cls(verification_id=verification.id.text, status="canceled")


class ActiveProof(BaseModel):
    """What a living proof shows."""

    model_config = _WITHOUT_NULL

    active: Literal[True]
    verification_id: str
    phone: str = Field(repr=False, description="E.164.")
    purpose: str
    application: str
    verified_at: Moment
    context_sha256: str | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="Of the canonical JSON of the `context` that the code was bound to, as 64 "
        "hexadecimal digits; left out where it was bound to none.",
    )
    test: Test = None


class InactiveProof(BaseModel):
    """The proof is false, too old, used up, or another application's."""

    active: Literal[False]


class ProofReply(RootModel[ActiveProof | InactiveProof]):
    """Whether a proof shows anything."""

    model_config = shown(
        description="Whether it shows anything.", active=ACTIVE_PROOF, inactive=INACTIVE_PROOF
    )

    @classmethod
    def of(cls, proven: Proven | None) -> Self:
        """Tell of a proof."""
        if proven is None:
            return cls(InactiveProof(active=False))
        return cls(
            ActiveProof(
                active=True,
                verification_id=proven.verification_id,
                phone=proven.phone,
                purpose=proven.purpose,
                application=proven.application,
                verified_at=moment(proven.verified_at),
                context_sha256=proven.context_sha256.hex() if proven.context_sha256 else None,
                test=proven.is_test or None,
            )
        )


class AliveReply(BaseModel):
    """The process answers."""

    model_config = shown(description="It answers.", alive={"status": "ok"})

    status: Literal["ok"]


class ReadyReply(BaseModel):
    """The service can do its work."""

    model_config = shown(description="It can do its work.", ready={"status": "ready"})

    status: Literal["ready"]


def moment(instant: datetime) -> str:
    """Write a moment in UTC, to the millisecond.

    Source:
        RFC 3339 section 5.6: ``date-time`` with ``Z``.
    """
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _told(verification: Verification) -> dict[str, Any]:
    last = verification.last_delivery
    is_ended = verification.status in _ENDED
    left_to_expire = verification.expires_at - verification.read_at
    left_to_resend = verification.resend_at - verification.read_at
    return {
        "verification_id": verification.id.text,
        "status": verification.status,
        "purpose": verification.purpose,
        "phone": verification.masked_phone,
        "channel": last.channel,
        "template_id": last.template_id,
        "language": last.language,
        "language_reason": verification.plan.language_reason,
        # A receipt that came in meanwhile says that the message was accepted.
        "delivery": "unknown" if last.state is DeliveryState.UNKNOWN else "accepted",
        "expires_at": moment(verification.expires_at),
        "expires_in": 0 if is_ended else whole_seconds(left_to_expire),
        "resend_at": moment(verification.resend_at),
        "resend_in": 0 if is_ended else whole_seconds(left_to_resend),
        "attempts_left": verification.attempts_left,
        "sends_left": verification.sends_left,
        "message_unused": list(verification.plan.unused),
    }
