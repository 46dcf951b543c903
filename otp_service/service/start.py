"""Start a verification: store it, then send its first PIN."""

from dataclasses import dataclass, field

from otp_service.domain.application import Application
from otp_service.domain.call import Call
from otp_service.domain.events import StartJudged
from otp_service.domain.identity import IdScheme
from otp_service.domain.keys import KeyRing, Use
from otp_service.domain.message_text import MessageRequest, check_message
from otp_service.domain.number_prefix import PrefixScheme
from otp_service.domain.phone import PhoneNumber, read_country, read_phone
from otp_service.domain.pin import purpose_digest
from otp_service.domain.sealing import Sealer
from otp_service.domain.verification import Verification
from otp_service.errors import OtpError, TooManyRequests
from otp_service.ports import Journal, NewVerification, OverBudget, StartStore
from otp_service.service.dispatch import Dispatcher
from otp_service.service.note_refusal import note_refusal
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
        keys: KeyRing,
        sealer: Sealer,
        store: StartStore,
        dispatcher: Dispatcher,
        journal: Journal,
    ) -> None:
        self._ids = ids
        self._prefixes = prefixes
        self._keys = keys
        self._sealer = sealer
        self._store = store
        self._dispatcher = dispatcher
        self._journal = journal

    def __call__(self, call: Call, command: StartCommand) -> Verification:
        """Give the new verification, its message accepted or of unknown fate.

        Raises:
            InvalidRequest, PhoneInvalid, DestinationNotAllowed: the command.
            TooManyRequests: a budget of the number; nothing was charged.
            PhoneUnreachable, ProviderFailed, ProviderMisconfigured: the provider definitely did
                not take the message; everything was taken back.
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
            if phone is not None:
                note_refusal(self._store, self._ids.number_tag(phone.e164), call, refusal)
            raise
        self._note(application, phone, "started", verification=verification)
        return verification

    def _start(self, call: Call, command: StartCommand, phone: PhoneNumber) -> Verification:
        application = call.application
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
        stored = self._store.start(new)
        if isinstance(stored, OverBudget):
            raise TooManyRequests(
                "Too many codes or guesses for this number; try again later.",
                retry_after=stored.retry_after,
                budget=stored.budget,
            )
        return self._dispatcher.dispatch(application, stored, phone=phone.e164, pin=pin)

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
                detail=refusal.budget if isinstance(refusal, TooManyRequests) else None,
                verification_id=verification.id.random if verification else None,
            )
        )


def _read_phone(application: Application, command: StartCommand) -> PhoneNumber:
    country = read_country(command.country) if command.country is not None else None
    return read_phone(command.phone, country=country or application.default_country)
