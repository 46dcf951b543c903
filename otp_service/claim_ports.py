"""What a start with an Idempotency-Key needs from the outside, beside the other ports."""

from typing import Protocol

from otp_service.domain.idempotency import Claimed, Idempotency, KeyHeld, Replayed
from otp_service.domain.identity import VerificationId
from otp_service.domain.verification import Verification


class ClaimStore(Protocol):
    """Lets one of any number of starts with the same Idempotency-Key go on."""

    def claim(
        self, idempotency: Idempotency, vid: VerificationId
    ) -> Claimed | Replayed[Verification] | KeyHeld:
        """Claim the key for 30 s, with the verification it stands for; what is kept is replayed."""
        ...

    def give_up(self, idempotency: Idempotency, vid: VerificationId, *, forget: bool) -> None:
        """Let the next start with this key go on at once.

        Args:
            forget: with a verification of its own; else it continues this one.
        """
        ...
