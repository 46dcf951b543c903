"""Write into a number's timeline what was decided about it outside of its own rules."""

from contextlib import suppress
from datetime import timedelta

from otp_service.domain.call import Call
from otp_service.domain.test_number import STARTS_BUDGET
from otp_service.errors import (
    DestinationNotAllowed,
    OtpError,
    StoreUnavailable,
    TooManyRequests,
)
from otp_service.ports import StartStore


def note_refusal(store: StartStore, number_tag: str, call: Call, refusal: OtpError) -> None:
    """Write a refused start down, unless the number's own rules refused it and have done so.

    Whether it can be written changes nothing for whoever is refused.

    Args:
        number_tag: of a number that was read, and so exists.
    """
    if isinstance(refusal, DestinationNotAllowed):
        reason, retry_after = refusal.reason, timedelta(0)
    elif isinstance(refusal, TooManyRequests) and not _is_numbers_own(call, refusal.budget):
        reason, retry_after = refusal.budget, refusal.retry_after
    else:
        return
    with suppress(StoreUnavailable):
        store.note_refusal(number_tag, call, reason=reason, retry_after=retry_after)


def _is_numbers_own(call: Call, budget: str) -> bool:
    budgets = call.application.budgets
    own = {budgets.guesses.name, STARTS_BUDGET, *(each.name for each in budgets.sliding)}
    return budget in own
