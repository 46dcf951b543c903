"""What the use cases need from the outside, each Protocol small enough to fake in ten lines."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from otp_service.domain.application import Application
from otp_service.domain.call import Call
from otp_service.domain.events import Event
from otp_service.domain.idempotency import Idempotency, KeyHeld, Replayed, Standing
from otp_service.domain.identity import VerificationId
from otp_service.domain.pin import Pin
from otp_service.domain.receipt import Cost, Receipt, SentMessage
from otp_service.domain.sms_text import NO_AUTOFILL, SmsAutofill
from otp_service.domain.verification import (
    Channel,
    DeliveryState,
    MessagePlan,
    Status,
    Verification,
)


@dataclass(frozen=True, slots=True)
class NewVerification:
    """Everything that must stand in the store before the first PIN leaves.

    Args:
        purpose_digest: 32 bytes; with ``pin_digest`` both must match at verify.
        country: ISO 3166-1 alpha-2 of the number.
        prefix_tag: stands for the number's range (``PrefixScheme``).
        sealed_context: the hash of what the code is bound to beside its purpose; None if nothing.
        plans: what would be sent over each channel, in the order they are tried.
        is_test: its number is a test number, its PIN a fixed one, its call's application as
            ``as_met_by`` gives it: no budget is charged but the number's own.
    """

    id: VerificationId
    call: Call
    purpose: str
    purpose_digest: bytes = field(repr=False)
    pin_digest: bytes = field(repr=False)
    sealed_phone: bytes = field(repr=False)
    masked_phone: str
    country: str
    prefix_tag: str
    plans: tuple[MessagePlan, ...]
    is_test: bool = False
    sealed_context: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OverBudget:
    """A budget of the number is used up; nothing was charged.

    Args:
        budget: the name of the one that holds longest.
        retry_after: until that one gives way.
        is_owners: whether it is a budget that an owner's address has to itself.
    """

    budget: str
    retry_after: timedelta
    is_owners: bool = False


class ResendBar(StrEnum):
    """Why there is no further message now."""

    TOO_SOON = "too_soon"
    NO_SENDS_LEFT = "no_sends_left"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True, slots=True)
class NoResend:
    """The verification itself allows no further message now."""

    bar: ResendBar
    retry_after: timedelta


@dataclass(frozen=True, slots=True)
class Ended:
    """The verification is there, and over."""

    status: Status


@dataclass(frozen=True, slots=True)
class NotTheTokens:
    """The verification is there, and the call's client token did not start it; nothing changed."""


class SendOutcome(StrEnum):
    """What the store must remember of a send."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class ReceiptNews:
    """What is known of a message by now.

    Args:
        state: the furthest it came.
        is_move: whether this very receipt brought it there.
        is_number_refused: whether the channel cannot reach the number at all.
        cost: to be counted now; it is given once for a message.
        message: whose it is; None while we know of no such message.
    """

    state: DeliveryState
    is_move: bool
    is_number_refused: bool = False
    cost: Cost | None = None
    message: SentMessage | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A send whose outcome is written down.

    Args:
        verification: None where nothing is left or nothing was found.
        early: what a receipt said that was here before our own send had returned.
    """

    verification: Verification | None = None
    early: ReceiptNews | None = None


ResendAnswer = Verification | NoResend | OverBudget | Ended | NotTheTokens | None


class StartStore(Protocol):
    """Keeps a new verification before its message leaves."""

    def start(self, new: NewVerification) -> Verification | OverBudget | Standing:
        """Store the verification and charge the number's budgets, or do neither.

        Its last delivery says over which channel: the first planned one that is not known to
        refuse the number.
        """
        ...

    def continue_start(
        self,
        vid: VerificationId,
        call: Call,
        *,
        pin_digest: bytes,
        channels: tuple[Channel, ...],
    ) -> ResendAnswer:
        """Store one more PIN for a start that broke off, charged like a resend, at once."""
        ...

    def note_refusal(
        self, number_tag: str, call: Call, *, reason: str, retry_after: timedelta
    ) -> None:
        """Write a start that a rule beyond the number's own refused into the number's timeline."""
        ...


class SendStore(Protocol):
    """Keeps what became of a message, and the message that goes out in its stead."""

    def settle(
        self,
        verification: Verification,
        outcome: SendOutcome,
        request_id: str | None = None,
        *,
        idempotency: Idempotency | None = None,
        reason: str = "",
    ) -> Settled:
        """Write down what became of the last send of ``verification``.

        ``TAKEN_BACK`` removes that send, its PIN and its charges; of a verification that has no
        other send, the verification too.

        Args:
            idempotency: of the request that led to the send: what is told of the verification now
                is its answer from here on, or, where the send is taken back, it has none.
            reason: a word for the number's timeline.
        """
        ...

    def replace_send(
        self,
        verification: Verification,
        application: Application,
        *,
        pin_digest: bytes,
        channel: Channel,
        is_number_refused: bool,
        reason: str = "",
    ) -> Verification | None:
        """Take the last send back and store one on another channel, or do neither.

        The charge passes over. None if the verification is not pending any more.

        Args:
            is_number_refused: remember for a day that Viber, the former channel, refuses it.
            reason: a word for the number's timeline.
        """
        ...

    def fall_back(
        self,
        vid: VerificationId,
        application: Application,
        *,
        pin_digest: bytes,
        channel: Channel,
        failed_send: int,
        is_number_refused: bool,
    ) -> ResendAnswer:
        """Store one more PIN for a message that failed, charged like a resend, without a cooldown.

        At most once a verification and channel: ``NoResend`` says ``NOT_NEEDED`` where a message
        went over that channel already.
        """
        ...


