"""Start a verification: store it, then send its first PIN."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from otp_service.claim_ports import ClaimStore
from otp_service.domain.application import Application
from otp_service.domain.call import Call
from otp_service.domain.context import Context, bound_text, seal_context_hash
from otp_service.domain.events import StartJudged
from otp_service.domain.idempotency import Replayed, Standing
from otp_service.domain.identity import IdScheme, VerificationId
from otp_service.domain.keys import KeyRing, Use
from otp_service.domain.message_text import MessageRequest, check_message
from otp_service.domain.number_prefix import PrefixScheme
from otp_service.domain.phone import PhoneNumber, read_country, read_phone
from otp_service.domain.pin import purpose_digest
from otp_service.domain.sealing import Sealer
from otp_service.domain.verification import Verification
from otp_service.errors import OtpError, RequestInProgress, TooManyRequests
from otp_service.ports import Journal, NewVerification, OverBudget, StartStore
from otp_service.service.dispatch import Dispatcher
from otp_service.service.idempotency import REPLAYED, OneStart
from otp_service.service.planning import plan_messages
from otp_service.service.resend import granted

DEFAULT_PURPOSE = "login"
_A_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class StartCommand:
    """What a caller asks for.

    Args:
        phone: E.164, or as a person writes it together with ``country``.
        country: ISO 3166-1 alpha-2, to read a national number.
        locales: language tags, the most wanted first.
        context: what else the code is bound to; None for nothing.
    """

    phone: str = field(repr=False)
    country: str | None = None
    purpose: str = DEFAULT_PURPOSE
    locales: tuple[str, ...] = ()
    message: MessageRequest = field(default_factory=MessageRequest)
    context: Context | None = None


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
        claims: ClaimStore,
        dispatcher: Dispatcher,
        journal: Journal,
    ) -> None:
        self._prefixes = prefixes
        self._keys = keys
        self._sealer = sealer
        self._store = store
        self._once = OneStart(ids=ids, claims=claims)
        self._dispatcher = dispatcher
        self._journal = journal

    def __call__(self, call: Call, command: StartCommand) -> Verification:
        """Give the new verification, its message accepted or of unknown fate.

        Raises:
            InvalidRequest, PhoneInvalid, DestinationNotAllowed: the command.
            TooManyRequests: a budget of the number; nothing was charged.
            IdempotencyKeyReused, RequestInProgress: the call's Idempotency-Key is held.
            VerificationEnded: a start with this Idempotency-Key broke off, and what it began is
                over.
            SendLimitReached: likewise, and it has no messages left.
            PhoneUnreachable, ProviderFailed, ProviderMisconfigured: the provider definitely did
                not take the message; everything was taken back.
            StoreUnavailable: nothing was sent.
        """
        application = call.application
        phone: PhoneNumber | None = None
        try:
            check_message(command.message)
            phone = _read_phone(application, command)
            started = self._once.run(call, phone.e164, partial(self._start, call, command, phone))
        except OtpError as refusal:
            self._note(application, phone, refusal.code, refusal=refusal)
            raise
        if isinstance(started, Replayed):
            self._note(application, phone, REPLAYED, verification=started.answer)
            return started.answer
        self._note(application, phone, "started", verification=started)
        return started

    def _start(
        self, call: Call, command: StartCommand, phone: PhoneNumber, vid: VerificationId
    ) -> Verification:
        application = call.application
        pin, digest = self._dispatcher.draw(application, vid)
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
            sealed_context=seal_context_hash(self._sealer, command.context, vid),
        )
        stored = self._store.start(new)
        if isinstance(stored, OverBudget):
            raise TooManyRequests(
                "Too many codes or guesses for this number; try again later.",
                retry_after=stored.retry_after,
                budget=stored.budget,
            )
        if isinstance(stored, Standing):
            stored = self._continued(call, vid, digest)
        return self._dispatcher.dispatch(
            application, stored, phone=phone.e164, pin=pin, idempotency=call.idempotency
        )

    def _continued(self, call: Call, vid: VerificationId, pin_digest: bytes) -> Verification:
        channels = call.application.channels
        answer = self._store.continue_start(vid, call, pin_digest=pin_digest, channels=channels)
        if answer is None:
            # The start that seemed to have broken off takes it back at this very moment.
            raise RequestInProgress(
                "The first request with this Idempotency-Key still runs.", retry_after=_A_MOMENT
            )
        return granted(answer)

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
