"""Proofs: what an application hands on to show that a verification was approved."""

from collections.abc import Sequence
from hashlib import sha256

from itsdangerous import BadData, URLSafeSerializer


class ProofScheme:
    """Signs and reads proofs.

    A proof names its verification and nothing else: number, purpose and time are read from the
    store, which also knows whether it was consumed. So a proof in a log or a URL tells nothing.

    Args:
        keys: 32 bytes each, newest first: the first signs, all are accepted.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._serializer = URLSafeSerializer(
            list(reversed(keys)),
            salt="otp_service.proof",
            signer_kwargs={"digest_method": sha256},
        )

    def sign(self, verification_id: str) -> str:
        """Give the proof of one approved verification, URL-safe."""
        return str(self._serializer.dumps(verification_id))

    def read(self, proof: str) -> str | None:
        """Give the verification id of a proof, or None for one that we did not sign."""
        try:
            verification_id = self._serializer.loads(proof)
        except BadData:
            return None
        return verification_id if isinstance(verification_id, str) else None
