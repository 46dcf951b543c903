"""A client of the provider's whole Viber send call, to be used on its own."""

from dataclasses import dataclass, field
from typing import Any

from otp_service.domain.events import Event
from otp_service.domain.rate import Billing
from otp_service.domain.viber_message import ViberMessage
from otp_service.nxcloud.otp_template import Dialect
from otp_service.nxcloud.signing import Algorithm, Credentials
from otp_service.nxcloud.system_clock import SystemClock
from otp_service.nxcloud.transport import Transport
from otp_service.nxcloud.viber_body import message_content
from otp_service.nxcloud.viber_line import ViberLine
from otp_service.ports import Clock, Journal
from otp_service.service.send_message import SendMessage, SendResult
from otp_service.session_ports import SessionStore


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be sent.

    Args:
        content: the body as JSON has it, all but the appkey.
        billing: as in a ``SendResult``.
    """

    content: dict[str, Any] = field(repr=False)
    billing: Billing | None


class ViberClient:
    """Sends messages of every function type. One instance serves all threads of a process.

    Args:
        appkey: which of the account's applications the messages belong to.
        clock: the machine's own if None.
        journal: told of every exchange, and of what an operator should set right; nobody if None.
        dialect: how the account's endpoint wants the fields of a template spelled; None to find it
            out.
        algorithm: of the signature.
        sessions: None where nobody keeps them; then no Session message is refused, and none's
            billing is foretold.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        credentials: Credentials,
        appkey: str,
        clock: Clock | None = None,
        journal: Journal | None = None,
        dialect: Dialect | None = None,
        algorithm: Algorithm = Algorithm.MD5,
        sessions: SessionStore | None = None,
    ) -> None:
        self._line = ViberLine(
            transport,
            credentials=credentials,
            appkey=appkey,
            clock=clock or SystemClock(),
            journal=journal or _NoJournal(),
            dialect=dialect,
            algorithm=algorithm,
        )
        self._send = SendMessage(line=self._line, sessions=sessions)

    def send(
        self, phone: str, message: ViberMessage, *, registered_template: bool = False
    ) -> SendResult:
        """Send one message, at most once as far as anyone can know.

        Args:
            phone: in international form, with a plus sign.
            registered_template: whether the text matches a template that Viber has registered for
                the account; without it no Transactional text goes to Russia, Ukraine or Belarus.

        Raises:
            InvalidRequest: names every field with which the provider would refuse it, by the names
                of these arguments and of the message's class; nothing was sent.
            StoreUnavailable: the session could not be judged; nothing was sent.
        """
        return self._send(phone, message, registered_template=registered_template)

    def preview(
        self, phone: str, message: ViberMessage, *, registered_template: bool = False
    ) -> Preview:
        """Show what would be sent now, and send nothing; raises as ``send``."""
        forecast = self._send.foretell(phone, message, registered_template=registered_template)
        content = message_content(message, phone=forecast.phone, dialect=self._line.dialect)
        return Preview(content, forecast.billing)


class _NoJournal:
    """Takes note of nothing."""

    def record(self, event: Event) -> None:
        """Let it pass."""
