"""Tell whether a proof still shows an approval, and use it up if asked to."""

from dataclasses import dataclass, field
from datetime import datetime

from otp_service.domain.application import Application
from otp_service.domain.events import ProofChecked
from otp_service.domain.identity import IdScheme
from otp_service.domain.proof import ProofScheme
from otp_service.domain.sealing import SealBroken, Sealer
from otp_service.domain.verification import Verification
from otp_service.ports import Journal, ProofStore


@dataclass(frozen=True, slots=True)
class Proven:
    """What a living proof shows.

    Args:
        phone: E.164 with its plus sign.
        is_test: no phone was shown to be anybody's: it is a test number.
    """

    verification_id: str
    phone: str = field(repr=False)
    purpose: str
    application: str
    verified_at: datetime
    is_test: bool = False


class CheckProof:
    """The use case."""

    def __init__(
        self,
        *,
        ids: IdScheme,
        sealer: Sealer,
        proofs: ProofScheme,
        store: ProofStore,
        journal: Journal,
    ) -> None:
        self._ids = ids
        self._sealer = sealer
        self._proofs = proofs
        self._store = store
        self._journal = journal

    def __call__(self, application: Application, *, proof: str, consume: bool) -> Proven | None:
        """Give what the proof shows, or None if it shows nothing to this application any more.

        Args:
            consume: give it once, and never again.

        Raises:
            StoreUnavailable: with ``consume``, it may have been used up.
        """
        proven = self._check(application, proof, consume=consume)
        spent = "consumed_now" if consume else "active"
        outcome = spent if proven else "inactive"
        self._journal.record(ProofChecked(application=application.id, outcome=outcome))
        return proven

    def _check(self, application: Application, proof: str, *, consume: bool) -> Proven | None:
        verification_id = self._proofs.read(proof)
        vid = self._ids.read(verification_id) if verification_id else None
        verification = self._store.prove(vid, application, consume=consume) if vid else None
        return self._open(verification) if verification else None

    def _open(self, verification: Verification) -> Proven | None:
        try:
            phone = self._sealer.open(verification.sealed_phone, bound_to=verification.id.text)
        except SealBroken:
            return None
        return Proven(
            verification_id=verification.id.text,
            phone=phone,
            purpose=verification.purpose,
            application=verification.application_id,
            verified_at=verification.verified_at or verification.read_at,
            is_test=verification.is_test,
        )
