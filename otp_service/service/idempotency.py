"""What a use case makes of an Idempotency-Key."""

from collections.abc import Callable

from otp_service.claim_ports import ClaimStore
from otp_service.domain.call import Call
from otp_service.domain.idempotency import Idempotency, KeyHeld, Replayed
from otp_service.domain.identity import IdScheme, VerificationId
from otp_service.domain.verification import Verification
from otp_service.errors import (
    IdempotencyKeyReused,
    OtpError,
    RequestInProgress,
    StoreUnavailable,
)

REPLAYED = "replayed"
"""The outcome of a request that was answered before: nothing was done."""


def refusal_of(held: KeyHeld) -> OtpError:
    """Give the error that tells why a key is not a request's to use."""
    if held.retry_after is None:
        return IdempotencyKeyReused("This Idempotency-Key came with another body before.")
    return RequestInProgress(
        "The first request with this Idempotency-Key still runs.", retry_after=held.retry_after
    )


class OneStart:
    """Makes one start of any number of requests with the same Idempotency-Key."""

    def __init__(self, *, ids: IdScheme, claims: ClaimStore) -> None:
        self._ids = ids
        self._claims = claims

    def run(
        self, call: Call, e164: str, start: Callable[[VerificationId, bool], Verification]
    ) -> Verification | Replayed[Verification]:
        """Start, unless it was done before.

        A request without a key is always the first. A start with a key that broke off, by a killed
        process or a lost store, is gone on with under its own id.

        Args:
            e164: the number to verify.
            start: is given the id of the verification, and whether it may stand already.

        Raises:
            IdempotencyKeyReused, RequestInProgress: the key is held.
            OtpError: what ``start`` raises; the key is then free for the next try.
        """
        vid = self._ids.new(e164)
        if call.idempotency is None:
            return start(vid, False)  # noqa: FBT003 - a callback's
        claimed = self._claims.claim(call.idempotency, vid)
        if isinstance(claimed, KeyHeld):
            raise refusal_of(claimed)
        if isinstance(claimed, Replayed):
            return claimed
        is_repeated = claimed.vid != vid
        try:
            return start(claimed.vid, is_repeated)
        except OtpError as refusal:
            # Where a verification may stand, the next start with this key goes on with it; what is
            # known not to have happened is forgotten.
            may_stand = is_repeated or isinstance(refusal, StoreUnavailable)
            self._give_up(call.idempotency, claimed.vid, forget=not may_stand)
            raise

    def _give_up(self, idempotency: Idempotency, vid: VerificationId, *, forget: bool) -> None:
        try:
            self._claims.give_up(idempotency, vid, forget=forget)
        except StoreUnavailable:
            # The refusal is what the caller must know; the lock ends by itself.
            return
