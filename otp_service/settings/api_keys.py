"""API keys among the settings: by their hashes, each with a name and what it is good for."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from otp_service.domain.api_key import (
    Scope,
    fingerprint_of_hash,
    name_of_hash,
    read_key_id,
    read_scope,
)
from otp_service.domain.application import Application
from otp_service.domain.caller import Caller

_SHA256_HEX = re.compile(r"[0-9A-Fa-f]{64}")


def _key_hash(text: str) -> str:
    if not _SHA256_HEX.fullmatch(text):
        raise ValueError("must have 64 hexadecimal digits")
    return text.lower()


def _scope(word: Any) -> Scope:
    if not isinstance(word, str):
        raise ValueError("must be a text")
    return read_scope(word)


def _some_once(scopes: tuple[Scope, ...]) -> tuple[Scope, ...]:
    # Here and not by min_length, which also counts an entry that is wrong itself as missing.
    if not scopes:
        raise ValueError("must name at least one scope")
    if len(set(scopes)) < len(scopes):
        raise ValueError("must name each scope once")
    return scopes


def _moment(value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("must be a moment with its offset, such as 2027-01-31T00:00:00Z")
    return value


KeyHash = Annotated[str, AfterValidator(_key_hash)]


class ApiKeySettings(BaseModel):
    """One ``[[applications.<id>.api_keys]]`` table.

    Args:
        id: the key's public name, unique within the application.
        sha256: of the key, 64 hexadecimal digits.
        expires: when it ceases to be good for anything, aware.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    id: Annotated[str, AfterValidator(read_key_id)]
    sha256: KeyHash = Field(repr=False)
    scopes: Annotated[
        tuple[Annotated[Scope, BeforeValidator(_scope)], ...], AfterValidator(_some_once)
    ]
    expires: Annotated[datetime, BeforeValidator(_moment)] | None = None

    @property
    def fingerprint(self) -> str:
        """Tells the key from every other, whatever its name."""
        return fingerprint_of_hash(self.sha256)

    def to_caller(self, application: Application) -> Caller:
        """Give whoever calls with this key."""
        return Caller(
            application=application,
            key_id=self.id,
            fingerprint=self.fingerprint,
            scopes=frozenset(self.scopes),
            expires_at=self.expires,
        )


def plain_key(key_hash: str) -> ApiKeySettings:
    """Give the key of a hash alone: named after it, good for everything, without an end."""
    return ApiKeySettings(id=name_of_hash(key_hash), sha256=key_hash, scopes=tuple(Scope))
