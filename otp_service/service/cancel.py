"""Call a verification off."""

from otp_service.domain.call import Call
from otp_service.domain.events import VerificationCalledOff
from otp_service.domain.identity import IdScheme
from otp_service.domain.verification import Verification
from otp_service.errors import OtpError, VerificationNotFound
from otp_service.ports import CancelStore, Ended, Journal
from otp_service.service.outcome import ending


class CancelVerification:
    """The use case."""

    def __init__(self, *, ids: IdScheme, store: CancelStore, journal: Journal) -> None:
        self._ids = ids
        self._store = store
        self._journal = journal

    def __call__(self, call: Call, verification_id: str) -> Verification:
        """Give the canceled verification, just canceled or before.

        Raises:
            VerificationNotFound, VerificationEnded: nothing to cancel.
            StoreUnavailable: it may have been canceled.
        """
        application = call.application
        try:
            verification = self._cancel(call, verification_id)
        except OtpError as refusal:
            self._journal.record(
                VerificationCalledOff(application=application.id, outcome=refusal.code)
            )
            raise
        self._journal.record(
            VerificationCalledOff(
                application=application.id,
                outcome="canceled",
                verification_id=verification.id.random,
            )
        )
        return verification

    def _cancel(self, call: Call, verification_id: str) -> Verification:
        vid = self._ids.read(verification_id)
        answer = self._store.cancel(vid, call) if vid else None
        if answer is None:
            raise VerificationNotFound("There is no such verification.")
        if isinstance(answer, Ended):
            raise ending(answer)
        return answer
