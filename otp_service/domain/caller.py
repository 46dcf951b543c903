"""Who calls, once the key is known."""

from dataclasses import dataclass
from datetime import datetime

from otp_service.domain.api_key import Scope
from otp_service.domain.application import Application
from otp_service.domain.client_token import ClientToken
from otp_service.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Caller:
    """An application, by one of its keys.

    Args:
        key_id: the key's public name, unique within the application.
        fingerprint: tells the key from every other; not secret either.
        scopes: what the key is good for.
        expires_at: when it ceases to be good for anything, aware; None for never.
        token: the client token that was shown in the key's stead; None for the key itself.
    """

    application: Application
    key_id: str
    fingerprint: str
    scopes: frozenset[Scope]
    expires_at: datetime | None = None
    token: ClientToken | None = None

    def is_expired(self, now: datetime) -> bool:
        """Tell whether the key's time is over."""
        return self.expires_at is not None and now >= self.expires_at

    def require(self, scope: Scope) -> None:
        """Return if the key is good for this.

        Raises:
            Forbidden: it is not.
        """
        if scope not in self.scopes:
            raise Forbidden(f"This key lacks the scope '{scope}'.")
