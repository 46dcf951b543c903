"""Sends that are not even tried: nothing is asked of the store, or all of it is given back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from support.fakes import (
    AWAY,
    NOW,
    FakeBudgets,
    FakeSender,
    FakeStore,
    dispatcher,
    fixed_pins,
    open_gate,
    over_sms,
    verification,
)
from support.verifications import (
    BOTH_SHOP,
    IDS,
    KEYS,
    NUMBER_HASHES,
    PHONE,
    PREFIXES,
    REQUEST_ID,
    SEALER,
    SilentJournal,
)

from otp_service.domain.application import Application, FixedPin
from otp_service.domain.budget_row import BudgetRow, Counted, Scope
from otp_service.domain.call import Call
from otp_service.domain.circuit import CircuitRules
from otp_service.domain.events import FallBackJudged, MessageSent, ResendJudged, StartJudged
from otp_service.domain.idempotency import Idempotency
from otp_service.domain.pin import Pin
from otp_service.domain.price import PriceTable
from otp_service.domain.receipt import Receipt, SentMessage
from otp_service.domain.test_number import FixedPinScheme
from otp_service.domain.verification import Channel, DeliveryState, Verification
from otp_service.errors import (
    OtpError,
    PhoneUnreachable,
    ProviderFailed,
    ServiceBusy,
    StoreUnavailable,
)
from otp_service.ports import OutgoingMessage, ReceiptNews, SendOutcome, SendReport, SendVerdict
from otp_service.service.receive import ReceiveReceipt
from otp_service.service.resend import ResendCode
from otp_service.service.start import StartCommand, StartVerification

POLICY = tuple(
    BudgetRow(counted.value, Scope.APPLICATION, counted, 10**9, timedelta(days=1))
    for counted in Counted
)
BOTH = replace(BOTH_SHOP, policy=POLICY)
VIBER_ONLY = replace(BOTH, channels=(Channel.VIBER,))
PRICES = PriceTable(default={Channel.VIBER: 2, Channel.SMS: 7})
AT_ONCE = CircuitRules(failures=1, open_for=timedelta(hours=1), probe_lasts=timedelta(hours=1))
ONCE = Idempotency("a-name-of-24-characters-", b"the body's digest")


class Desk:
    """Start, resend and receipts over fakes; channels whose circuits one failure opens."""

    def __init__(
        self,
        answer: object = None,
        *,
        application: Application = BOTH,
        room: int = 8,
        sms: SendVerdict = SendVerdict.ACCEPTED,
    ) -> None:
        self.application = application
        self.budgets = FakeBudgets()
        self.store = FakeStore(answer)
        self.claims = FakeStore()
        self.journal = SilentJournal()
        self.viber, self.sms = FakeSender(), FakeSender(sms, channel=Channel.SMS)
        gate = open_gate(self.budgets, PRICES)
        self.dispatcher = dispatcher(
            self.store, self.journal, self.viber, self.sms, gate=gate, rules=AT_ONCE, room=room
        )
        pins = fixed_pins(self.journal)
        self._start = StartVerification(
            ids=IDS,
            prefixes=PREFIXES,
            number_hashes=NUMBER_HASHES,
            keys=KEYS,
            sealer=SEALER,
            store=self.store,
            claims=self.claims,
            gate=gate,
            fixed_pins=pins,
            dispatcher=self.dispatcher,
            journal=self.journal,
        )
        self._resend = ResendCode(
            ids=IDS,
            store=self.store,
            fixed_pins=pins,
            dispatcher=self.dispatcher,
            journal=self.journal,
        )
        self.receive = ReceiveReceipt(
            ids=IDS,
            applications={"shop": application},
            store=self.store,
            dispatcher=self.dispatcher,
            journal=self.journal,
        )

    def call(self) -> Call:
        return Call(self.application, idempotency=ONCE)

    def start(self) -> Verification:
        return self._start(self.call(), StartCommand(phone=PHONE))

    def resend(self, channel: Channel | None = None) -> Verification:
        return self._resend(self.call(), IDS.new(PHONE).text, channel)

    def receipt(self) -> None:
        self.receive(Receipt(REQUEST_ID, DeliveryState.FAILED))

    def fail(self, *channels: Channel) -> None:
        """Open the circuits of these channels."""
        for channel in channels:
            sender = {Channel.VIBER: self.viber, Channel.SMS: self.sms}[channel]
            report, sender._report = sender._report, SendReport(SendVerdict.UNKNOWN, "timeout")
            self.dispatcher._hand_over._senders[channel].send(message(channel))
            sender._report = report
            sender.sent.clear()

    @property
    def asked(self) -> list[object]:
        return [*self.store.names, *self.claims.names, *self.budgets.asked, *self.store.settled]

    def noted(self, kind: type) -> list[tuple[str, str | None]]:
        events = [event for event in self.journal.events if isinstance(event, kind)]
        return [(event.outcome, getattr(event, "detail", None)) for event in events]


def message(channel: Channel) -> OutgoingMessage:
    plan = replace(verification().plan, channel=channel)
    return OutgoingMessage(phone=PHONE, pin=Pin("123456"), plan=plan, life=timedelta(minutes=5))


def refused(call: Callable[[], object]) -> ServiceBusy:
    with pytest.raises(ServiceBusy) as busy:
        call()
    return busy.value


@pytest.mark.parametrize("verb", ["start", "resend"])
def test_with_every_channel_open_nobody_asks_the_store(verb: str) -> None:
    desk = Desk()
    desk.fail(*BOTH.channels)

    busy = refused(getattr(desk, verb))

    assert desk.asked == []
    assert desk.viber.sent + desk.sms.sent == []
    assert timedelta(minutes=59) < busy.retry_after <= timedelta(hours=1)
    kind = StartJudged if verb == "start" else ResendJudged
    assert desk.noted(kind) == [("service_busy", "circuit_open")]


@pytest.mark.parametrize("verb", ["start", "resend"])
def test_without_room_nobody_asks_the_store(verb: str) -> None:
    desk = Desk(room=1)

    with desk.dispatcher.room_for(BOTH.channels):
        busy = refused(getattr(desk, verb))

    assert desk.asked == []
    assert busy.retry_after == timedelta(seconds=1)
    kind = StartJudged if verb == "start" else ResendJudged
    assert desk.noted(kind) == [("service_busy", "no_room")]


def test_room_is_free_again_after_each_start() -> None:
    desk = Desk(room=1)

    for _ in range(3):
        desk._start(Call(BOTH), StartCommand(phone=PHONE))

    assert len(desk.viber.sent) == 3


def test_start_goes_over_sms_while_viber_is_open() -> None:
    desk = Desk()
    desk.fail(Channel.VIBER)

    sent = desk._start(Call(BOTH), StartCommand(phone=PHONE))

    assert sent.last_delivery.channel is Channel.SMS
    assert (len(desk.viber.sent), len(desk.sms.sent)) == (0, 1)
    assert ("not_tried", None) in desk.noted(MessageSent)
    (judged,) = [event for event in desk.journal.events if isinstance(event, FallBackJudged)]
    assert (judged.outcome, judged.cause) == ("fallen_back", "not_tried")


def test_message_that_was_not_tried_costs_the_price_of_the_one_that_was() -> None:
    desk = Desk()
    desk.fail(Channel.VIBER)

    desk._start(Call(BOTH), StartCommand(phone=PHONE))

    assert sum(charged.get("money", 0) for charged in desk.budgets.charges) == 7


def test_failure_over_the_other_channel_leaves_its_price_alone() -> None:
    desk = Desk(sms=SendVerdict.FAILED)
    desk.fail(Channel.VIBER)

    with pytest.raises(ProviderFailed):
        desk._start(Call(BOTH), StartCommand(phone=PHONE))

    assert desk.budgets.charges == [{"money": 2}, {"money": 5}]


class Turning:
    """Lets a start through, and opens what it is told to before the message goes."""

    def __init__(self, desk: Desk, *channels: Channel) -> None:
        self._desk, self._channels = desk, channels
        self._start = desk.store.start

    def __call__(self, new: object) -> object:
        stored = self._start(new)  # type: ignore[arg-type]
        self._desk.fail(*self._channels)
        return stored


def test_start_whose_circuit_opens_meanwhile_gives_everything_back() -> None:
    desk = Desk(application=VIBER_ONLY)
    desk.store.start = Turning(desk, Channel.VIBER)  # type: ignore[method-assign]

    busy = refused(lambda: desk._start(Call(VIBER_ONLY), StartCommand(phone=PHONE)))

    assert desk.budgets.charges == [{}]
    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]
    assert desk.store.reasons == ["circuit_open"]
    assert busy.reason == "circuit_open"


def test_price_of_a_second_channel_that_is_not_tried_either_is_given_back() -> None:
    desk = Desk()
    desk.fail(Channel.VIBER)
    replace_send = desk.store.replace_send

    def replaced(*arguments: object, **named: object) -> object:
        stored = replace_send(*arguments, **named)  # type: ignore[arg-type]
        desk.fail(Channel.SMS)
        return stored

    desk.store.replace_send = replaced  # type: ignore[method-assign, assignment]

    refused(lambda: desk._start(Call(BOTH), StartCommand(phone=PHONE)))

    assert desk.budgets.charges == [{}, {}]
    assert desk.sms.sent == []


@pytest.mark.parametrize("is_stored", [None, AWAY], ids=["ended", "away"])
def test_price_of_a_message_that_nothing_was_stored_for_is_given_back(
    is_stored: Exception | None,
) -> None:
    desk = Desk()
    desk.fail(Channel.VIBER)
    desk.store.replacing = is_stored or False

    with pytest.raises((ServiceBusy, StoreUnavailable)):
        desk._start(Call(BOTH), StartCommand(phone=PHONE))

    assert desk.budgets.charges[1] == {}
    assert desk.sms.sent == []


def test_price_of_the_only_channel_that_reaches_a_number_is_given_back_while_it_is_open() -> None:
    desk = Desk(over_sms(verification()))
    desk.fail(Channel.SMS)

    refused(lambda: desk._start(Call(BOTH), StartCommand(phone=PHONE)))

    assert desk.budgets.charges == [{}, {}]
    assert desk.viber.sent + desk.sms.sent == []


@pytest.mark.parametrize(
    ("verdict", "failure", "first"),
    [
        (SendVerdict.FAILED, ProviderFailed, {"money": 2}),
        (
            SendVerdict.NUMBER_REFUSED,
            PhoneUnreachable,
            {"starts": 1, "sends": 1, "wrong_guesses": 0, "money": 2},
        ),
    ],
    ids=["failed", "number_refused"],
)
@pytest.mark.parametrize("verb", ["start", "resend"])
def test_message_that_was_tried_over_one_channel_failed_whatever_becomes_of_the_other(
    verb: str, verdict: SendVerdict, failure: type[OtpError], first: dict[str, int]
) -> None:
    desk = Desk(None if verb == "start" else verification())
    desk.viber._report = SendReport(verdict, "code_-1")
    replace_send = desk.store.replace_send

    def replaced(*arguments: object, **named: object) -> object:
        stored = replace_send(*arguments, **named)  # type: ignore[arg-type]
        desk.fail(Channel.SMS)
        return stored

    desk.store.replace_send = replaced  # type: ignore[method-assign, assignment]

    send: dict[str, Callable[[], object]] = {
        "start": lambda: desk._start(Call(BOTH), StartCommand(phone=PHONE)),
        "resend": lambda: desk._resend(Call(BOTH), IDS.new(PHONE).text),
    }

    with pytest.raises(failure):
        send[verb]()

    counted = first if verb == "start" else {n: first[n] for n in ("sends", "money") if n in first}
    assert desk.budgets.charges == [counted, {}]
    assert desk.sms.sent == []


def test_channel_that_is_open_takes_over_from_none() -> None:
    desk = Desk()
    desk.fail(Channel.SMS)
    desk.viber._report = SendReport(SendVerdict.FAILED, "code_-1")

    with pytest.raises(ProviderFailed):
        desk._start(Call(BOTH), StartCommand(phone=PHONE))

    assert "replace_send" not in desk.store.names
    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]


def test_resend_whose_circuit_opens_meanwhile_gives_everything_back() -> None:
    desk = Desk(verification(), application=VIBER_ONLY)
    charge = desk.budgets.charge

    def charged(*arguments: object, **named: object) -> object:
        desk.fail(Channel.VIBER)
        return charge(*arguments, **named)  # type: ignore[arg-type]

    desk.budgets.charge = charged  # type: ignore[method-assign, assignment]

    refused(lambda: desk._resend(Call(VIBER_ONLY), IDS.new(PHONE).text))

    assert desk.budgets.charges == [{}]
    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]


@pytest.mark.parametrize(
    ("wanted", "is_refused"), [(Channel.VIBER, False), (Channel.SMS, True)], ids=["viber", "sms"]
)
def test_resend_looks_at_the_channels_from_the_wanted_one_on(
    wanted: Channel,
    is_refused: bool,  # noqa: FBT001
) -> None:
    opened = Channel.SMS if is_refused else Channel.VIBER
    desk = Desk(verification())
    desk.fail(opened)

    try:
        desk.resend(wanted)
    except ServiceBusy:
        assert is_refused
        assert desk.asked == []
    else:
        assert not is_refused


def news(desk: Desk) -> None:
    """Tell of a Viber message that did not arrive."""
    at = verification().id
    sent = SentMessage(at.random, at.number_tag, "shop", Channel.VIBER, "UA", 1)
    desk.store.answer = ReceiptNews(DeliveryState.FAILED, is_move=True, message=sent)
    desk.store.falling = over_sms(verification())


@pytest.mark.parametrize("why", ["circuit_open", "no_room"])
def test_receipt_whose_message_cannot_go_now_is_to_come_again(why: str) -> None:
    desk = Desk(room=1)
    news(desk)

    if why == "no_room":
        with desk.dispatcher.room_for(BOTH.channels):
            refused(desk.receipt)
    else:
        desk.fail(Channel.SMS)
        refused(desk.receipt)

    assert desk.store.names == ["receive"]
    assert desk.noted(FallBackJudged) == [("service_busy", None)]


def test_receipt_whose_circuit_opens_meanwhile_is_to_come_again() -> None:
    desk = Desk()
    news(desk)
    fall_back = desk.store.fall_back

    def fallen(*arguments: object, **named: object) -> object:
        desk.fail(Channel.SMS)
        return fall_back(*arguments, **named)  # type: ignore[arg-type]

    desk.store.fall_back = fallen  # type: ignore[method-assign]

    refused(desk.receipt)

    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]
    assert desk.budgets.charges == [{}]
    assert desk.noted(FallBackJudged) == [("service_busy", None)]


def test_start_stands_where_its_early_fall_back_cannot_go_now() -> None:
    desk = Desk()
    desk.store.early = ReceiptNews(DeliveryState.FAILED, is_move=True)
    desk.store.falling = over_sms(verification())
    desk.fail(Channel.SMS)

    started = desk._start(Call(BOTH), StartCommand(phone=PHONE))

    assert started.last_delivery.state is DeliveryState.ACCEPTED
    assert desk.sms.sent == []


@pytest.mark.parametrize("why", ["circuit_open", "no_room"])
@pytest.mark.parametrize("verb", ["start", "resend"])
def test_test_number_is_held_up_by_neither(why: str, verb: str) -> None:
    tag = IDS.number_tag(PHONE)
    pin = FixedPin(
        name="review",
        number_tag=tag,
        pin_hash=FixedPinScheme(b"n" * 32).hash("shop", tag, digits="123456"),
        until=NOW + timedelta(days=1),
        starts_per_day=20,
    )
    application = replace(BOTH, fixed_pins=(pin,))
    answer = None if verb == "start" else verification(is_test=True)
    desk = Desk(answer, application=application, room=1)
    desk.fail(*(BOTH.channels if why == "circuit_open" else ()))
    start, call = desk.store.start, Call(application)
    desk.store.start = lambda new: replace(start(new), is_test=True)  # type: ignore

    with desk.dispatcher._hand_over._bulkhead.entered():
        sent = (
            desk._start(call, StartCommand(phone=PHONE))
            if verb == "start"
            else desk._resend(call, IDS.new(PHONE).text)
        )

    assert sent.last_delivery.state is DeliveryState.ACCEPTED
    assert desk.viber.sent + desk.sms.sent == []
