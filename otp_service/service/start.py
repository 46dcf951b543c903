"""Start a verification: store it, then send its first PIN."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial

from otp_service.claim_ports import ClaimStore
from otp_service.domain.application import Application
from otp_service.domain.call import Call
from otp_service.domain.context import Context, bound_text, seal_context_hash
from otp_service.domain.destinations import NumberHashes
from otp_service.domain.events import StartJudged
from otp_service.domain.idempotency import Replayed
from otp_service.domain.identity import IdScheme, VerificationId
from otp_service.domain.keys import KeyRing, Use
from otp_service.domain.message_text import MessageRequest, check_message
from otp_service.domain.number_prefix import PrefixScheme
from otp_service.domain.phone import PhoneNumber, read_country, read_phone
from otp_service.domain.pin import purpose_digest
from otp_service.domain.sealing import Sealer
from otp_service.domain.test_number import as_met_by
from otp_service.domain.verification import Verification
from otp_service.errors import (
    Forbidden,
    OtpError,
    TooManyRequests,
)
from otp_service.ports import Journal, NewVerification, StartStore
from otp_service.service.dispatch import Dispatcher
from otp_service.service.first_send import FirstSend
from otp_service.service.fixed_pins import FixedPins
from otp_service.service.gate import Gate
from otp_service.service.idempotency import REPLAYED, OneStart
from otp_service.service.note_refusal import note_refusal
from otp_service.service.outcome import behind
from otp_service.service.planning import plan_messages

DEFAULT_PURPOSE = "login"


@dataclass(frozen=True, slots=True)
class StartCommand:
    """What a caller asks for.

    Args:
        phone: E.164, or as a person writes it together with ``country``.
        country: ISO 3166-1 alpha-2, to read a national number.
        locales: language tags, the most wanted first.
        only_number_tag: of the only number the caller may start (``IdScheme``); None for any.
        context: what else the code is bound to; None for nothing.
    """

    phone: str = field(repr=False)
    country: str | None = None
    purpose: str = DEFAULT_PURPOSE
    locales: tuple[str, ...] = ()
    message: MessageRequest = field(default_factory=MessageRequest)
    only_number_tag: str | None = field(default=None, repr=False)
    context: Context | None = None


class StartVerification:
    """The use case."""

    def __init__(
        self,
        *,
        ids: IdScheme,
        prefixes: PrefixScheme,
        number_hashes: NumberHashes,
        keys: KeyRing,
        sealer: Sealer,
        store: StartStore,
        gate: Gate,
        claims: ClaimStore,
        dispatcher: Dispatcher,
        fixed_pins: FixedPins,
        journal: Journal,
    ) -> None:
        self._ids = ids
        self._prefixes = prefixes
        self._number_hashes = number_hashes
        self._keys = keys
        self._sealer = sealer
        self._store = store
        self._once = OneStart(ids=ids, claims=claims)
        self._first_send = FirstSend(store=store, gate=gate, dispatcher=dispatcher)
        self._dispatcher = dispatcher
        self._fixed_pins = fixed_pins
        self._journal = journal

    def __call__(self, call: Call, command: StartCommand) -> Verification:
        """Give the new verification, its message accepted or of unknown fate.

        A test number gets no message; its verification looks as if one had been accepted.

        Raises:
            InvalidRequest, PhoneInvalid, DestinationNotAllowed: the command.
            Forbidden: another number than the caller may start.
            TooManyRequests: a budget; nothing was charged.
            IdempotencyKeyReused, RequestInProgress: the call's Idempotency-Key is held.
            VerificationEnded: a start with this Idempotency-Key broke off, and what it began is
                over.
            SendLimitReached: likewise, and it has no messages left.
            PhoneUnreachable: the provider refuses the number; what was charged to the number was
                taken back.
            ProviderFailed, ProviderMisconfigured: the provider definitely did not take the
                message; everything was taken back but the money.
            ServiceBusy: no channel is tried now, or too many messages are on their way; nothing
                was done, and for the most part not even asked of the store.
            StoreUnavailable: nothing was sent.
        """
        application = call.application
        phone: PhoneNumber | None = None
        try:
            check_message(command.message)
            phone = _read_phone(application, command)
            self._check_number(command, phone)
            is_trusted = application.destinations.admit(phone, self._number_hashes.hash(phone.e164))
            start = partial(self._start, call, command, phone, is_trusted=is_trusted)
            with self._room_for(application, phone):
                started = self._once.run(call, phone.e164, start)
        except OtpError as refusal:
            self._note(application, phone, refusal.code, refusal=refusal)
            if phone is not None:
                note_refusal(self._store, self._ids.number_tag(phone.e164), call, refusal)
            raise
        if isinstance(started, Replayed):
            self._note(application, phone, REPLAYED, verification=started.answer)
            return started.answer
        self._note(application, phone, "started", verification=started)
        self._fixed_pins.note(call, started, "start", "started")
        return started

    def _check_number(self, command: StartCommand, phone: PhoneNumber) -> None:
        only = command.only_number_tag
        if only is not None and only != self._ids.number_tag(phone.e164):
            raise Forbidden("This client token is for another phone number.")

    def _room_for(
        self, application: Application, phone: PhoneNumber
    ) -> AbstractContextManager[None]:
        if self._fixed_pins.find(application, self._ids.number_tag(phone.e164)):
            return nullcontext()
        return self._dispatcher.room_for(application.channels)

    def _start(
        self,
        call: Call,
        command: StartCommand,
        phone: PhoneNumber,
        vid: VerificationId,
        may_stand: bool,  # noqa: FBT001 - as OneStart gives it
        *,
        is_trusted: bool,
    ) -> Verification:
        pin, digest = self._dispatcher.draw(call.application, vid)
        fixed_pin = self._fixed_pins.find(call.application, vid.number_tag)
        if fixed_pin is not None:
            call = replace(call, application=as_met_by(call.application, fixed_pin))
            digest = self._fixed_pins.digest(fixed_pin, vid)
        application = call.application
        new = NewVerification(
            id=vid,
            call=call,
            purpose=command.purpose,
            purpose_digest=purpose_digest(
                self._keys.newest(Use.PURPOSE),
                verification_id=vid.text,
                purpose=bound_text(command.purpose, command.context),
            ),
            pin_digest=digest,
            sealed_phone=self._sealer.seal(phone.e164, bound_to=vid.text),
            masked_phone=phone.masked,
            country=phone.country,
            prefix_tag=self._prefixes.tag(phone.e164),
            plans=plan_messages(
                application, command.message, locales=command.locales, country=phone.country
            ),
            is_test=fixed_pin is not None,
            sealed_context=seal_context_hash(self._sealer, command.context, vid),
        )
        return self._first_send(
            new, phone=phone.e164, pin=pin, is_trusted=is_trusted, may_stand=may_stand
        )

    def _note(
        self,
        application: Application,
        phone: PhoneNumber | None,
        outcome: str,
        *,
        verification: Verification | None = None,
        refusal: OtpError | None = None,
    ) -> None:
        self._journal.record(
            StartJudged(
                application=application.id,
                outcome=outcome,
                country=phone.country if phone else None,
                phone=phone.masked if phone else None,
                detail=behind(refusal),
                verification_id=verification.id.random if verification else None,
                account=_account(verification, refusal),
            )
        )


def _account(verification: Verification | None, refusal: OtpError | None) -> str | None:
    is_started = verification is not None and verification.owner_tag is not None
    is_refused = isinstance(refusal, TooManyRequests) and refusal.is_owners
    return "owner" if is_started or is_refused else None


def _read_phone(application: Application, command: StartCommand) -> PhoneNumber:
    country = read_country(command.country) if command.country is not None else None
    return read_phone(command.phone, country=country or application.default_country)
