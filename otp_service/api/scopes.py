"""Which scope a caller needs for which route."""

from collections.abc import Mapping
from types import MappingProxyType

from otp_service.domain.api_key import Scope
from otp_service.domain.caller import Caller
from otp_service.errors import Forbidden

PROTECTED = "/otp"
"""What is under this path is for callers with a key alone."""

SCOPE_OF_ROUTE: Mapping[str, Scope] = MappingProxyType(
    {
        "/otp/start": Scope.START,
        "/otp/resend": Scope.START,
        "/otp/cancel": Scope.START,
        "/otp/verify": Scope.VERIFY,
        "/otp/verifications/<verification_id>": Scope.STATUS,
        "/otp/proof": Scope.STATUS,
        "/otp/client-tokens": Scope.TOKENS,
    }
)
"""A row for every route under that path, by its pattern."""

TOKEN_ROUTES = frozenset({"/otp/start", "/otp/verify", "/otp/resend"})
"""All that a client token is good for."""

ROUTES_AFTER_ITS_END = TOKEN_ROUTES - {"/otp/start"}
"""Where a client token stays good for what it started."""


def is_protected(path: str) -> bool:
    """Tell whether a path is for callers with a key alone, be there something at it or not."""
    return path == PROTECTED or path.startswith(f"{PROTECTED}/")


def check_scope(caller: Caller, route: str) -> None:
    """Let a caller through whose key is good for a route.

    Raises:
        Forbidden: it is not; nor is any key for a route without a row.
    """
    scope = SCOPE_OF_ROUTE.get(route)
    if scope is None:
        raise Forbidden
    caller.require(scope)


def check_token_route(route: str | None) -> None:
    """Let a client token through to the routes it is for, whatever key it was minted by.

    Raises:
        Forbidden: any other route, or none.
    """
    if route not in TOKEN_ROUTES:
        raise Forbidden("A client token starts, resends and verifies, and nothing else.")
