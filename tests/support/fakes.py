"""Fakes of the ports, each as small as the use cases' need of it."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from support.verifications import (
    IDS,
    KEYS,
    NUMBER_KEY,
    PHONE,
    PLAN,
    REQUEST_ID,
    RULES,
    SEALER,
    SMS_PLAN,
    SilentJournal,
)

from otp_service.budget_ports import Charged
from otp_service.domain.application import Application
from otp_service.domain.budget_row import Counted
from otp_service.domain.circuit import Circuit, CircuitRules
from otp_service.domain.identity import VerificationId
from otp_service.domain.policy import Line, Place
from otp_service.domain.price import PriceTable
from otp_service.domain.test_number import FixedPinScheme
from otp_service.domain.verification import (
    Channel,
    Delivery,
    DeliveryState,
    Status,
    Verification,
)
from otp_service.errors import StoreUnavailable
from otp_service.nxcloud.reading import NOT_ASKED, NOT_REACHED
from otp_service.ports import (
    MessageSender,
    NewVerification,
    OutgoingMessage,
    OverBudget,
    ReceiptNews,
    SendOutcome,
    SendReport,
    SendVerdict,
    Settled,
)
from otp_service.service.breaker import Breaker
from otp_service.service.bulkhead import Bulkhead
from otp_service.service.dispatch import Dispatcher
from otp_service.service.fixed_pins import FixedPins
from otp_service.service.gate import Gate
from otp_service.service.hand_over import HandOver

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENDS = [Status.APPROVED, Status.EXPIRED, Status.EXHAUSTED, Status.CANCELED]
NEVER_OPEN = CircuitRules(
    failures=0, open_for=timedelta(seconds=5), probe_lasts=timedelta(seconds=30)
)
AWAY = StoreUnavailable("The store did not answer.", retry_after=timedelta(seconds=1))

__all__ = [
    "AWAY",
    "ENDS",
    "NOW",
    "FakeBudgets",
    "FakeSender",
    "FakeStore",
    "SilentJournal",
    "dispatcher",
    "fixed_pins",
    "open_gate",
    "over_sms",
    "verification",
]


def verification(**changes: object) -> Verification:
    """Give a pending verification of the tests' number, its one message of unknown fate."""
    vid = IDS.new(PHONE)
    made = Verification(
        id=vid,
        application_id="shop",
        purpose="login",
        status=Status.PENDING,
        country="UA",
        masked_phone="+380*******67",
        sealed_phone=SEALER.seal(PHONE, bound_to=vid.text),
        life=RULES.life,
        attempts_left=5,
        sends_left=2,
        expires_at=NOW + RULES.life,
        resend_at=NOW + RULES.resend_cooldown,
        read_at=NOW,
        plan=PLAN,
        deliveries=(Delivery(1, Channel.VIBER, 3, "uk", DeliveryState.UNKNOWN, NOW),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def over_sms(stored: Verification) -> Verification:
    """Give the same verification with one more send, over SMS."""
    last = stored.last_delivery
    further = replace(last, send=last.send + 1, channel=Channel.SMS, template_id=None)
    return replace(stored, plan=SMS_PLAN, deliveries=(*stored.deliveries, further))


def dispatcher(
    store: object,
    journal: SilentJournal,
    sender: MessageSender,
    sms: MessageSender | None = None,
    *,
    gate: Gate | None = None,
    rules: CircuitRules = NEVER_OPEN,
    room: int = 1_000,
) -> Dispatcher:
    """Give the second half of a send, over fakes.

    Args:
        rules: of each channel's circuit.
        room: for sends at a time.
    """
    sms = sms or FakeSender(channel=Channel.SMS)
    breakers = {
        each: Breaker(
            sender_of,
            Circuit(rules),
            not_reached=NOT_REACHED,
            not_asked=NOT_ASKED,
            journal=journal,
        )
        for each, sender_of in ((Channel.VIBER, sender), (Channel.SMS, sms))
    }
    return Dispatcher(
        hand_over=HandOver(senders=breakers, bulkhead=Bulkhead(room), journal=journal),
        keys=KEYS,
        sealer=SEALER,
        store=store,  # type: ignore[arg-type]
        gate=gate or open_gate(),
        journal=journal,
    )


class StoppedAt:
    """A clock that always tells the same time."""

    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


def fixed_pins(journal: SilentJournal, now: datetime = NOW) -> FixedPins:
    """Give what knows test numbers, on a clock that stands still."""
    return FixedPins(
        scheme=FixedPinScheme(NUMBER_KEY), keys=KEYS, clock=StoppedAt(now), journal=journal
    )


class FakeStore:
    """Answers every operation with what it was told to, and remembers what it was asked.

    Args:
        answer: to everything but settle; an exception is raised, None at start stores.
        settling: an exception to raise instead of settling.
    """

    def __init__(self, answer: object = None, *, settling: Exception | None = None) -> None:
        self.answer = answer
        self.settling = settling
        self.early: ReceiptNews | None = None
        self.falling: object = None
        self.replacing: bool | Exception = True
        self.asked: list[tuple[object, ...]] = []
        self.standing: NewVerification | None = None
        self.settled: list[tuple[SendOutcome, str | None]] = []
        self.reasons: list[str] = []

    def start(self, new: NewVerification) -> object:
        self.asked.append(("start", new))
        if self.answer is not None:
            return self._answer()
        self.standing = new
        return verification(id=new.id, sealed_phone=new.sealed_phone, plan=new.plans[0])

    def settle(
        self,
        verification: Verification,
        outcome: SendOutcome,
        request_id: str | None = None,
        *,
        reason: str = "",
        **_: object,
    ) -> Settled:
        if self.settling:
            raise self.settling
        self.settled.append((outcome, request_id))
        self.reasons.append(reason)
        if outcome is SendOutcome.TAKEN_BACK:
            return Settled()
        state = DeliveryState(outcome.value)
        return Settled(verification.with_last_delivery(state, request_id), self.early)

    def replace_send(
        self, verification: Verification, application: Application, **details: object
    ) -> Verification | None:
        self.asked.append(("replace_send", verification, details))
        if isinstance(self.replacing, Exception):
            raise self.replacing
        return self._over_sms(verification)

    def fall_back(self, vid: VerificationId, application: Application, **details: object) -> object:
        self.asked.append(("fall_back", vid, details))
        if isinstance(self.falling, Exception):
            raise self.falling
        return self.falling

    def __getattr__(self, operation: str) -> object:
        def asked(*arguments: object, **named: object) -> object:
            self.asked.append((operation, *arguments, named))
            return self._answer()

        return asked

    def _over_sms(self, verification: Verification) -> Verification | None:
        return over_sms(verification) if self.replacing else None

    def _answer(self) -> object:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    @property
    def names(self) -> list[object]:
        return [operation for operation, *_ in self.asked]


class FakeSender:
    """Takes a message as it is told to; looks whether its record stood when it was handed over."""

    def __init__(
        self,
        verdict: SendVerdict = SendVerdict.ACCEPTED,
        store: object = None,
        *,
        channel: Channel = Channel.VIBER,
    ) -> None:
        self.channel = channel
        self._store = store
        accepted = verdict is SendVerdict.ACCEPTED
        self._report = SendReport(verdict, "code_0", REQUEST_ID if accepted else None)
        self.sent: list[OutgoingMessage] = []
        self.stored_when_sent: list[object] = []

    def send(self, message: OutgoingMessage) -> SendReport:
        self.sent.append(message)
        if isinstance(self._store, FakeStore):
            self.stored_when_sent.append(self._store.standing or self._store.names)
        return self._report


class FakeBudgets:
    """Charges everything, or answers as it was told to; remembers what stands.

    Args:
        answers: in turn, to each charge; None charges, an exception is raised. Then it charges.
    """

    def __init__(self, *answers: OverBudget | Exception | None) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.places: list[Place] = []
        self.standing: dict[str, dict[str, int]] = {}
        self.guesses: list[tuple[dict[str, int], bool]] = []
        self.failing: Exception | None = None

    def charge(
        self, place: Place, lines: Sequence[Line], *, charge_id: str, is_start: bool
    ) -> Charged | OverBudget:
        answer = self.answers.pop(0) if self.answers else None
        self.asked.append("start" if is_start else "more")
        self.places.append(place)
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            return answer
        assert charge_id not in self.standing, "no other charge has its id"
        self.standing[charge_id] = {line.row.name: line.amount for line in lines}
        return Charged((charge_id, lines))

    def give_back(self, charged: Charged, *, but: Collection[Counted] = ()) -> None:
        if self.failing:
            raise self.failing
        charge_id, lines = charged.receipt  # type: ignore[misc]
        kept = {line.row.name: line.amount for line in lines if line.row.counted in but}
        self.standing[charge_id] = kept

    def count_guess(self, place: Place, lines: Sequence[Line], *, is_right: bool) -> None:
        self.places.append(place)
        if self.failing:
            raise self.failing
        self.guesses.append(({line.row.name: line.amount for line in lines}, is_right))

    @property
    def charges(self) -> list[dict[str, int]]:
        """What stands of each charge, in their order."""
        return list(self.standing.values())


def open_gate(budgets: FakeBudgets | None = None, prices: PriceTable | None = None) -> Gate:
    """Give a gate that lets everything through, or does as its budgets say."""
    return Gate(store=budgets or FakeBudgets(), prices=prices or PriceTable())
