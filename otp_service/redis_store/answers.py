"""What the scripts answer about verifications, read into the ports' terms."""

from datetime import timedelta

from otp_service.domain.application import Application
from otp_service.domain.identity import VerificationId
from otp_service.domain.limits import NumberBudgets
from otp_service.domain.verification import Verification
from otp_service.ports import (
    Ended,
    GuessAnswer,
    Judged,
    NoResend,
    NotTheTokens,
    OverBudget,
    ResendAnswer,
    ResendBar,
    Verdict,
)
from otp_service.redis_store.budget_text import budget_name
from otp_service.redis_store.operations import Answer
from otp_service.redis_store.record import STATUSES, decode


def read_settled(vid: VerificationId, answer: Answer) -> Verification | None:
    """Give the verification as it stands after a send was settled; None where it is gone."""
    status, *rest = answer
    return decode(vid, *rest[:2]) if status == b"settled" else None


def read_one_more(application: Application, vid: VerificationId, answer: Answer) -> ResendAnswer:
    """Give what became of the wish for one more message."""
    status, *rest = answer
    match status:
        case b"stored" | b"settled":
            return decode(vid, *rest[:2])
        case b"over_budget":
            return read_over_budget(application.budgets, rest)
        case b"too_soon" | b"no_sends_left" | b"not_needed":
            return NoResend(ResendBar(status.decode()), timedelta(milliseconds=rest[0]))
        case b"not_the_tokens":
            return NotTheTokens()
        case _:
            return read_end(status, rest)


def read_judged(vid: VerificationId, answer: Answer) -> GuessAnswer:
    """Give what a guess came to."""
    status, *rest = answer
    if status == b"not_the_tokens":
        return NotTheTokens()
    if status in {b"missing", b"ended"}:
        return read_end(status, rest)
    matched_send = rest[2] if status == b"approved" else None
    return Judged(Verdict(status.decode()), decode(vid, *rest[:2]), matched_send)


def read_over_budget(budgets: NumberBudgets, rest: Answer) -> OverBudget:
    """Give which budget is used up, and for how long: which one, wait in ms, whose."""
    which, wait_ms, is_owners = rest
    return OverBudget(
        budget_name(budgets, which), timedelta(milliseconds=wait_ms), is_owners=bool(is_owners)
    )


def read_end(status: bytes, rest: Answer) -> Ended | None:
    """Give how a verification had ended; None if there is none."""
    return Ended(STATUSES[rest[0].decode()]) if status == b"ended" else None
