"""Hand one message over to its channel, if there is room for it and the channel may be tried."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from otp_service.domain.application import Application
from otp_service.domain.circuit import A_MOMENT
from otp_service.domain.events import MessageSent
from otp_service.domain.message_text import BRAND_FIELD
from otp_service.domain.pin import Pin
from otp_service.domain.verification import Channel, Verification
from otp_service.errors import ServiceBusy
from otp_service.ports import Journal, OutgoingMessage, SendReport, SendVerdict
from otp_service.service.breaker import CIRCUIT_OPEN, Breaker
from otp_service.service.bulkhead import Bulkhead

_UNSENT = SendReport(SendVerdict.ACCEPTED, "test_number")


class HandOver:
    """The ways to a provider.

    Args:
        senders: one for each channel that any application has.
    """

    def __init__(
        self, *, senders: Mapping[Channel, Breaker], bulkhead: Bulkhead, journal: Journal
    ) -> None:
        self._senders = senders
        self._bulkhead = bulkhead
        self._journal = journal

    @contextmanager
    def room_for(self, channels: Iterable[Channel]) -> Iterator[None]:
        """Keep room for a message over one of these channels for as long as the block runs.

        Waits for nothing and asks no store.

        Raises:
            ServiceBusy: none of them may be tried now, or there is no room.
        """
        channels = tuple(channels)
        if not any(map(self.may_try, channels)):
            raise self.busy(channels)
        with self._bulkhead.entered():
            yield

    def may_try(self, channel: Channel) -> bool:
        """Tell whether a message over this channel would be tried now."""
        return not self._senders[channel].wait()

    def busy(self, channels: Iterable[Channel]) -> ServiceBusy:
        """Give the refusal of a message that none of these channels is tried for."""
        soonest = min((self._senders[channel].wait() for channel in channels), default=timedelta())
        return ServiceBusy(
            "The provider does not answer; nothing was tried.",
            retry_after=max(A_MOMENT, soonest),
            reason=CIRCUIT_OPEN,
        )

    def send(
        self, application: Application, verification: Verification, *, phone: str, pin: Pin
    ) -> SendReport:
        """Send the newest message of a verification; of a test number's, none leaves.

        Args:
            phone: E.164 with its plus sign.
        """
        if verification.is_test:
            # Every way to a provider comes through here, whatever a caller or a receipt set off.
            return _UNSENT
        plan = verification.plan
        report = self._senders[plan.channel].send(
            OutgoingMessage(
                phone=phone,
                pin=pin,
                plan=plan,
                life=verification.life,
                brand=plan.texts.get(BRAND_FIELD, application.brand),
                autofill=application.autofill,
            )
        )
        self._journal.record(
            MessageSent(
                application=verification.application_id,
                channel=plan.channel,
                country=verification.country,
                template_id=plan.template_id,
                language=plan.language,
                outcome=report.verdict,
                reason=report.reason,
                provider_request_id=report.request_id,
            )
        )
        return report
