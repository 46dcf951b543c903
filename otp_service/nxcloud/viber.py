"""Sends PINs over the provider's Viber channel, each in one of the nine templates."""

from otp_service.domain.templates import TEMPLATES
from otp_service.domain.verification import Channel
from otp_service.domain.viber_message import OtpTemplate
from otp_service.nxcloud.otp_template import Dialect
from otp_service.nxcloud.signing import Algorithm, Credentials
from otp_service.nxcloud.transport import Transport
from otp_service.nxcloud.viber_line import ViberLine
from otp_service.ports import Clock, Journal, OutgoingMessage, SendReport


class ViberSender:
    """Hands messages to the provider, each at most once as far as anyone can know.

    Args: as for ``ViberLine``.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        credentials: Credentials,
        appkey: str,
        clock: Clock,
        journal: Journal,
        dialect: Dialect | None = None,
        algorithm: Algorithm = Algorithm.MD5,
    ) -> None:
        self._line = ViberLine(
            transport,
            credentials=credentials,
            appkey=appkey,
            clock=clock,
            journal=journal,
            dialect=dialect,
            algorithm=algorithm,
        )

    @property
    def channel(self) -> Channel:
        """Say that this sends over Viber."""
        return Channel.VIBER

    def send(self, message: OutgoingMessage) -> SendReport:
        """Send one message; never raises for what the provider or the line does."""
        return self._line.hand_over(message.phone, template_message(message))


def template_message(message: OutgoingMessage) -> OtpTemplate:
    """Give the Viber message of a plan; a plan without a template makes one that cannot be sent."""
    plan = message.plan
    template = TEMPLATES.get(plan.template_id or 0)
    # A plan may hold more than its template: what another channel's message would say.
    held = template.fields if template else ()
    return OtpTemplate(
        template_id=plan.template_id or 0,
        pin=message.pin,
        language=plan.language,
        life=message.life,
        texts={name: plan.texts[name] for name in held if name in plan.texts},
    )
