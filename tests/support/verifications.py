"""Applications and verifications as tests need them, and the store's part of each use case."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from otp_service.domain.application import Application, VerificationRules
from otp_service.domain.call import Call
from otp_service.domain.destinations import NumberHashes
from otp_service.domain.events import Event
from otp_service.domain.identity import IdScheme, VerificationId
from otp_service.domain.keys import KeyRing, Use
from otp_service.domain.limits import Budget, Charge, GuessBudget, NumberBudgets
from otp_service.domain.number_prefix import PrefixScheme
from otp_service.domain.pin import digests_to_accept, pin_digest, purpose_digest
from otp_service.domain.receipt import Receipt
from otp_service.domain.sealing import Sealer
from otp_service.domain.verification import (
    Channel,
    DeliveryState,
    LanguageReason,
    MessagePlan,
    Verification,
)
from otp_service.ports import (
    Ended,
    Judged,
    NewVerification,
    NoResend,
    NotTheTokens,
    OverBudget,
    ReceiptNews,
    SendOutcome,
    Verdict,
)
from otp_service.redis_store import RedisStore

PHONE = "+380671234567"
OTHER_PHONE = "+12025550123"
PIN, SECOND_PIN, WRONG_PIN = "123456", "654321", "000000"
REQUEST_ID = "b81e8e9fcbbb422a813863e903de94bd"

NUMBER_KEY = b"number key of the tests, 32 byte"
SECRET = b"secret of the tests, of 32 bytes"
IDS = IdScheme(NUMBER_KEY)
PREFIXES = PrefixScheme(NUMBER_KEY)
NUMBER_HASHES = NumberHashes(NUMBER_KEY)
KEYS = KeyRing([SECRET])
SEALER = Sealer(KEYS.accepted(Use.SEAL))

PLAN = MessagePlan(
    Channel.VIBER, 3, "uk", LanguageReason.COUNTRY, {"business_name": "Nova"}, ("reason",)
)
SMS_PLAN = MessagePlan(
    Channel.SMS, None, "uk", LanguageReason.COUNTRY, {"business_name": "Nova"}, ("reason",)
)
BOTH = (Channel.VIBER, Channel.SMS)
BOTH_PLANS = (PLAN, SMS_PLAN)
RULES = VerificationRules(
    pin_digits=6,
    life=timedelta(seconds=300),
    attempts=5,
    sends=3,
    resend_cooldown=timedelta(seconds=30),
    retention=timedelta(hours=24),
    proof_life=timedelta(seconds=600),
)
GUESSES = GuessBudget(
    "number_wrong_guesses",
    limit=20,
    window=timedelta(days=1),
    waits=(timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)),
    step=5,
)
BUDGETS = NumberBudgets(
    (
        Budget("number_starts_per_hour", Charge.START, 5, timedelta(hours=1)),
        Budget("number_starts_per_day", Charge.START, 10, timedelta(days=1)),
        Budget("number_messages_per_hour", Charge.MESSAGE, 10, timedelta(hours=1)),
        Budget("number_messages_per_day", Charge.MESSAGE, 15, timedelta(days=1)),
    ),
    GUESSES,
)
NO_LIMITS = NumberBudgets((), replace(GUESSES, limit=1_000_000))
SHOP = Application("shop", RULES, BUDGETS)
BOTH_SHOP = Application("shop", RULES, BUDGETS, channels=BOTH)


class SilentJournal:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        self.events.append(event)


def shop(
    *, budgets: NumberBudgets | None = None, name: str = "shop", **rules: object
) -> Application:
    """Give the tests' application with other budgets or rules."""
    return Application(name, replace(RULES, **rules), budgets or BUDGETS)  # type: ignore[arg-type]


def new_verification(
    call: Call | Application = SHOP,
    *,
    phone: str = PHONE,
    pin: str = PIN,
    purpose: str = "login",
    plans: tuple[MessagePlan, ...] = (PLAN,),
) -> NewVerification:
    """Put together what a start stores, as the use case does."""
    vid = IDS.new(phone)
    return NewVerification(
        id=vid,
        call=call if isinstance(call, Call) else Call(call),
        purpose=purpose,
        purpose_digest=purpose_digest(
            KEYS.newest(Use.PURPOSE), verification_id=vid.text, purpose=purpose
        ),
        pin_digest=pin_digest(KEYS.newest(Use.PIN), verification_id=vid.text, digits=pin),
        sealed_phone=SEALER.seal(phone, bound_to=vid.text),
        masked_phone=phone[:4] + "*" * (len(phone) - 6) + phone[-2:],
        country="UA",
        prefix_tag=PREFIXES.tag(phone),
        plans=plans,
    )


