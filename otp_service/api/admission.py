"""Who may come in: callers by their keys, and the names the service answers to."""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import ip_address

from otp_service.api.scopes import ROUTES_AFTER_ITS_END
from otp_service.domain.api_key import Scope
from otp_service.domain.caller import Caller
from otp_service.domain.client_token import ClientToken, ClientTokenScheme
from otp_service.errors import Forbidden, Unauthenticated
from otp_service.ports import Clock

# RFC 6750 section 2.1 for the token, RFC 9110 section 11.1 for the scheme in any case.
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] ([A-Za-z0-9\-._~+/]+=*)")

# RFC 9110 section 7.2: a name, an IPv4 address or an IPv6 address in brackets, and maybe a port.
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(?::[0-9]*)?")


@dataclass(frozen=True, slots=True)
class Admission:
    """Knows who calls by the key or the client token they show.

    Args:
        keys: callers by the SHA-256 digest of their keys.
        clock: says which keys' time is over.
        note_use: told the fingerprint of each key that is shown; does not keep the call waiting.
        tokens: reads client tokens.
    """

    keys: Mapping[bytes, Caller] = field(repr=False)
    clock: Clock
    note_use: Callable[[str], None]
    tokens: ClientTokenScheme

    @property
    def origins(self) -> frozenset[str]:
        """Whose pages may call with a client token of some application."""
        return frozenset().union(
            *(caller.application.cors_origins for caller in self.keys.values())
        )

    def admit(self, authorization: str | None) -> Caller:
        """Give the caller whose key, or whose client token, an ``Authorization`` header carries.

        A token is ours or not, whatever its age: ``check_token_life`` knows what that allows. Of
        keys every known digest is compared, to the end and in constant time, so that the time
        taken says nothing about how close a guess came.

        Raises:
            Unauthenticated: no header, more than one, another scheme, or a key that nobody has, or
                has not any more; a token that we did not write, or of an application that is gone.
        """
        key = read_bearer(authorization)
        if key is None:
            raise Unauthenticated
        if token := self.tokens.read(key):
            return self._holder(token)
        digest = sha256(key.encode()).digest()
        found = None
        for known, caller in self.keys.items():
            if hmac.compare_digest(known, digest):
                found = caller
        if found is None or found.is_expired(self.clock.now()):
            raise Unauthenticated
        self.note_use(found.fingerprint)
        return found

    def check_token_life(self, caller: Caller, route: str | None) -> None:
        """Let a client token through whose time is not over; an API key's was looked at before.

        A token starts nothing after its own time, nor without the key that minted it: a key that
        was removed, has expired or may not mint any more takes its tokens with it. What a token
        started it sees through all the same; whether it did, the store knows.

        Raises:
            Unauthenticated: its time is over.
        """
        token = caller.token
        if token is None or route in ROUTES_AFTER_ITS_END:
            return
        if token.is_expired(self.clock.now()):
            raise Unauthenticated("The client token has expired; the back end can mint another.")
        if not self._may_mint(token):
            raise Unauthenticated("The key that minted this client token is not good any more.")

    def _holder(self, token: ClientToken) -> Caller:
        for caller in self.keys.values():
            if caller.application.id == token.application_id:
                return Caller(
                    application=caller.application,
                    key_id=token.key_id,
                    fingerprint=token.key_fingerprint,
                    scopes=frozenset(),
                    token=token,
                )
        raise Unauthenticated

    def _may_mint(self, token: ClientToken) -> bool:
        return any(
            caller.fingerprint == token.key_fingerprint
            and caller.application.id == token.application_id
            and Scope.TOKENS in caller.scopes
            and not caller.is_expired(self.clock.now())
            for caller in self.keys.values()
        )


def read_bearer(authorization: str | None) -> str | None:
    """Give what an ``Authorization`` header carries; None without one, or with another scheme."""
    bearer = _BEARER.fullmatch(authorization or "")
    return bearer[1] if bearer else None


def check_host(host: str | None, allowed: frozenset[str] | None) -> None:
    """Let a request through if its ``Host`` header is one we answer to, on whatever port.

    A page in a person's browser can point its own name at 127.0.0.1 and so reach a service that
    listens there; its requests still carry that name.

    Args:
        allowed: lower-case names and addresses, IPv6 in brackets; None for any.

    Raises:
        Forbidden: another name, or none.
    """
    if allowed is None:
        return
    named = _HOST.fullmatch(host or "")
    if named is None or named[1].lower() not in allowed:
        raise Forbidden("This host name is not answered here.")


def check_peer(address: str | None, allowed: frozenset[str] | None) -> None:
    """Let a request through if it comes from this machine, where only names of it are answered.

    Another server than our own may listen on every address, and a ``Host`` header says what its
    sender likes.

    Args:
        address: the connection's other end; None on a socket that has no addresses.
        allowed: as for ``check_host``; None for any.

    Raises:
        Forbidden: from elsewhere.
    """
    if allowed is not None and address is not None and not ip_address(address).is_loopback:
        raise Forbidden("Only this machine is answered here.")
