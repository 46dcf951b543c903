"""Sends PINs over the provider's SMS channel.

Source:
    NXCloud, "SMS v2": path, bizType, action and the fields of the body.
"""

import re
import uuid
from collections.abc import Callable

from otp_service.domain.sms_text import compose_sms
from otp_service.domain.verification import Channel
from otp_service.nxcloud.json_text import json_text
from otp_service.nxcloud.signed_api import LAST_TRY, Endpoint, SignedApi
from otp_service.nxcloud.signing import Algorithm, Credentials, Operation
from otp_service.nxcloud.sms_answer import read_exchange
from otp_service.nxcloud.transport import Transport
from otp_service.ports import Clock, Journal, OutgoingMessage, SendReport

MAX_CONTENT_CHARACTERS = 1_000

_ENDPOINT = Endpoint(
    channel=Channel.SMS,
    path="/api/sms/mtsend_v2",
    operation=Operation(biz_type="3", action="mtsend"),
    read=read_exchange,
)
_SOURCE_ADDRESS = re.compile(r"[0-9A-Za-z]{1,20}")


class SmsSender:
    """Hands messages to the provider, each at most once as far as anyone can know.

    No receipt is asked for: what one of an SMS looks like is not published.

    Args:
        appkey: which of the account's applications the messages belong to.
        compose: writes the text of a message, its PIN included.
        source_address: who the message says it is from, 1 to 20 letters or digits; None leaves
            that to the account.
        algorithm: of the signature.

    Raises:
        ValueError: the source address has another form.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        credentials: Credentials,
        appkey: str,
        compose: Callable[[OutgoingMessage], str],
        clock: Clock,
        journal: Journal,
        source_address: str | None = None,
        algorithm: Algorithm = Algorithm.MD5,
    ) -> None:
        if source_address is not None and not _SOURCE_ADDRESS.fullmatch(source_address):
            raise ValueError("an SMS's source address has 1 to 20 letters or digits")
        self._api = SignedApi(
            transport,
            _ENDPOINT,
            credentials=credentials,
            clock=clock,
            journal=journal,
            algorithm=algorithm,
        )
        self._appkey = appkey
        self._compose = compose
        self._source_address = source_address

    @property
    def channel(self) -> Channel:
        """Say that this sends over SMS."""
        return self._api.channel

    def send(self, message: OutgoingMessage) -> SendReport:
        """Send one message; never raises for what the provider or the line does."""
        content = self._compose(message)
        if not 1 <= len(content) <= MAX_CONTENT_CHARACTERS:
            problem = f"its text has not 1 to {MAX_CONTENT_CHARACTERS} characters"
            return self._api.report_unsendable(problem)
        # Signed anew, a retry carries the same bytes: to the provider it is the same message.
        body = self._body(message.phone, content)
        reading = self._api.exchange(body, try_number=1)
        if reading.may_be_retried:
            reading = self._api.exchange(body, try_number=LAST_TRY)
        return self._api.conclude(reading)

    def _body(self, phone: str, content: str) -> bytes:
        """Give the exact bytes to sign and to send, all ASCII."""
        fields = {
            "appKey": self._appkey,
            "phone": phone.removeprefix("+"),
            "content": content,
            "sysMessageId": str(uuid.uuid4()),
        }
        if self._source_address is not None:
            fields["sourceAddress"] = self._source_address
        return json_text(fields).encode("ascii")


def sms_content(message: OutgoingMessage) -> str:
    """Give the text of an SMS that carries a message's PIN."""
    return compose_sms(
        message.pin,
        language=message.plan.language,
        life=message.life,
        brand=message.brand,
        autofill=message.autofill,
    ).text
