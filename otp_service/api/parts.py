"""What the routes are given to work with."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app

from otp_service.api.operator_access import OperatorAccess
from otp_service.api.peer import TrustedProxies
from otp_service.domain.client_address import AddressScheme
from otp_service.domain.idempotency import IdempotencyScheme
from otp_service.service.use_cases import UseCases

_NAME = "otp_service"


@dataclass(frozen=True, slots=True)
class Parts:
    """What stands behind the routes of one app.

    Args:
        proxies: those in front of the service.
        operators: knows who may see what operators see.
        readiness: why the service cannot do its work now; empty if it can.
        is_ending: whether new callers should go elsewhere.
        metrics: the exposition and its media type.
    """

    use_cases: UseCases
    addresses: AddressScheme
    proxies: TrustedProxies
    idempotency: IdempotencyScheme
    operators: OperatorAccess
    readiness: Callable[[], tuple[str, ...]]
    is_ending: Callable[[], bool]
    metrics: Callable[[], tuple[bytes, str]]

    def install(self, app: Flask) -> None:
        """Hand these to the routes of an app."""
        app.extensions[_NAME] = self


def current_parts() -> Parts:
    """Give the parts of the app that serves the request."""
    parts: Parts = current_app.extensions[_NAME]
    return parts