@dataclass
class Desk:
    """One application's desk at a store: what it asks, spelled the way the use cases spell it."""

    store: RedisStore
    application: Application = SHOP
    key_id: str | None = None
    address_tag: str | None = None
    token_id: str | None = None

    @property
    def call(self) -> Call:
        return Call(self.application, self.key_id, self.address_tag, token_id=self.token_id)

    def at(self, application: Application) -> "Desk":
        return Desk(self.store, application)

    def try_start(self, **details: object) -> Verification | OverBudget:
        return self.store.start(new_verification(self.call, **details))  # type: ignore[arg-type]

    def started(self, **details: object) -> Verification:
        """Start one that is sure to be allowed."""
        started = self.try_start(**details)
        assert isinstance(started, Verification), started
        return started

    def start(self, *, request_id: str | None = None, **details: object) -> Verification:
        """Start and settle one that is sure to be allowed."""
        started = self.started(**details)
        self.store.settle(started, SendOutcome.ACCEPTED, request_id)
        return started

    def try_resend(
        self,
        vid: VerificationId,
        pin: str = SECOND_PIN,
        channels: tuple[Channel, ...] = (Channel.VIBER,),
    ) -> Verification | NoResend | OverBudget | Ended | NotTheTokens | None:
        return self.store.resend(vid, self.call, pin_digest=_digest(vid, pin), channels=channels)

    def replace(
        self, verification: Verification, pin: str = SECOND_PIN, *, refused: bool = False
    ) -> Verification | None:
        """Take the last send back, and store one over SMS in its place."""
        return self.store.replace_send(
            verification,
            self.application,
            pin_digest=_digest(verification.id, pin),
            channel=Channel.SMS,
            is_number_refused=refused,
        )

    def fall_back(
        self, failed: Verification, pin: str = SECOND_PIN, *, refused: bool = False
    ) -> Verification | NoResend | OverBudget | Ended | None:
        """Store one over SMS for the last send, which a receipt says did not arrive."""
        return self.store.fall_back(
            failed.id,
            self.application,
            pin_digest=_digest(failed.id, pin),
            channel=Channel.SMS,
            failed_send=failed.last_delivery.send,
            is_number_refused=refused,
        )

    def receive(
        self, state: DeliveryState, request_id: str = REQUEST_ID, **details: object
    ) -> ReceiptNews:
        return self.store.receive(Receipt(request_id, state, **details))  # type: ignore[arg-type]

    def resend(self, vid: VerificationId, pin: str = SECOND_PIN) -> Verification:
        """Resend where it is sure to be allowed."""
        resent = self.try_resend(vid, pin)
        assert isinstance(resent, Verification), resent
        return resent

    def guess(
        self, vid: VerificationId, pin: str, *, purpose: str = "login", keys: KeyRing = KEYS
    ) -> Judged | Ended | NotTheTokens | None:
        return self.store.verify(
            vid,
            self.call,
            purpose_digests=digests_to_accept(
                keys.accepted(Use.PURPOSE), verification_id=vid.text, text=purpose
            ),
            pin_digests=digests_to_accept(
                keys.accepted(Use.PIN), verification_id=vid.text, text=pin
            ),
        )

    def verdict(self, vid: VerificationId, pin: str, **details: str) -> Verdict | str | None:
        """Guess, and give the verdict, or how it had ended, or None if it is not there."""
        answer = self.guess(vid, pin, **details)  # type: ignore[arg-type]
        if isinstance(answer, Judged):
            return answer.verdict
        return answer and answer.status

    def exhaust(self, vid: VerificationId) -> None:
        for _ in range(self.application.rules.attempts):
            self.guess(vid, WRONG_PIN)

    def read(self, vid: VerificationId) -> Verification:
        """Read one that is sure to be there."""
        found = self.store.read(vid, self.application)
        assert found is not None
        return found

    def cancel(self, vid: VerificationId) -> Verification | Ended | None:
        return self.store.cancel(vid, self.call)

    def prove(self, vid: VerificationId, *, consume: bool = False) -> Verification | None:
        return self.store.prove(vid, self.application, consume=consume)

    def take_back(self, verification: Verification) -> Verification | None:
        return self.store.settle(verification, SendOutcome.TAKEN_BACK).verification


def _digest(vid: VerificationId, pin: str) -> bytes:
    return pin_digest(KEYS.newest(Use.PIN), verification_id=vid.text, digits=pin)


Operation = Callable[[Desk, Verification], object]

# Every operation of the store, on a verification that was just started.
OPERATIONS: dict[str, Operation] = {
    "start": lambda desk, at: desk.try_start(),
    "settle": lambda desk, at: desk.store.settle(at, SendOutcome.UNKNOWN),
    "replace": lambda desk, at: desk.replace(at, refused=True),
    "fall back": lambda desk, at: desk.fall_back(at, refused=True),
    "receive": lambda desk, at: desk.receive(DeliveryState.FAILED),
    "take back": lambda desk, at: desk.take_back(at),
    "resend": lambda desk, at: desk.try_resend(at.id),
    "wrong guess": lambda desk, at: desk.guess(at.id, WRONG_PIN),
    "right guess": lambda desk, at: desk.guess(at.id, PIN),
    "cancel": lambda desk, at: desk.cancel(at.id),
    "prove": lambda desk, at: desk.prove(at.id, consume=True),
}
