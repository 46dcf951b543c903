"""Send one more message of a pending verification, with a PIN of its own."""

from otp_service.domain.application import Application
from otp_service.domain.call import Call
from otp_service.domain.events import ResendJudged
from otp_service.domain.identity import IdScheme
from otp_service.domain.sealing import SealBroken
from otp_service.domain.verification import Channel, Verification
from otp_service.errors import (
    FieldProblem,
    InvalidRequest,
    OtpError,
    ProviderFailed,
    ProviderMisconfigured,
    Quota,
    ResendTooSoon,
    SendLimitReached,
    StoreUnavailable,
    TooManyRequests,
    VerificationNotFound,
)
from otp_service.ports import (
    Ended,
    Journal,
    NoResend,
    NotTheTokens,
    OverBudget,
    ResendBar,
    ResendStore,
)
from otp_service.service.dispatch import Dispatcher
from otp_service.service.fixed_pins import FixedPins
from otp_service.service.gate import Gate, place_of, too_many
from otp_service.service.outcome import ending, strangers_verification


class ResendCode:
    """The use case."""

    def __init__(
        self,
        *,
        ids: IdScheme,
        store: ResendStore,
        gate: Gate,
        dispatcher: Dispatcher,
        fixed_pins: FixedPins,
        journal: Journal,
    ) -> None:
        self._ids = ids
        self._store = store
        self._gate = gate
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
            PhoneUnreachable, ProviderFailed, ProviderMisconfigured: definitely not sent; this send
                was taken back, what was sent before still works. Its money stays charged.
            StoreUnavailable: nothing was sent.
        """
        application = call.application
        try:
            verification = self._resend(call, verification_id, channel)
        except OtpError as refusal:
            budget = refusal.budget if isinstance(refusal, TooManyRequests) else None
            self._journal.record(
                ResendJudged(application=application.id, outcome=refusal.code, detail=budget)
            )
            raise
        self._journal.record(
            ResendJudged(
                application=application.id,
                outcome="resent",
                country=verification.country,
                phone=verification.masked_phone,
                verification_id=verification.id.random,
            )
        )
        self._fixed_pins.note(call, verification, "resend", "resent")
        return verification

    def _resend(self, call: Call, verification_id: str, channel: Channel | None) -> Verification:
        application = call.application
        if channel is not None and channel not in application.channels:
            raise InvalidRequest(
                FieldProblem("/channel", "This application does not send over this channel.")
            )
        vid = self._ids.read(verification_id)
        if vid is None:
            raise VerificationNotFound("There is no such verification.")
        pin, digest = self._dispatcher.draw(application, vid)
        wanted = application.channels if channel is None else (channel,)
        verification = _granted(
            application, self._store.resend(vid, call, pin_digest=digest, channels=wanted)
        )
        try:
            phone = self._dispatcher.phone_of(verification)
        except SealBroken as broken:
            raise VerificationNotFound("There is no such verification.") from broken
        if verification.is_test:
            return self._dispatcher.dispatch(application, verification, phone=phone, pin=pin)
        place = place_of(application, verification, token_id=call.token_id)
        try:
            charged = self._gate.send(place, verification)
        except OtpError:
            self._dispatcher.take_back(verification)
            raise
        try:
            return self._dispatcher.dispatch(
                application, verification, phone=phone, pin=pin, token_id=call.token_id
            )
        except (ProviderFailed, ProviderMisconfigured, StoreUnavailable):
            self._gate.give_back_all_but_money(charged)
            raise


def _granted(
    application: Application,
    answer: Verification | NoResend | OverBudget | Ended | NotTheTokens | None,
) -> Verification:
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
