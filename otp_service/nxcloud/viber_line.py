"""Hands messages over to the provider's Viber API.

Source:
    NXCloud, "Send Message" (Viber): path, bizType and action.
"""

from otp_service.domain.events import ProviderDialectChosen
from otp_service.domain.verification import Channel
from otp_service.domain.viber_message import OtpTemplate, ViberMessage
from otp_service.domain.viber_rules import message_problems
from otp_service.errors import InvalidRequest
from otp_service.nxcloud.dialect import DialectChoice
from otp_service.nxcloud.otp_template import Dialect
from otp_service.nxcloud.reading import Reading
from otp_service.nxcloud.signed_api import LAST_TRY, Endpoint, SignedApi
from otp_service.nxcloud.signing import Algorithm, Credentials, Operation
from otp_service.nxcloud.transport import Transport
from otp_service.nxcloud.viber_answer import read_exchange
from otp_service.nxcloud.viber_body import message_body
from otp_service.ports import Clock, Journal, SendReport

_ENDPOINT = Endpoint(
    channel=Channel.VIBER,
    path="/api/viber/mt",
    operation=Operation(biz_type="7", action="mt"),
    read=read_exchange,
)


class ViberLine:
    """Hands messages over, each at most once as far as anyone can know.

    Args:
        appkey: which of the account's applications the messages belong to.
        dialect: how the account's endpoint wants the fields of a template spelled; None to find it
            out.
        algorithm: of the signature.
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
        self._api = SignedApi(
            transport,
            _ENDPOINT,
            credentials=credentials,
            clock=clock,
            journal=journal,
            algorithm=algorithm,
        )
        self._appkey = appkey
        self._journal = journal
        self._dialects = DialectChoice(dialect)

    @property
    def dialect(self) -> Dialect:
        """How the fields of a template are spelled as far as is known."""
        return self._dialects.first()

    def hand_over(self, phone: str, message: ViberMessage) -> SendReport:
        """Send one message; never raises for what the provider or the line does.

        A message with problems is not sent.
        """
        if problems := message_problems(message):
            return self._api.report_unsendable(str(InvalidRequest(*problems)))
        return self._api.conclude(self._send(phone, message))

    def _send(self, phone: str, message: ViberMessage) -> Reading:
        """Exchange until there is nothing left that may be tried: three times at the very most.

        One retry a message, whichever the spelling, and one change of the spelling. Only a template
        is spelled in two ways, and only its success tells which is right.
        """
        dialect = self._dialects.first()
        tried = {dialect}
        try_number = 1
        while True:
            body = message_body(message, phone=phone, appkey=self._appkey, dialect=dialect)
            reading = self._api.exchange(body, try_number=try_number)
            if reading.may_be_retried and try_number < LAST_TRY:
                try_number += 1
                continue
            if not isinstance(message, OtpTemplate):
                return reading
            if reading.is_accepted and self._dialects.accepted(dialect):
                self._journal.record(ProviderDialectChosen(dialect.value))
            other = self._dialects.after_refusal(tried) if reading.refuses_a_field else None
            if other is None:
                return reading
            dialect = other
            tried.add(dialect)
