"""Sealing: what must be read back from the store, unreadable there."""

import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class SealBroken(ValueError):
    """The bytes were not sealed with any accepted key for this verification."""


class Sealer:
    """Seals and opens short texts with AES-256-GCM.

    Args:
        keys: 32 bytes each, newest first: the first seals, all open.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = tuple(AESGCM(key) for key in keys)

    def seal(self, text: str, *, bound_to: str) -> bytes:
        """Give nonce, ciphertext and tag: 28 bytes more than the text.

        Args:
            bound_to: the verification id; the bytes open for no other.
        """
        return self.seal_bytes(text.encode(), bound_to=bound_to)

    def seal_bytes(self, content: bytes, *, bound_to: str) -> bytes:
        """Give nonce, ciphertext and tag of what is no text."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, content, bound_to.encode())

    def open(self, sealed: bytes, *, bound_to: str) -> str:
        """Give the text back.

        Raises:
            SealBroken: another key, another verification, or altered bytes.
        """
        return self.open_bytes(sealed, bound_to=bound_to).decode()

    def open_bytes(self, sealed: bytes, *, bound_to: str) -> bytes:
        """Give back what is no text.

        Raises:
            SealBroken: as for a text.
        """
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(nonce, ciphertext, bound_to.encode())
            except (InvalidTag, ValueError):
                continue
        raise SealBroken("sealed with a key that is not accepted, or altered")
