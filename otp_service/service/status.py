"""Show where a verification stands."""

from otp_service.domain.application import Application
from otp_service.domain.identity import IdScheme
from otp_service.domain.verification import Verification
from otp_service.errors import VerificationNotFound
from otp_service.ports import ReadStore


class ReadVerification:
    """The use case."""

    def __init__(self, *, ids: IdScheme, store: ReadStore) -> None:
        self._ids = ids
        self._store = store

    def __call__(self, application: Application, verification_id: str) -> Verification:
        """Give the verification, living or ended.

        Raises:
            VerificationNotFound: never issued, of another application, or ended too long ago.
            StoreUnavailable: nothing could be read.
        """
        vid = self._ids.read(verification_id)
        verification = self._store.read(vid, application) if vid else None
        if verification is None:
            raise VerificationNotFound("There is no such verification.")
        return verification
