"""Send one more message of a pending verification, with a PIN of its own."""

from contextlib import nullcontext

from otp_service.domain.application import Application
from otp_service.domain.call import Call
from otp_service.domain.events import ResendJudged
from otp_service.domain.idempotency import KeyHeld, Replayed
from otp_service.domain.identity import IdScheme, VerificationId
from otp_service.domain.sealing import SealBroken
from otp_service.domain.verification import Channel, Verification
from otp_service.errors import (
    FieldProblem,
    InvalidRequest,
    OtpError,
    Quota,
    ResendTooSoon,
    SendLimitReached,
    VerificationNotFound,
)
from otp_service.ports import (
    Ended,
    Journal,
    NoResend,
    NotTheTokens,
    OverBudget,
    ResendAnswer,
    ResendBar,
    ResendStore,
)
from otp_service.service.dispatch import Dispatcher
from otp_service.service.fixed_pins import FixedPins
from otp_service.service.gate import too_many
from otp_service.service.idempotency import REPLAYED, refusal_of
from otp_service.service.outcome import behind, ending, strangers_verification


class ResendCode:
    """The use case."""

    def __init__(
        self,
        *,
        ids: IdScheme,
        store: ResendStore,
        dispatcher: Dispatcher,
        fixed_pins: FixedPins,
        journal: Journal,
    ) -> None:
        self._ids = ids
        self._store = store
        self._dispatcher = dispatcher
        self._fixed_pins = fixed_pins
        self._journal = journal

    def __call__(
        self, call: Call, verification_id: str, channel: Channel | None = None
    ) -> Verification:
        """Give the verification with its further message, accepted or of unknown fate.

        Args:
            channel: the one wanted; None for the application's own choice.

        Raises:
            InvalidRequest: a channel that this application does not have.
            VerificationNotFound, VerificationEnded: nothing to resend.
            Forbidden: the call's client token did not start it.
            ResendTooSoon, SendLimitReached: the verification's own limits.
            TooManyRequests: a budget; nothing was charged.
            IdempotencyKeyReused, RequestInProgress: the call's Idempotency-Key is held.
            PhoneUnreachable, ProviderFailed, ProviderMisconfigured: definitely not sent; this send
                was taken back, what was sent before still works. Its money stays charged.
            ServiceBusy: no channel is tried now, or too many messages are on their way; nothing
                was done.
            StoreUnavailable: nothing was sent.
        """
        application = call.application
        try:
            verification, outcome = self._resend(call, verification_id, channel)
        except OtpError as refusal:
            self._journal.record(
                ResendJudged(
                    application=application.id, outcome=refusal.code, detail=behind(refusal)
                )
            )
            raise
        self._journal.record(
            ResendJudged(
                application=application.id,
                outcome=outcome,
                country=verification.country,
                phone=verification.masked_phone,
                verification_id=verification.id.random,
            )
        )
        self._fixed_pins.note(call, verification, "resend", outcome)
        return verification

    def _resend(
        self, call: Call, verification_id: str, channel: Channel | None
    ) -> tuple[Verification, str]:
        application = call.application
        if channel is not None and channel not in application.channels:
            raise InvalidRequest(
                FieldProblem("/channel", "This application does not send over this channel.")
            )
        vid = self._ids.read(verification_id)
        if vid is None:
            raise VerificationNotFound("There is no such verification.")
        wanted = application.channels if channel is None else (channel,)
        is_test = self._fixed_pins.find(application, vid.number_tag) is not None
        tried = application.channels_from(wanted[0])
        with nullcontext() if is_test else self._dispatcher.room_for(tried):
            return self._sent(call, vid, wanted)

    def _sent(
        self, call: Call, vid: VerificationId, wanted: tuple[Channel, ...]
    ) -> tuple[Verification, str]:
        application = call.application
        pin, digest = self._dispatcher.draw(application, vid)
        answer = self._store.resend(vid, call, pin_digest=digest, channels=wanted)
        if isinstance(answer, KeyHeld):
            raise refusal_of(answer)
        if isinstance(answer, Replayed):
            return granted(application, answer.answer), REPLAYED
        verification = granted(application, answer)
        try:
            phone = self._dispatcher.phone_of(verification, idempotency=call.idempotency)
        except SealBroken as broken:
            raise VerificationNotFound("There is no such verification.") from broken
        sent = self._dispatcher.send_more(
            application,
            verification,
            phone=phone,
            pin=pin,
            token_id=call.token_id,
            idempotency=call.idempotency,
        )
        return sent, "resent"


def granted(application: Application, answer: ResendAnswer) -> Verification:
    """Give the verification that gets one more message.

    Raises:
        OtpError: it gets none; the class says why.
    """
    match answer:
        case None:
            raise VerificationNotFound("There is no such verification.")
        case NotTheTokens():
            raise strangers_verification()
        case Ended():
            raise ending(answer)
        case NoResend(bar=ResendBar.TOO_SOON):
            raise ResendTooSoon(
                "The last message is too recent.",
                retry_after=answer.retry_after,
                quota=Quota("resend_cooldown", 1),
            )
        case NoResend():
            raise SendLimitReached(
                "This verification has no messages left.",
                retry_after=answer.retry_after,
                quota=Quota("sends", application.rules.sends),
            )
        case OverBudget():
            raise too_many(
                application, answer, "Too many messages to this number; try again later."
            )
        case Verification():
            return answer
