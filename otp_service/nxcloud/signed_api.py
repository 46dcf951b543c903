"""Signed exchanges with one API of the provider, each told to the journal.

Source:
    NXCloud, "API invocation convention": every API is called by POST, signed alike.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from otp_service.domain.events import ProviderAnswered, ProviderNeedsAttention
from otp_service.domain.verification import Channel
from otp_service.nxcloud.clock_check import TOLERANCE, Reminder, offset_in_words, offset_of
from otp_service.nxcloud.reading import CLOCK, UNSENDABLE, Reading
from otp_service.nxcloud.signing import Algorithm, Credentials, Operation, signed_headers
from otp_service.nxcloud.transport import Answer, Exchange, Transport
from otp_service.ports import Clock, Journal, SendReport, SendVerdict

LAST_TRY = 2

_SET_THE_CLOCK = "Set it with NTP: beyond 60 s the provider refuses every message."


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One API: where it is, what it is called in a signature, and how its answers read."""

    channel: Channel
    path: str
    operation: Operation
    read: Callable[[Exchange], Reading]


class SignedApi:
    """Exchanges bodies with one API.

    Args:
        algorithm: of the signature.
    """

    def __init__(
        self,
        transport: Transport,
        endpoint: Endpoint,
        *,
        credentials: Credentials,
        clock: Clock,
        journal: Journal,
        algorithm: Algorithm = Algorithm.MD5,
    ) -> None:
        self._transport = transport
        self._endpoint = endpoint
        self._credentials = credentials
        self._clock = clock
        self._journal = journal
        self._algorithm = algorithm
        self._clock_reminder = Reminder()

    @property
    def channel(self) -> Channel:
        """Say what is sent over this API."""
        return self._endpoint.channel

    def exchange(self, body: bytes, *, try_number: int) -> Reading:
        """Sign these very bytes, send them once, and judge what came of it.

        Args:
            try_number: 1, or 2 after the one allowed retry.
        """
        asked_at = self._clock.now()
        headers = signed_headers(
            self._credentials,
            self._endpoint.operation,
            now=asked_at,
            body=body,
            algorithm=self._algorithm,
        )
        exchange = self._transport.post(self._endpoint.path, body=body, headers=headers)
        reading = self._endpoint.read(exchange)
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

    def conclude(self, reading: Reading) -> SendReport:
        """Give the report of a message's last exchange, and call an operator where one must act."""
        if reading.advice and not reading.refuses_our_clock:
            self._call_for_attention(reading.report.reason, reading.advice)
        return reading.report

    def report_unsendable(self, problem: str) -> SendReport:
        """Give the report of a message that was not sent since it cannot be.

        Args:
            problem: names what is wrong with it, never what it holds.
        """
        self._call_for_attention(UNSENDABLE, f"A message was not sent: {problem}.")
        return SendReport(SendVerdict.FAILED, UNSENDABLE)

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
