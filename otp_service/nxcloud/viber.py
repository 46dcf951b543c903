"""Sends template messages over the provider's Viber channel.

Source:
    NXCloud, "Send Message" (Viber): path, bizType and action.
"""

from datetime import datetime, timedelta

from otp_service.domain.events import (
    ProviderAnswered,
    ProviderDialectChosen,
    ProviderNeedsAttention,
)
from otp_service.domain.verification import Channel
from otp_service.nxcloud.clock_check import TOLERANCE, Reminder, offset_in_words, offset_of
from otp_service.nxcloud.dialect import DialectChoice
from otp_service.nxcloud.otp_template import Dialect, UnsendableMessage, template_body
from otp_service.nxcloud.signing import Algorithm, Credentials, Operation, signed_headers
from otp_service.nxcloud.transport import Answer, Transport
from otp_service.nxcloud.viber_answer import CLOCK, UNSENDABLE, Reading, read_exchange
from otp_service.ports import Clock, Journal, OutgoingMessage, SendReport, SendVerdict

_PATH = "/api/viber/mt"
_OPERATION = Operation(biz_type="7", action="mt")
_LAST_TRY = 2
_SET_THE_CLOCK = "Set it with NTP: beyond 60 s the provider refuses every message."


class ViberSender:
    """Hands messages to the provider, each at most once as far as anyone can know.

    Args:
        appkey: which of the account's applications the messages belong to.
        dialect: how the account's endpoint wants the fields spelled; None to find it out.
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
        self._transport = transport
        self._credentials = credentials
        self._appkey = appkey
        self._clock = clock
        self._journal = journal
        self._dialects = DialectChoice(dialect)
        self._algorithm = algorithm
        self._clock_reminder = Reminder()

    @property
    def channel(self) -> Channel:
        """Say that this sends over Viber."""
        return Channel.VIBER

    def send(self, message: OutgoingMessage) -> SendReport:
        """Send one message; never raises for what the provider or the line does."""
        try:
            reading = self._send(message)
        except UnsendableMessage as problem:
            self._call_for_attention(UNSENDABLE, f"A message was not sent: {problem}.")
            return SendReport(SendVerdict.FAILED, UNSENDABLE)
        if reading.advice and not reading.refuses_our_clock:
            self._call_for_attention(reading.report.reason, reading.advice)
        return reading.report

    def _send(self, message: OutgoingMessage) -> Reading:
        """Exchange until there is nothing left that may be tried: three times at the very most.

        One retry a message, whichever the spelling, and one change of the spelling.
        """
        dialect = self._dialects.first()
        tried = {dialect}
        try_number = 1
        while True:
            reading = self._exchange(message, dialect=dialect, try_number=try_number)
            if reading.may_be_retried and try_number < _LAST_TRY:
                try_number += 1
                continue
            if reading.is_accepted and self._dialects.accepted(dialect):
                self._journal.record(ProviderDialectChosen(dialect.value))
            other = self._dialects.after_refusal(tried) if reading.refuses_a_field else None
            if other is None:
                return reading
            dialect = other
            tried.add(dialect)

    def _exchange(self, message: OutgoingMessage, *, dialect: Dialect, try_number: int) -> Reading:
        body = template_body(message, appkey=self._appkey, dialect=dialect)
        asked_at = self._clock.now()
        headers = signed_headers(
            self._credentials, _OPERATION, now=asked_at, body=body, algorithm=self._algorithm
        )
        exchange = self._transport.post(_PATH, body=body, headers=headers)
        reading = read_exchange(exchange)
        self._journal.record(
            ProviderAnswered(
                channel=self.channel.value,
                reason=reading.report.reason,
                took=exchange.took,
                try_number=try_number,
            )
        )
        if isinstance(exchange, Answer):
            self._watch_clock(offset_of(exchange, asked_at=asked_at), reading, asked_at)
        return reading

    def _watch_clock(self, offset: timedelta | None, reading: Reading, asked_at: datetime) -> None:
        measured = "" if offset is None else offset_in_words(offset)
        is_off = offset is not None and abs(offset) > TOLERANCE
        # A refusal is always said, and stands for the reminder of the next minute too.
        if reading.refuses_our_clock:
            self._clock_reminder.is_due(asked_at)
            self._call_for_attention(CLOCK, f"{reading.advice} {measured}".rstrip())
        elif is_off and self._clock_reminder.is_due(asked_at):
            self._call_for_attention(CLOCK, f"{measured} {_SET_THE_CLOCK}")

    def _call_for_attention(self, reason: str, advice: str) -> None:
        self._journal.record(
            ProviderNeedsAttention(channel=self.channel.value, reason=reason, advice=advice)
        )
