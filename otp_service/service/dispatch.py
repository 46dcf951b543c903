"""Send one stored PIN and write down what became of it; where it failed, send another instead."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import timedelta

from otp_service.budget_ports import Charged
from otp_service.domain.application import Application
from otp_service.domain.events import FallBackJudged
from otp_service.domain.idempotency import Idempotency
from otp_service.domain.identity import VerificationId
from otp_service.domain.keys import KeyRing, Use
from otp_service.domain.pin import Pin, draw_pin, pin_digest
from otp_service.domain.sealing import SealBroken, Sealer
from otp_service.domain.verification import FAILURES, Channel, DeliveryState, Verification
from otp_service.errors import (
    OtpError,
    PhoneUnreachable,
    ProviderFailed,
    ProviderMisconfigured,
    ServiceBusy,
    StoreUnavailable,
    TooManyRequests,
)
from otp_service.ports import (
    Journal,
    SendOutcome,
    SendReport,
    SendStore,
    SendVerdict,
    Settled,
)
from otp_service.service.gate import Gate, place_of
from otp_service.service.hand_over import HandOver
from otp_service.service.outcome import bar_word
from otp_service.service.receipt_notes import note_early

# How soon a caller may try again while the operator must act first.
MISCONFIGURED_RETRY = timedelta(seconds=30)

_KEPT = {
    SendVerdict.ACCEPTED: (SendOutcome.ACCEPTED, DeliveryState.ACCEPTED),
    SendVerdict.UNKNOWN: (SendOutcome.UNKNOWN, DeliveryState.UNKNOWN),
}
# What another channel may do better; our own set-up is for the operator to set right.
_WORTH_ANOTHER_CHANNEL = frozenset(
    {SendVerdict.NUMBER_REFUSED, SendVerdict.FAILED, SendVerdict.NOT_TRIED}
)
_FAILURES_OF_A_SEND = (PhoneUnreachable, ProviderFailed, ProviderMisconfigured)


class Dispatcher:
    """Hands a stored verification's newest message to a provider and settles it."""

    def __init__(
        self,
        *,
        hand_over: HandOver,
        keys: KeyRing,
        sealer: Sealer,
        store: SendStore,
        gate: Gate,
        journal: Journal,
    ) -> None:
        self._hand_over = hand_over
        self._keys = keys
        self._sealer = sealer
        self._store = store
        self._gate = gate
        self._journal = journal

    def room_for(self, channels: Iterable[Channel]) -> AbstractContextManager[None]:
        """Keep room for a message over one of these channels, before anything is done for it.

        Raises:
            ServiceBusy: on entry; none of them may be tried now, or there is no room.
        """
        return self._hand_over.room_for(channels)

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
        idempotency: Idempotency | None = None,
    ) -> Verification:
        """Send, settle, and give the verification as it then stands.

        What a channel definitely did not send goes over the application's next one, at once.

        Args:
            verification: as stored, its last delivery being the message to send.
            phone: E.164 with its plus sign.
            token_id: of the client token on whose behalf it goes out, if any.
            idempotency: of the request that is answered with the outcome.

        Raises:
            PhoneUnreachable, ProviderFailed, ProviderMisconfigured: definitely not sent, over the
                last channel tried; the send, its PIN and its charges were taken back.
            ServiceBusy: no channel was tried at all; likewise.
            StoreUnavailable: definitely not sent, and nothing more could be stored.
        """
        report = self._hand_over.send(application, verification, phone=phone, pin=pin)
        if report.verdict in _KEPT:
            return self._keep(application, verification, report, idempotency)
        if report.verdict in _WORTH_ANOTHER_CHANNEL:
            try:
                replaced = self._replace(application, verification, report, token_id=token_id)
            except StoreUnavailable:
                # It may be back in a moment; where the message was replaced, nothing is taken.
                self.take_back(verification, report.reason, idempotency=idempotency)
                raise
            if replaced is not None:
                again, its_pin, paid = replaced
                try:
                    return self.dispatch(
                        application,
                        again,
                        phone=phone,
                        pin=its_pin,
                        token_id=token_id,
                        idempotency=idempotency,
                    )
                except ServiceBusy as busy:
                    self._gate.give_back(paid)
                    if report.verdict is SendVerdict.NOT_TRIED:
                        raise
                    # This channel was tried, whatever became of the other.
                    raise _failure(report.verdict) from busy
        self.take_back(verification, report.reason, idempotency=idempotency)
        if report.verdict is SendVerdict.NOT_TRIED:
            last = verification.last_delivery.channel
            raise self._hand_over.busy(application.channels_from(last))
        raise _failure(report.verdict)

    def send_more(
        self,
        application: Application,
        verification: Verification,
        *,
        phone: str,
        pin: Pin,
        token_id: str | None = None,
        idempotency: Idempotency | None = None,
    ) -> Verification:
        """Charge and dispatch a message of a verification that has sent others.

        Args: as for ``dispatch``.

        Raises:
            TooManyRequests: a budget that many numbers share; the send was taken back, and so it
                is where that budget cannot be read.
            PhoneUnreachable, ProviderFailed, ProviderMisconfigured, StoreUnavailable: as for
                ``dispatch``; of what was charged, the money stays.
            ServiceBusy: as for ``dispatch``; nothing stays charged.
        """
        if verification.is_test:
            return self.dispatch(
                application, verification, phone=phone, pin=pin, idempotency=idempotency
            )
        try:
            place = place_of(application, verification, token_id=token_id)
            charged = self._gate.send(place, verification)
        except OtpError as refusal:
            self.take_back(verification, refusal.code, idempotency=idempotency)
            raise
        try:
            return self.dispatch(
                application,
                verification,
                phone=phone,
                pin=pin,
                token_id=token_id,
                idempotency=idempotency,
            )
        except ServiceBusy:
            self._gate.give_back(charged)
            raise
        except (ProviderFailed, ProviderMisconfigured, StoreUnavailable):
            self._gate.give_back_all_but_money(charged)
            raise

    def fall_back(
        self,
        application: Application,
        vid: VerificationId,
        *,
        channel: Channel,
        failed_send: int,
        is_number_refused: bool,
        idempotency: Idempotency | None = None,
    ) -> Verification | None:
        """Send over the next channel what a receipt says did not arrive; at most once.

        Args:
            channel: the one that failed.
            is_number_refused: it cannot reach this number at all.
            idempotency: of the request that is answered with the outcome, if one waits for it.

        Returns:
            The verification with its further message, or None where there was none to send.

        Raises:
            StoreUnavailable, ServiceBusy: nothing was sent.
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
            self._note_fall_back(application, wanted, "receipt", outcome=bar_word(stored))
            return None
        try:
            # No caller asked for it, so no client token is charged.
            sent = self.send_more(
                application,
                stored,
                phone=self.phone_of(stored),
                pin=pin,
                idempotency=idempotency,
            )
        except (SealBroken, TooManyRequests, *_FAILURES_OF_A_SEND) as failure:
            outcome = failure.code if isinstance(failure, OtpError) else "verification_not_found"
            self._note_fall_back(application, wanted, "receipt", outcome=outcome)
            return None
        self._note_fall_back(application, wanted, "receipt", verification=sent)
        return sent

    def phone_of(
        self, verification: Verification, *, idempotency: Idempotency | None = None
    ) -> str:
        """Give the sealed number of a verification whose last message was not sent yet.

        Raises:
            SealBroken: its secret was removed within its life; that message was taken back, for
                nobody can send it now.
        """
        try:
            return self._sealer.open(verification.sealed_phone, bound_to=verification.id.text)
        except SealBroken:
            self.take_back(verification, "seal_broken", idempotency=idempotency)
            raise

    def take_back(
        self, verification: Verification, reason: str, *, idempotency: Idempotency | None = None
    ) -> None:
        """Undo the newest send of a verification, which no provider took; why not, in a word."""
        self._settle(verification, SendOutcome.TAKEN_BACK, reason=reason, idempotency=idempotency)

    def _keep(
        self,
        application: Application,
        verification: Verification,
        report: SendReport,
        idempotency: Idempotency | None,
    ) -> Verification:
        outcome, state = _KEPT[report.verdict]
        settled = self._settle(
            verification,
            outcome,
            report.request_id,
            reason=report.reason,
            idempotency=idempotency,
        )
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
                idempotency=idempotency,
            )
        except (StoreUnavailable, ServiceBusy):
            # The message was taken, and its record stands: a start all the same.
            return kept
        return fallen or kept

    def _replace(
        self,
        application: Application,
        verification: Verification,
        report: SendReport,
        *,
        token_id: str | None,
    ) -> tuple[Verification, Pin, Charged | None] | None:
        channel = verification.last_delivery.channel
        wanted = application.channel_after(channel)
        if wanted is None or not self._hand_over.may_try(wanted):
            return None
        place = place_of(application, verification, token_id=token_id)
        # What a provider bills of a message that it saw is not for us to say.
        paid_for = channel if report.verdict is SendVerdict.NOT_TRIED else None
        try:
            paid = self._gate.pay(place, verification, wanted, paid=paid_for)
        except TooManyRequests as refusal:
            self._note_fall_back(application, wanted, report.verdict.value, outcome=refusal.code)
            return None
        pin, digest = self.draw(application, verification.id)
        try:
            replaced = self._store.replace_send(
                verification,
                application,
                pin_digest=digest,
                channel=wanted,
                is_number_refused=report.verdict is SendVerdict.NUMBER_REFUSED
                and channel is Channel.VIBER,
                reason=report.reason,
            )
        except StoreUnavailable:
            self._gate.give_back(paid)
            raise
        if replaced is None:
            self._gate.give_back(paid)
            return None
        self._note_fall_back(application, wanted, report.verdict.value, verification=replaced)
        return replaced, pin, paid

    def _settle(
        self,
        verification: Verification,
        outcome: SendOutcome,
        request_id: str | None = None,
        *,
        reason: str,
        idempotency: Idempotency | None,
    ) -> Settled:
        """Write the outcome down, where the store can be reached.

        The record stood before the message left, so a store that went away since then changes
        nothing for the user: a code that arrives works as soon as the store is back, and charges
        that could not be given back end with their window.
        """
        try:
            return self._store.settle(
                verification, outcome, request_id, reason=reason, idempotency=idempotency
            )
        except StoreUnavailable:
            return Settled()

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


def _failure(verdict: SendVerdict) -> OtpError:
    if verdict is SendVerdict.NUMBER_REFUSED:
        return PhoneUnreachable("The provider cannot reach this number.")
    if verdict is SendVerdict.MISCONFIGURED:
        return ProviderMisconfigured(
            "The service cannot send just now; its operator has been told.",
            retry_after=MISCONFIGURED_RETRY,
        )
    return ProviderFailed("The message could not be handed to the provider.")
