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
    }
)
"""A row for every route under that path, by its pattern."""


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
