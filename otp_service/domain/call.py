"""One call on a use case: on whose behalf, by which key, from where."""

from dataclasses import dataclass

from otp_service.domain.application import Application
from otp_service.domain.idempotency import Idempotency


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of whoever asks, as far as rules and records need it.

    Args:
        key_id: the public name of the key that was shown; None where no caller asked, as when a
            provider's receipt leads to a message.
        address_tag: stands for the end user's address (``AddressScheme``); None where it is not
            known.
        token_id: the client token's that was shown in a key's stead (``ClientToken``); such a call
            reaches only what that very token started.
        idempotency: the request's Idempotency-Key; None where it came without one.
    """

    application: Application
    key_id: str | None = None
    address_tag: str | None = None
    token_id: str | None = None
    idempotency: Idempotency | None = None
