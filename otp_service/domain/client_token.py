"""Client tokens: what an app or a page may do that cannot keep a key, signed and sealed."""

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from itsdangerous import BadData, Signer

from otp_service.domain.message_text import MessageRequest
from otp_service.domain.sealing import Sealer

PREFIX = "otp_ct_"
"""Begins every token, so that people and scanners see that it is no API key."""

_SALT = "otp_service.client_token"
_ID_BYTES = 12
_SEPARATOR = "."


@dataclass(frozen=True, slots=True)
class ClientToken:
    """What one token says.

    Args:
        id: 16 URL-safe characters; names the token in logs, records and budgets, and opens nothing.
        key_id: the public name of the key that minted it.
        key_fingerprint: tells that key from every other, whatever its name by now.
        expires_at: when it ceases to be good for starts, aware, whole milliseconds.
        purpose: the only one it is good for.
        number_tag: of the only number it may start (``IdScheme``); None for any.
        address_tag: of the end user's address as the minting caller knows it (``AddressScheme``);
            None where it did not say.
        message: what the message says; empty where nobody may say anything.
        context: what the code is bound to; empty for nothing.
    """

    id: str
    application_id: str
    key_id: str
    key_fingerprint: str
    expires_at: datetime
    purpose: str
    number_tag: str | None = field(default=None, repr=False)
    address_tag: str | None = field(default=None, repr=False)
    message: MessageRequest = field(default_factory=MessageRequest, repr=False)
    context: Mapping[str, str] = field(default_factory=dict, repr=False)

    def is_expired(self, now: datetime) -> bool:
        """Tell whether its time for starts is over."""
        return now >= self.expires_at


class ClientTokenScheme:
    """Writes and reads tokens.

    A token travels through apps, pages and their logs, so what it says is sealed: whoever holds it
    learns neither a number nor an address from it. The signature makes it ours; it hangs on no
    nonce, as the seal's own check does.

    Args:
        signing_keys: 32 bytes each, newest first: the first signs, all are accepted.
        sealing_keys: 32 bytes each, newest first: the first seals, all open.
    """

    def __init__(self, *, signing_keys: Sequence[bytes], sealing_keys: Sequence[bytes]) -> None:
        # Here the newest is the last.
        self._signer = Signer(
            list(reversed(signing_keys)),
            salt=_SALT,
            key_derivation="hmac",
            digest_method=sha256,
            sep=_SEPARATOR,
        )
        self._sealer = Sealer(sealing_keys)

    def write(self, token: ClientToken) -> str:
        """Give the token as it travels: letters, digits and ``-._`` alone.

        Some 300 characters, and four for each three bytes of message and context.
        """
        sealed = self._sealer.seal(_payload(token), bound_to=_SALT)
        return PREFIX + self._signer.sign(_text_of(sealed)).decode()

    def read(self, text: str) -> ClientToken | None:
        """Give what a token says, or None for a text that we did not write, to the letter."""
        if not text.startswith(PREFIX):
            return None
        try:
            sealed = self._signer.unsign(text.removeprefix(PREFIX)).decode()
            _, _, signature = text.rpartition(_SEPARATOR)
            # Base64 spells the same bytes in several ways; an altered token is none of ours.
            if _text_of(_bytes_of(signature)) != signature:
                return None
            return _token(json.loads(self._sealer.open(_bytes_of(sealed), bound_to=_SALT)))
        except (BadData, ValueError, LookupError, TypeError):
            return None


def new_token_id() -> str:
    """Draw the id of a token."""
    return secrets.token_urlsafe(_ID_BYTES)


def _text_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _payload(token: ClientToken) -> str:
    said = {
        "i": token.id,
        "a": token.application_id,
        "k": token.key_id,
        "f": token.key_fingerprint,
        "e": round(token.expires_at.timestamp() * 1000),
        "u": token.purpose,
        "n": token.number_tag,
        "d": token.address_tag,
        "m": token.message.texts,
        "t": token.message.template_id,
        "c": dict(token.context),
    }
    given = {name: value for name, value in said.items() if value}
    return json.dumps(given, separators=(",", ":"), ensure_ascii=False)


def _token(said: dict[str, Any]) -> ClientToken:
    return ClientToken(
        id=said["i"],
        application_id=said["a"],
        key_id=said["k"],
        key_fingerprint=said["f"],
        expires_at=datetime.fromtimestamp(said["e"] / 1000, tz=UTC),
        purpose=said["u"],
        number_tag=said.get("n"),
        address_tag=said.get("d"),
        message=MessageRequest(**said.get("m", {}), template_id=said.get("t")),
        context=said.get("c", {}),
    )
