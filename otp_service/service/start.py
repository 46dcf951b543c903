"""Start a verification: store it, then send its first PIN."""

from dataclasses import dataclass, field

from otp_service.budget_ports import Charged
from otp_service.domain.application import Application
from otp_service.domain.call import Call
from otp_service.domain.destinations import NumberHashes
from otp_service.domain.events import StartJudged
from otp_service.domain.identity import IdScheme
from otp_service.domain.keys import KeyRing, Use
from otp_service.domain.message_text import MessageRequest, check_message
from otp_service.domain.number_prefix import PrefixScheme
from otp_service.domain.phone import PhoneNumber, read_country, read_phone
from otp_service.domain.pin import purpose_digest
from otp_service.domain.policy import Place
from otp_service.domain.sealing import Sealer
from otp_service.domain.verification import Verification
from otp_service.errors import (
    DestinationNotAllowed,
    OtpError,
    ProviderFailed,
    ProviderMisconfigured,
    StoreUnavailable,
    TooManyRequests,
)
from otp_service.ports import Journal, NewVerification, OverBudget, StartStore
from otp_service.service.dispatch import Dispatcher
from otp_service.service.gate import Gate, too_many
from otp_service.service.planning import plan_messages

DEFAULT_PURPOSE = "login"


@dataclass(frozen=True, slots=True)
class StartCommand:
    """What a caller asks for.

    Args:
        phone: E.164, or as a person writes it together with ``country``.
        country: ISO 3166-1 alpha-2, to read a national number.
        locales: language tags, the most wanted first.
    """

    phone: str = field(repr=False)
    country: str | None = None
    purpose: str = DEFAULT_PURPOSE
    locales: tuple[str, ...] = ()
    message: MessageRequest = field(default_factory=MessageRequest)


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
        dispatcher: Dispatcher,
        journal: Journal,
    ) -> None:
        self._ids = ids
        self._gate = gate
        self._prefixes = prefixes
        self._number_hashes = number_hashes
        self._keys = keys
        self._sealer = sealer
        self._store = store
        self._dispatcher = dispatcher
        self._journal = journal

    def __call__(self, call: Call, command: StartCommand) -> Verification:
        """Give the new verification, its message accepted or of unknown fate.

        Raises:
            InvalidRequest, PhoneInvalid, DestinationNotAllowed: the command.
            TooManyRequests: a budget; nothing was charged.
            PhoneUnreachable: the provider refuses the number; what was charged to the number was
                taken back.
            ProviderFailed, ProviderMisconfigured: the provider definitely did not take the
                message; everything was taken back but the money.
            StoreUnavailable: nothing was sent.
        """
        application = call.application
        phone: PhoneNumber | None = None
        try:
            check_message(command.message)
            phone = _read_phone(application, command)
            verification = self._start(call, command, phone)
        except OtpError as refusal:
            self._note(application, phone, refusal.code, refusal=refusal)
            raise
        self._note(application, phone, "started", verification=verification)
        return verification

    def _start(self, call: Call, command: StartCommand, phone: PhoneNumber) -> Verification:
        application = call.application
        is_trusted = application.destinations.admit(phone, self._number_hashes.hash(phone.e164))
        vid = self._ids.new(phone.e164)
        pin, digest = self._dispatcher.draw(application, vid)
        new = NewVerification(
            id=vid,
            call=call,
            purpose=command.purpose,
            purpose_digest=purpose_digest(
                self._keys.newest(Use.PURPOSE), verification_id=vid.text, purpose=command.purpose
            ),
            pin_digest=digest,
            sealed_phone=self._sealer.seal(phone.e164, bound_to=vid.text),
            masked_phone=phone.masked,
            country=phone.country,
            prefix_tag=self._prefixes.tag(phone.e164),
            plans=plan_messages(
                application, command.message, locales=command.locales, country=phone.country
            ),
        )
        place = Place(
            application,
            country=new.country,
            number_tag=vid.number_tag,
            prefix_tag=new.prefix_tag,
            address_tag=call.address_tag,
            token_id=call.token_id,
            is_trusted=is_trusted,
        )
        charged = self._gate.enter(place, vid, new.plans[0].channel)
        stored = self._stored(place, new, charged)
        try:
            return self._dispatcher.dispatch(
                application, stored, phone=phone.e164, pin=pin, token_id=call.token_id
            )
        except (ProviderFailed, ProviderMisconfigured, StoreUnavailable):
            self._gate.give_back_all_but_money(charged)
            raise

    def _stored(self, place: Place, new: NewVerification, charged: Charged) -> Verification:
        """Store it, or give back what the gate charged."""
        try:
            stored = self._store.start(new)
            if isinstance(stored, OverBudget):
                raise too_many(
                    place.application,
                    stored,
                    "Too many codes or guesses for this number; try again later.",
                )
        except OtpError:
            self._gate.give_back(charged)
            raise
        try:
            # Where the number is known to refuse the first channel, it takes the next at once.
            self._gate.pay(place, stored, stored.last_delivery.channel, paid=new.plans[0].channel)
        except OtpError:
            self._dispatcher.take_back(stored)
            self._gate.give_back(charged)
            raise
        return stored

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
                detail=_behind(refusal),
                verification_id=verification.id.random if verification else None,
            )
        )


def _behind(refusal: OtpError | None) -> str | None:
    """Give what stood behind a refusal, for operators."""
    match refusal:
        case TooManyRequests():
            return refusal.budget
        case DestinationNotAllowed():
            return refusal.reason
        case _:
            return None


def _read_phone(application: Application, command: StartCommand) -> PhoneNumber:
    country = read_country(command.country) if command.country is not None else None
    return read_phone(command.phone, country=country or application.default_country)
