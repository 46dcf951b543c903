"""Store a new verification, charge everybody whom it counts against, and send its first message."""

from datetime import timedelta

from otp_service.budget_ports import Charged
from otp_service.domain.application import Application
from otp_service.domain.idempotency import Standing
from otp_service.domain.pin import Pin
from otp_service.domain.policy import Place
from otp_service.domain.verification import Verification
from otp_service.errors import (
    OtpError,
    ProviderFailed,
    ProviderMisconfigured,
    RequestInProgress,
    ServiceBusy,
    StoreUnavailable,
)
from otp_service.ports import NewVerification, OverBudget, ResendAnswer, StartStore
from otp_service.service.dispatch import Dispatcher
from otp_service.service.gate import Gate, too_many
from otp_service.service.resend import granted

_A_MOMENT = timedelta(seconds=1)


class FirstSend:
    """What is left of a start once it is known what is to be stored.

    A start that broke off may have stored it already: then it is gone on with, by one more message
    that is charged like a resend.
    """

    def __init__(self, *, store: StartStore, gate: Gate, dispatcher: Dispatcher) -> None:
        self._store = store
        self._gate = gate
        self._dispatcher = dispatcher

    def __call__(
        self,
        new: NewVerification,
        *,
        phone: str,
        pin: Pin,
        is_trusted: bool,
        may_stand: bool = False,
    ) -> Verification:
        """Give the verification, its message accepted or of unknown fate.

        Args:
            phone: E.164 with its plus sign.
            is_trusted: a list of the operator's names the number as one to be sent to.
            may_stand: a start that broke off may have stored it. Then it is looked for before
                anything is charged: what that start used up must not refuse its own repetition.

        Raises:
            TooManyRequests: a budget; nothing was charged.
            RequestInProgress, VerificationEnded, SendLimitReached: it stands already, and gets no
                further message.
            PhoneUnreachable, ProviderFailed, ProviderMisconfigured: definitely not sent.
            ServiceBusy: not even tried; nothing was charged.
            StoreUnavailable: nothing was sent.
        """
        standing = self._continue(new) if may_stand else None
        if standing is not None:
            return self._sent_more(new, standing, phone=phone, pin=pin)
        if new.is_test:
            # It costs nobody anything and rings no phone: its own budget is the one it has.
            stored = _granted(new.call.application, self._store.start(new))
            if isinstance(stored, Standing):
                return self._continued(new, phone=phone, pin=pin)
            return self._dispatched(new, stored, phone=phone, pin=pin)
        place = _place(new, is_trusted=is_trusted)
        charged = self._gate.enter(place, new.id, new.plans[0].channel)
        stored = self._stored(place, new, charged)
        if isinstance(stored, Standing):
            self._gate.give_back(charged)
            return self._continued(new, phone=phone, pin=pin)
        paid = self._paid(place, new, stored, charged)
        try:
            return self._dispatched(new, stored, phone=phone, pin=pin)
        except ServiceBusy:
            self._gate.give_back(paid)
            self._gate.give_back(charged)
            raise
        except (ProviderFailed, ProviderMisconfigured, StoreUnavailable):
            self._gate.give_back_all_but_money(charged)
            raise

    def _stored(
        self, place: Place, new: NewVerification, charged: Charged
    ) -> Verification | Standing:
        """Store it, or give back what the gate charged."""
        try:
            return _granted(place.application, self._store.start(new))
        except OtpError:
            self._gate.give_back(charged)
            raise

    def _paid(
        self, place: Place, new: NewVerification, stored: Verification, charged: Charged
    ) -> Charged | None:
        """Pay what its channel costs beyond the first one, or take everything back.

        Where the number is known to refuse the first channel, it takes the next at once.
        """
        channel = stored.last_delivery.channel
        try:
            return self._gate.pay(place, stored, channel, paid=new.plans[0].channel)
        except OtpError as refusal:
            self._dispatcher.take_back(stored, refusal.code, idempotency=new.call.idempotency)
            self._gate.give_back(charged)
            raise

    def _dispatched(
        self, new: NewVerification, stored: Verification, *, phone: str, pin: Pin
    ) -> Verification:
        return self._dispatcher.dispatch(
            new.call.application,
            stored,
            phone=phone,
            pin=pin,
            token_id=new.call.token_id,
            idempotency=new.call.idempotency,
        )

    def _continued(self, new: NewVerification, *, phone: str, pin: Pin) -> Verification:
        answer = self._continue(new)
        if answer is None:
            # The start that seemed to have broken off takes it back at this very moment.
            raise RequestInProgress(
                "The first request with this Idempotency-Key still runs.", retry_after=_A_MOMENT
            )
        return self._sent_more(new, answer, phone=phone, pin=pin)

    def _continue(self, new: NewVerification) -> ResendAnswer:
        return self._store.continue_start(
            new.id,
            new.call,
            pin_digest=new.pin_digest,
            channels=new.call.application.channels,
        )

    def _sent_more(
        self, new: NewVerification, answer: ResendAnswer, *, phone: str, pin: Pin
    ) -> Verification:
        application = new.call.application
        return self._dispatcher.send_more(
            application,
            granted(application, answer),
            phone=phone,
            pin=pin,
            token_id=new.call.token_id,
            idempotency=new.call.idempotency,
        )


def _place(new: NewVerification, *, is_trusted: bool) -> Place:
    return Place(
        new.call.application,
        country=new.country,
        number_tag=new.id.number_tag,
        prefix_tag=new.prefix_tag,
        address_tag=new.call.address_tag,
        token_id=new.call.token_id,
        is_trusted=is_trusted,
    )


def _granted(
    application: Application, answer: Verification | OverBudget | Standing
) -> Verification | Standing:
    if isinstance(answer, OverBudget):
        raise too_many(
            application, answer, "Too many codes or guesses for this number; try again later."
        )
    return answer
