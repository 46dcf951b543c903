"""The provider's address for Viber: ``POST /api/viber/mt``."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from otp_service.simulator import sending, submission
from otp_service.simulator.answer import ACCOUNT_UNAVAILABLE, Refused, accepted, refused
from otp_service.simulator.chat import Message
from otp_service.simulator.sending import Channel, Provider
from otp_service.simulator.signature import Business


def blueprint(provider: Provider) -> Blueprint:
    """Give the route of this provider."""
    routes = Blueprint("viber", __name__)

    @routes.post("/api/viber/mt")
    def send() -> Response:
        return sending.answer(provider, VIBER, request)

    return routes


def _take(provider: Provider, content: Mapping[str, Any], *, sender_ip: str) -> Message:  # noqa: ARG001 - Viber asks for no address
    if not provider.account.terms.is_enabled:
        raise Refused(ACCOUNT_UNAVAILABLE, "the account is disabled")
    asked = submission.read(content, appkey=provider.keys.appkey, dialect=provider.dialect)
    now = provider.clock()
    charge = provider.account.charge_viber(asked, at=now)
    message = provider.inbox.deliver(asked, at=now, billed_as=charge.billed_as)
    provider.delivery.begin(message, charge)
    return message


VIBER = Channel(
    name="viber",
    business=Business(biz_type="7", action="mt"),
    take=_take,
    accepted=accepted,
    refused=refused,
)