class ResendStore(Protocol):
    """Makes room for one more message of a verification."""

    def resend(
        self,
        vid: VerificationId,
        call: Call,
        *,
        pin_digest: bytes,
        channels: tuple[Channel, ...],
    ) -> ResendAnswer | Replayed[ResendAnswer] | KeyHeld:
        """Store one more PIN and charge its message, or do neither; None if there is no such.

        Args:
            channels: in the order they are wanted; one that refuses the number is passed over if
                there is another.
        """
        ...


class ReceiptStore(Protocol):
    """Keeps what the provider tells of a message, whether we know of that message or not yet."""

    def receive(self, receipt: Receipt) -> ReceiptNews:
        """Write a receipt down; states only move forward."""
        ...


class Verdict(StrEnum):
    """What one guess came to."""

    APPROVED = "approved"
    INCORRECT = "incorrect"
    EXHAUSTED_NOW = "exhausted_now"


@dataclass(frozen=True, slots=True)
class Judged:
    """One guess, counted.

    Args:
        verification: as it stands after the guess.
        matched_send: which message's PIN was the right one, from 1.
    """

    verdict: Verdict
    verification: Verification
    matched_send: int | None = None


GuessAnswer = Judged | Ended | NotTheTokens | None


class GuessStore(Protocol):
    """Counts one guess and, if it is right, uses the verification up: one atomic step."""

    def verify(
        self,
        vid: VerificationId,
        call: Call,
        *,
        purpose_digests: tuple[bytes, ...],
        pin_digests: tuple[bytes, ...],
        fixed_pin_digests: tuple[bytes, ...] = (),
    ) -> GuessAnswer | Replayed[GuessAnswer] | KeyHeld:
        """Judge one guess; None if there is no such verification.

        Args:
            fixed_pin_digests: what a test number's verification takes, and no other; it takes no
                ``pin_digests``. None of them, or as many.
        """
        ...


class CancelStore(Protocol):
    """Calls a verification off."""

    def cancel(self, vid: VerificationId, call: Call) -> Verification | Ended | None:
        """End it as canceled (again, if it is so already); None if there is no such."""
        ...


class ReadStore(Protocol):
    """Shows a verification, living or ended."""

    def read(self, vid: VerificationId, application: Application) -> Verification | None:
        """Give it as it stands; None if there is no such."""
        ...


class ProofStore(Protocol):
    """Knows which approvals can still be shown."""

    def prove(
        self, vid: VerificationId, application: Application, *, consume: bool
    ) -> Verification | None:
        """Give the approved verification while its proof lives and is not consumed, else None."""
        ...


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message, complete with the PIN it carries.

    Args:
        phone: E.164 with its plus sign.
        life: how long the PIN lives; fills the template's validity where it names one.
        brand: who asks, for a message without a template to fill: the caller's word, else the
            application's.
        autofill: the lines by which a phone fills in a code that came by SMS.
    """

    phone: str = field(repr=False)
    pin: Pin
    plan: MessagePlan
    life: timedelta
    brand: str | None = None
    autofill: SmsAutofill = NO_AUTOFILL


class SendVerdict(StrEnum):
    """What the provider made of a message. All but the first two are definite: nothing was sent."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    NUMBER_REFUSED = "number_refused"
    FAILED = "failed"
    MISCONFIGURED = "misconfigured"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True, slots=True)
class SendReport:
    """The provider's answer, in our terms.

    Args:
        reason: a word of a closed set for metrics and logs, such as ``code_9002`` or ``timeout``.
    """

    verdict: SendVerdict
    reason: str
    request_id: str | None = None


class MessageSender(Protocol):
    """Hands one message to a provider. Never raises for what the provider or the line does."""

    @property
    def channel(self) -> Channel:
        """Say what this sender sends over."""
        ...

    def send(self, message: OutgoingMessage) -> SendReport:
        """Send it, at most once as far as anyone can know."""
        ...


class Journal(Protocol):
    """Takes note of what happened, for logs and metrics."""

    def record(self, event: Event) -> None:
        """Take note. Never raises, never blocks on anything but the local log."""
        ...


class Clock(Protocol):
    """Tells the time where no store is asked: signing, clock checks."""

    def now(self) -> datetime:
        """Give the time, aware, in UTC."""
        ...
