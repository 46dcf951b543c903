"""How it is told that nothing is done, or nothing more, and why."""

from otp_service.domain.verification import Status
from otp_service.errors import (
    DestinationNotAllowed,
    Forbidden,
    OtpError,
    ServiceBusy,
    TooManyRequests,
    VerificationApproved,
    VerificationCanceled,
    VerificationEnded,
    VerificationExhausted,
    VerificationExpired,
)
from otp_service.ports import Ended, NoResend, NotTheTokens, OverBudget

_ENDINGS: dict[Status, tuple[type[VerificationEnded], str]] = {
    Status.APPROVED: (VerificationApproved, "This verification was already used."),
    Status.EXPIRED: (VerificationExpired, "This verification has expired."),
    Status.EXHAUSTED: (VerificationExhausted, "This verification has no attempts left."),
    Status.CANCELED: (VerificationCanceled, "This verification was canceled."),
}


def ending(ended: Ended) -> VerificationEnded:
    """Give the error that tells how a verification ended."""
    error, detail = _ENDINGS[ended.status]
    return error(detail)


def strangers_verification() -> Forbidden:
    """Give the error that keeps a client token from what it did not start."""
    return Forbidden("This client token did not start this verification.")


def bar_word(answer: NoResend | OverBudget | Ended | NotTheTokens | None) -> str:
    """Say in a word why nothing is sent instead."""
    match answer:
        case None | NotTheTokens():
            return "verification_not_found"
        case Ended():
            return ending(answer).code
        case NoResend():
            return answer.bar.value
        case OverBudget():
            return "too_many_requests"


def behind(refusal: OtpError | None) -> str | None:
    """Give what stood behind a refusal, for operators."""
    match refusal:
        case TooManyRequests():
            return refusal.budget
        case DestinationNotAllowed() | ServiceBusy():
            return refusal.reason
        case _:
            return None
