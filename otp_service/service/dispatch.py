"""Send one stored PIN and write down what became of it; where it failed, send another instead."""

from collections.abc import Mapping
from datetime import timedelta

from otp_service.domain.application import Application
from otp_service.domain.events import FallBackJudged, MessageSent
from otp_service.domain.identity import VerificationId
from otp_service.domain.keys import KeyRing, Use
from otp_service.domain.message_text import BRAND_FIELD
from otp_service.domain.pin import Pin, draw_pin, pin_digest
from otp_service.domain.sealing import SealBroken, Sealer
from otp_service.domain.verification import FAILURES, Channel, DeliveryState, Verification
from otp_service.errors import (
    OtpError,
    PhoneUnreachable,
    ProviderFailed,
    ProviderMisconfigured,
    StoreUnavailable,
    TooManyRequests,
)
from otp_service.ports import (
    Ended,
    Journal,
    MessageSender,
    NoResend,
    OutgoingMessage,
    OverBudget,
    SendOutcome,
    SendReport,
    SendStore,
    SendVerdict,
    Settled,
)
from otp_service.service.gate import Gate, place_of
from otp_service.service.outcome import ending
from otp_service.service.receipt_notes import note_early

# How soon a caller may try again while the operator must act first.
MISCONFIGURED_RETRY = timedelta(seconds=30)

_KEPT = {
    SendVerdict.ACCEPTED: (SendOutcome.ACCEPTED, DeliveryState.ACCEPTED),
    SendVerdict.UNKNOWN: (SendOutcome.UNKNOWN, DeliveryState.UNKNOWN),
}
_UNSENT = SendReport(SendVerdict.ACCEPTED, "test_number")
# What another channel may do better; our own set-up is for the operator to set right.
_WORTH_ANOTHER_CHANNEL = frozenset({SendVerdict.NUMBER_REFUSED, SendVerdict.FAILED})
_FAILURES_OF_A_SEND = (PhoneUnreachable, ProviderFailed, ProviderMisconfigured)


