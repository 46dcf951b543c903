"""Test numbers, and the verbs of the service over any store for applications that list some."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from support.fakes import NOW, FakeBudgets, FakeSender, FakeStore, StoppedAt, dispatcher, open_gate
from support.verifications import (
    IDS,
    KEYS,
    NUMBER_HASHES,
    NUMBER_KEY,
    PHONE,
    PREFIXES,
    SEALER,
    SHOP,
    SilentJournal,
)

from otp_service.domain.application import Application, FixedPin
from otp_service.domain.call import Call
from otp_service.domain.keys import Use
from otp_service.domain.proof import ProofScheme
from otp_service.domain.test_number import FixedPinScheme
from otp_service.domain.verification import Verification
from otp_service.redis_store import RedisStore
from otp_service.service.cancel import CancelVerification
from otp_service.service.fixed_pins import FixedPins
from otp_service.service.proof import CheckProof, Proven
from otp_service.service.resend import ResendCode
from otp_service.service.start import StartCommand, StartVerification
from otp_service.service.status import ReadVerification
from otp_service.service.verify import Approval, VerifyCode

FIXED_PIN = "271828"
SCHEME = FixedPinScheme(NUMBER_KEY)
UNTIL = NOW + timedelta(days=30)


def listing(
    application: Application = SHOP,
    *,
    phone: str = PHONE,
    digits: str = FIXED_PIN,
    until: datetime = UNTIL,
    starts_per_day: int = 50,
    name: str = "app-review",
) -> Application:
    """Give the application with one test number."""
    tag = IDS.number_tag(phone)
    pin_hash = SCHEME.hash(application.id, tag, digits=digits)
    return replace(application, fixed_pins=(FixedPin(name, tag, pin_hash, until, starts_per_day),))


@dataclass
class Service:
    """The verbs as they are wired, the provider and this machine's clock apart."""

    store: RedisStore | FakeStore
    journal: SilentJournal = field(default_factory=SilentJournal)
    clock: StoppedAt = field(default_factory=StoppedAt)
    budgets: FakeBudgets = field(default_factory=FakeBudgets)

    def __post_init__(self) -> None:
        store, journal = self.store, self.journal
        self.sender = FakeSender()
        proofs = ProofScheme(KEYS.accepted(Use.PROOF))
        pins = FixedPins(scheme=SCHEME, keys=KEYS, clock=self.clock, journal=journal)
        gate = open_gate(self.budgets)
        sending = dispatcher(store, journal, self.sender, gate=gate)
        self._start = StartVerification(
            ids=IDS,
            prefixes=PREFIXES,
            number_hashes=NUMBER_HASHES,
            keys=KEYS,
            sealer=SEALER,
            store=store,  # type: ignore[arg-type]
            claims=FakeStore(),
            dispatcher=sending,
            fixed_pins=pins,
            gate=gate,
            journal=journal,
        )
        self._resend = ResendCode(
            ids=IDS,
            store=store,  # type: ignore[arg-type]
            dispatcher=sending,
            fixed_pins=pins,
            journal=journal,
        )
        self._verify = VerifyCode(
            ids=IDS,
            keys=KEYS,
            sealer=SEALER,
            proofs=proofs,
            store=store,  # type: ignore[arg-type]
            fixed_pins=pins,
            gate=gate,
            journal=journal,
        )
        self._status = ReadVerification(ids=IDS, store=store)  # type: ignore[arg-type]
        self._cancel = CancelVerification(ids=IDS, store=store, journal=journal)  # type: ignore[arg-type]
        self._proof = CheckProof(
            ids=IDS,
            sealer=SEALER,
            proofs=proofs,
            store=store,  # type: ignore[arg-type]
            journal=journal,
        )

    def start(
        self, application: Application, phone: str = PHONE, *, address_tag: str | None = None
    ) -> Verification:
        return self._start(Call(application, "web", address_tag), StartCommand(phone=phone))

    def resend(self, application: Application, at: Verification) -> Verification:
        return self._resend(Call(application, "web"), at.id.text)

    def verify(self, application: Application, at: Verification, code: str) -> Approval:
        return self._verify(
            Call(application, "web"), verification_id=at.id.text, code=code, purpose="login"
        )

    def cancel(self, application: Application, at: Verification) -> Verification:
        return self._cancel(Call(application, "web"), at.id.text)

    def status(self, application: Application, at: Verification) -> Verification:
        return self._status(application, at.id.text)

    def proof(self, application: Application, approval: Approval) -> Proven | None:
        return self._proof(application, proof=approval.proof, consume=False)

    @property
    def sent(self) -> int:
        """How many messages the provider got."""
        return len(self.sender.sent)

    def last_pin(self) -> str:
        """Give the PIN of the last message that the provider got."""
        return self.sender.sent[-1].pin.digits
