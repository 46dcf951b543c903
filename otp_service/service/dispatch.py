"""Send one stored PIN and write down what became of it: the second half of start and resend."""

from datetime import timedelta

from otp_service.domain.events import MessageSent
from otp_service.domain.pin import Pin
from otp_service.domain.verification import Channel, DeliveryState, Verification
from otp_service.errors import (
    OtpError,
    PhoneUnreachable,
    ProviderFailed,
    ProviderMisconfigured,
    StoreUnavailable,
)
from otp_service.ports import (
    Journal,
    MessageSender,
    OutgoingMessage,
    SendOutcome,
    SendReport,
    SendVerdict,
    StartStore,
)

# How soon a caller may try again while the operator must act first.
MISCONFIGURED_RETRY = timedelta(seconds=30)

_KEPT = {
    SendVerdict.ACCEPTED: (SendOutcome.ACCEPTED, DeliveryState.ACCEPTED),
    SendVerdict.UNKNOWN: (SendOutcome.UNKNOWN, DeliveryState.UNKNOWN),
}


class Dispatcher:
    """Hands a stored verification's newest message to the provider and settles it."""

    def __init__(self, *, sender: MessageSender, store: StartStore, journal: Journal) -> None:
        self._sender = sender
        self._store = store
        self._journal = journal

    @property
    def channel(self) -> Channel:
        """Say what messages travel over."""
        return self._sender.channel

    def dispatch(self, verification: Verification, *, phone: str, pin: Pin) -> Verification:
        """Send, settle, and give the verification as it then stands.

        Args:
            verification: as stored, its last delivery being the message to send.
            phone: E.164 with its plus sign.

        Raises:
            PhoneUnreachable, ProviderFailed, ProviderMisconfigured: definitely not sent; the send,
                its PIN and its charges were taken back.
        """
        message = OutgoingMessage(
            phone=phone, pin=pin, plan=verification.plan, life=verification.life
        )
        report = self._sender.send(message)
        self._note(verification, report)
        kept = _KEPT.get(report.verdict)
        if kept is None:
            self._settle(verification, SendOutcome.TAKEN_BACK)
            raise _failure(report.verdict)
        outcome, state = kept
        settled = self._settle(verification, outcome, report.request_id)
        return settled or verification.with_last_delivery(state, report.request_id)

    def take_back(self, verification: Verification) -> None:
        """Undo the newest send of a verification before it was handed to the provider."""
        self._settle(verification, SendOutcome.TAKEN_BACK)

    def _settle(
        self, verification: Verification, outcome: SendOutcome, request_id: str | None = None
    ) -> Verification | None:
        """Write the outcome down, where the store can be reached.

        The record stood before the message left, so a store that went away since then changes
        nothing for the user: a code that arrives works as soon as the store is back, and charges
        that could not be given back end with their window.
        """
        try:
            return self._store.settle(verification, outcome, request_id)
        except StoreUnavailable:
            return None

    def _note(self, verification: Verification, report: SendReport) -> None:
        self._journal.record(
            MessageSent(
                application=verification.application_id,
                channel=self.channel,
                country=verification.country,
                template_id=verification.plan.template_id,
                language=verification.plan.language,
                outcome=report.verdict,
                reason=report.reason,
                provider_request_id=report.request_id,
            )
        )


def _failure(verdict: SendVerdict) -> OtpError:
    if verdict is SendVerdict.NUMBER_REFUSED:
        return PhoneUnreachable("The provider cannot reach this number.")
    if verdict is SendVerdict.MISCONFIGURED:
        return ProviderMisconfigured(
            "The service cannot send just now; its operator has been told.",
            retry_after=MISCONFIGURED_RETRY,
        )
    return ProviderFailed("The message could not be handed to the provider.")