class Dispatcher:
    """Hands a stored verification's newest message to a provider and settles it.

    Args:
        senders: one for each channel that any application has.
    """

    def __init__(
        self,
        *,
        senders: Mapping[Channel, MessageSender],
        keys: KeyRing,
        sealer: Sealer,
        store: SendStore,
        gate: Gate,
        journal: Journal,
    ) -> None:
        self._senders = senders
        self._keys = keys
        self._sealer = sealer
        self._store = store
        self._gate = gate
        self._journal = journal

    def draw(self, application: Application, vid: VerificationId) -> tuple[Pin, bytes]:
        """Draw the PIN of one more message of a verification, with the digest to store."""
        pin = draw_pin(application.rules.pin_digits)
        key = self._keys.newest(Use.PIN)
        return pin, pin_digest(key, verification_id=vid.text, digits=pin.digits)

    def dispatch(
        self,
        application: Application,
        verification: Verification,
        *,
        phone: str,
        pin: Pin,
        token_id: str | None = None,
    ) -> Verification:
        """Send, settle, and give the verification as it then stands.

        What a channel definitely did not send goes over the application's next one, at once.

        Args:
            verification: as stored, its last delivery being the message to send.
            phone: E.164 with its plus sign.
            token_id: of the client token on whose behalf it goes out, if any.

        Raises:
            PhoneUnreachable, ProviderFailed, ProviderMisconfigured: definitely not sent, over the
                last channel tried; the send, its PIN and its charges were taken back.
            StoreUnavailable: definitely not sent, and nothing more could be stored.
        """
        report = self._send(application, verification, phone=phone, pin=pin)
        if report.verdict in _KEPT:
            return self._keep(application, verification, report)
        if report.verdict in _WORTH_ANOTHER_CHANNEL:
            try:
                replaced = self._replace(
                    application, verification, report.verdict, token_id=token_id
                )
            except StoreUnavailable:
                # It may be back in a moment; where the message was replaced, nothing is taken.
                self.take_back(verification)
                raise
            if replaced is not None:
                again, its_pin = replaced
                return self.dispatch(
                    application, again, phone=phone, pin=its_pin, token_id=token_id
                )
        self.take_back(verification)
        raise _failure(report.verdict)

    def fall_back(
        self,
        application: Application,
        vid: VerificationId,
        *,
        channel: Channel,
        failed_send: int,
        is_number_refused: bool,
    ) -> Verification | None:
        """Send over the next channel what a receipt says did not arrive; at most once.

        Args:
            channel: the one that failed.
            is_number_refused: it cannot reach this number at all.

        Returns:
            The verification with its further message, or None where there was none to send.

        Raises:
            StoreUnavailable: nothing was sent.
        """
        wanted = application.channel_after(channel)
        if wanted is None:
            return None
        pin, digest = self.draw(application, vid)
        stored = self._store.fall_back(
            vid,
            application,
            pin_digest=digest,
            channel=wanted,
            failed_send=failed_send,
            is_number_refused=is_number_refused and channel is Channel.VIBER,
        )
        if not isinstance(stored, Verification):
            self._note_fall_back(application, wanted, "receipt", outcome=_bar(stored))
            return None
        try:
            sent = self._send_charged(application, stored, phone=self.phone_of(stored), pin=pin)
        except (SealBroken, TooManyRequests, *_FAILURES_OF_A_SEND) as failure:
            outcome = failure.code if isinstance(failure, OtpError) else "verification_not_found"
            self._note_fall_back(application, wanted, "receipt", outcome=outcome)
            return None
        self._note_fall_back(application, wanted, "receipt", verification=sent)
        return sent

    def phone_of(self, verification: Verification) -> str:
        """Give the sealed number of a verification whose last message was not sent yet.

        Raises:
            SealBroken: its secret was removed within its life; that message was taken back, for
                nobody can send it now.
        """
        try:
            return self._sealer.open(verification.sealed_phone, bound_to=verification.id.text)
        except SealBroken:
            self.take_back(verification)
            raise

    def take_back(self, verification: Verification) -> None:
        """Undo the newest send of a verification, which no provider took."""
        self._settle(verification, SendOutcome.TAKEN_BACK)

    def _send_charged(
        self, application: Application, stored: Verification, *, phone: str, pin: Pin
    ) -> Verification:
        # No caller asked for it, so no client token is charged.
        try:
            charged = self._gate.send(place_of(application, stored), stored)
        except OtpError:
            self.take_back(stored)
            raise
        try:
            return self.dispatch(application, stored, phone=phone, pin=pin)
        except (ProviderFailed, ProviderMisconfigured, StoreUnavailable):
            self._gate.give_back_all_but_money(charged)
            raise

    def _keep(
        self, application: Application, verification: Verification, report: SendReport
    ) -> Verification:
        outcome, state = _KEPT[report.verdict]
        settled = self._settle(verification, outcome, report.request_id)
        kept = settled.verification or verification.with_last_delivery(state, report.request_id)
        if settled.early is None or report.request_id is None:
            return kept
        note_early(self._journal, settled.early, request_id=report.request_id)
        if settled.early.state not in FAILURES:
            return kept
        try:
            fallen = self.fall_back(
                application,
                verification.id,
                channel=kept.last_delivery.channel,
                failed_send=kept.last_delivery.send,
                is_number_refused=settled.early.is_number_refused,
            )
        except StoreUnavailable:
            # The message was taken, and its record stands: a start all the same.
            return kept
        return fallen or kept

    def _replace(
        self,
        application: Application,
        verification: Verification,
        verdict: SendVerdict,
        *,
        token_id: str | None,
    ) -> tuple[Verification, Pin] | None:
        channel = verification.last_delivery.channel
        wanted = application.channel_after(channel)
        if wanted is None:
            return None
        place = place_of(application, verification, token_id=token_id)
        try:
            self._gate.pay(place, verification, wanted)
        except TooManyRequests as refusal:
            self._note_fall_back(application, wanted, verdict.value, outcome=refusal.code)
            return None
        pin, digest = self.draw(application, verification.id)
        replaced = self._store.replace_send(
            verification,
            application,
            pin_digest=digest,
            channel=wanted,
            is_number_refused=verdict is SendVerdict.NUMBER_REFUSED and channel is Channel.VIBER,
        )
        if replaced is None:
            return None
        self._note_fall_back(application, wanted, verdict.value, verification=replaced)
        return replaced, pin

    def _settle(
        self, verification: Verification, outcome: SendOutcome, request_id: str | None = None
    ) -> Settled:
        """Write the outcome down, where the store can be reached.

        The record stood before the message left, so a store that went away since then changes
        nothing for the user: a code that arrives works as soon as the store is back, and charges
        that could not be given back end with their window.
        """
        try:
            return self._store.settle(verification, outcome, request_id)
        except StoreUnavailable:
            return Settled()

    def _send(
        self, application: Application, verification: Verification, *, phone: str, pin: Pin
    ) -> SendReport:
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

    def _note_fall_back(
        self,
        application: Application,
        channel: Channel,
        cause: str,
        *,
        verification: Verification | None = None,
        outcome: str = "fallen_back",
    ) -> None:
        self._journal.record(
            FallBackJudged(
                application=application.id,
                channel=channel,
                outcome=outcome,
                cause=cause,
                country=verification.country if verification else None,
                phone=verification.masked_phone if verification else None,
                verification_id=verification.id.random if verification else None,
            )
        )


def _bar(answer: NoResend | OverBudget | Ended | None) -> str:
    """Say in a word why nothing is sent instead."""
    match answer:
        case None:
            return "verification_not_found"
        case Ended():
            return ending(answer).code
        case NoResend():
            return answer.bar.value
        case OverBudget():
            return "too_many_requests"


def _failure(verdict: SendVerdict) -> OtpError:
    if verdict is SendVerdict.NUMBER_REFUSED:
        return PhoneUnreachable("The provider cannot reach this number.")
    if verdict is SendVerdict.MISCONFIGURED:
        return ProviderMisconfigured(
            "The service cannot send just now; its operator has been told.",
            retry_after=MISCONFIGURED_RETRY,
        )
    return ProviderFailed("The message could not be handed to the provider.")
