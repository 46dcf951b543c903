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
        self._serializers = tuple(
            URLSafeSerializer(
                key, salt="otp_service.proof", signer_kwargs={"digest_method": sha256}
            )
            for key in keys
        )

    def sign(self, verification_id: str) -> str:
        """Give the proof of one approved verification, URL-safe."""
        return str(self._serializers[0].dumps(verification_id))

    def read(self, proof: str) -> str | None:
        """Give the verification id of a proof, or None for one that we did not sign."""
        for serializer in self._serializers:
            try:
                verification_id: str = serializer.loads(proof)
            except (BadData, UnicodeError):
                continue
            # Base64 spells the same bytes in several ways; an altered proof is none of ours.
            return verification_id if serializer.dumps(verification_id) == proof else None
        return None
