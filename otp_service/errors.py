"""Everything that can keep a call from succeeding, one class a reason.

Each class carries the public ``code`` of the HTTP contract; an instance carries what a handler
needs. No message here ever holds a PIN, a key or a full number.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field of a request.

    Args:
        pointer: RFC 6901 JSON pointer from the body's root, such as ``/message/reason``.
        detail: a sentence for the caller's developer.
    """

    pointer: str
    detail: str


class OtpError(Exception):
    """The root: every refusal and failure that a caller can be told about."""

    code: ClassVar[str]

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class InvalidRequest(OtpError):
    """The request breaks the contract; ``problems`` names the fields."""

    code = "invalid_request"

    def __init__(self, *problems: FieldProblem, detail: str = "") -> None:
        super().__init__(detail or "; ".join(f"{p.pointer}: {p.detail}" for p in problems))
        self.problems = problems


class PhoneInvalid(OtpError):
    """The number cannot exist."""

    code = "phone_invalid"


class DestinationNotAllowed(OtpError):
    """The number may exist, but no code is sent there; ``reason`` says why to operators."""

    code = "destination_not_allowed"

    def __init__(self, detail: str = "", *, reason: str = "number_kind") -> None:
        super().__init__(detail)
        self.reason = reason


class Unauthenticated(OtpError):
    """No key, or one that is not known."""

    code = "unauthenticated"


class Forbidden(OtpError):
    """The key is known and this is not for it."""

    code = "forbidden"


class VerificationNotFound(OtpError):
    """No such verification for this application."""

    code = "verification_not_found"


class VerificationEnded(OtpError):
    """The verification is over; the subclass says how."""


class VerificationExpired(VerificationEnded):
    """Its last PIN's life is over."""

    code = "verification_expired"


class VerificationExhausted(VerificationEnded):
    """Its attempts are used up."""

    code = "verification_exhausted"


class VerificationApproved(VerificationEnded):
    """It was approved before: a PIN works once."""

    code = "verification_approved"


class VerificationCanceled(VerificationEnded):
    """The caller called it off."""

    code = "verification_canceled"


class CodeIncorrect(OtpError):
    """A wrong guess, counted."""

    code = "code_incorrect"

    def __init__(self, *, attempts_left: int) -> None:
        super().__init__("The code is not right.")
        self.attempts_left = attempts_left


@dataclass(frozen=True, slots=True)
class Quota:
    """What a limit allows, as a caller may be told.

    Args:
        name: of the limit; it says nothing of any number, address or other caller.
        limit: in pieces; money in whole units of its currency.
        window: None for a limit without one, such as the messages of one verification.
    """

    name: str
    limit: int
    window: timedelta | None = None


class RetryLater(OtpError):
    """Refused or failed for now; ``retry_after`` says for how long, ``quota`` by which limit."""

    def __init__(
        self, detail: str = "", *, retry_after: timedelta, quota: Quota | None = None
    ) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
        self.quota = quota


class ResendTooSoon(RetryLater):
    """The cooldown between two messages of one verification still runs."""

    code = "resend_too_soon"


class SendLimitReached(RetryLater):
    """This verification has no messages left; a new start may be allowed later."""

    code = "send_limit_reached"


class TooManyRequests(RetryLater):
    """Any other budget is used up; ``budget`` names it for operators.

    ``is_owners`` tells them whether it is one that an owner's address has to itself.
    """

    code = "too_many_requests"

    def __init__(
        self,
        detail: str = "",
        *,
        retry_after: timedelta,
        budget: str,
        is_owners: bool = False,
        quota: Quota | None = None,
    ) -> None:
        super().__init__(detail, retry_after=retry_after, quota=quota)
        self.budget = budget
        self.is_owners = is_owners


class PhoneUnreachable(OtpError):
    """The provider refuses this very number."""

    code = "phone_unreachable"


class ProviderFailed(OtpError):
    """The provider definitely did not take the message, through no fault of the set-up."""

    code = "provider_failed"


class ProviderMisconfigured(RetryLater):
    """The provider refuses our account, signature or fields; the operator must act."""

    code = "provider_misconfigured"


class ServiceBusy(RetryLater):
    """Nothing was tried, for want of room or of a provider that answers; ``reason`` says which.

    Nothing is charged or stored.
    """

    code = "service_busy"

    def __init__(self, detail: str = "", *, retry_after: timedelta, reason: str) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.reason = reason


class StoreUnavailable(RetryLater):
    """Redis did not answer, or its answer was lost; what was asked may have happened."""

    code = "store_unavailable"


class IdempotencyKeyReused(OtpError):
    """The Idempotency-Key came with another body before."""

    code = "idempotency_key_reused"


class RequestInProgress(RetryLater):
    """The first request with this Idempotency-Key still runs."""

    code = "request_in_progress"
