from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from support.fakes import (
    AWAY,
    FakeSender,
    FakeStore,
    SilentJournal,
    dispatcher,
    over_sms,
    verification,
)
from support.verifications import (
    BOTH_SHOP,
    KEYS,
    PHONE,
    PLAN,
    REQUEST_ID,
    SHOP,
    shop,
)

from otp_service.domain.application import Application
from otp_service.domain.events import FallBackJudged, MessageBilled, MessageSent, ReceiptReceived
from otp_service.domain.keys import Use
from otp_service.domain.pin import Pin, pin_digest
from otp_service.domain.receipt import Cost, SentMessage
from otp_service.domain.sealing import SealBroken
from otp_service.domain.sms_text import SmsAutofill
from otp_service.domain.verification import Channel, DeliveryState, Status, Verification
from otp_service.errors import (
    OtpError,
    PhoneUnreachable,
    ProviderFailed,
    ProviderMisconfigured,
    StoreUnavailable,
)
from otp_service.ports import (
    Ended,
    NoResend,
    OverBudget,
    ReceiptNews,
    ResendBar,
    SendOutcome,
    SendVerdict,
)

DEFINITE = [SendVerdict.NUMBER_REFUSED, SendVerdict.FAILED, SendVerdict.MISCONFIGURED]
COST = Cost("USD", Decimal("0.01"), "OtpTemplate")


class Desk:
    """The dispatcher with fakes around it."""

    def __init__(
        self,
        viber: SendVerdict = SendVerdict.ACCEPTED,
        sms: SendVerdict = SendVerdict.ACCEPTED,
        application: Application = BOTH_SHOP,
    ) -> None:
        self.application = application
        self.store = FakeStore()
        self.journal = SilentJournal()
        self.viber = FakeSender(viber, self.store)
        self.sms = FakeSender(sms, self.store, channel=Channel.SMS)
        self.dispatcher = dispatcher(self.store, self.journal, self.viber, self.sms)

    def dispatch(self, stored: Verification | None = None) -> Verification:
        return self.dispatcher.dispatch(
            self.application, stored or verification(), phone=PHONE, pin=Pin("111111")
        )

    def fall_back(self, stored: object, *, refused: bool = False) -> Verification | None:
        self.store.falling = stored
        return self.dispatcher.fall_back(
            self.application,
            verification().id,
            channel=Channel.VIBER,
            failed_send=1,
            is_number_refused=refused,
        )

    def fall_backs(self) -> list[tuple[str, str, str]]:
        events = [event for event in self.journal.events if isinstance(event, FallBackJudged)]
        return [(event.channel, event.outcome, event.cause) for event in events]

    def details(self, operation: str) -> dict[str, object]:
        (found,) = [asked for asked in self.store.asked if asked[0] == operation]
        details = found[-1]
        assert isinstance(details, dict)
        return details


@pytest.mark.parametrize("verdict", [SendVerdict.NUMBER_REFUSED, SendVerdict.FAILED], ids=str)
def test_what_viber_definitely_did_not_send_goes_over_sms_at_once(verdict: SendVerdict) -> None:
    desk = Desk(viber=verdict)

    sent = desk.dispatch()

    assert [delivery.channel for delivery in sent.deliveries] == [Channel.VIBER, Channel.SMS]
    assert len(desk.sms.sent) == 1
    assert desk.store.settled == [(SendOutcome.ACCEPTED, REQUEST_ID)]
    assert desk.fall_backs() == [("sms", "fallen_back", verdict.value)]


def test_message_in_its_stead_has_a_stored_pin_of_its_own() -> None:
    desk = Desk(viber=SendVerdict.FAILED)
    stored = verification()

    desk.dispatch(stored)

    (first,), (second,) = desk.viber.sent, desk.sms.sent
    assert first.pin.digits != second.pin.digits
    assert desk.details("replace_send")["pin_digest"] == pin_digest(
        KEYS.newest(Use.PIN), verification_id=stored.id.text, digits=second.pin.digits
    )
    assert (second.phone, second.plan.channel) == (PHONE, Channel.SMS)


@pytest.mark.parametrize(
    ("verdict", "refused"),
    [(SendVerdict.NUMBER_REFUSED, True), (SendVerdict.FAILED, False)],
    ids=["refused", "failed"],
)
def test_refusal_of_the_number_alone_is_remembered(verdict: SendVerdict, refused: bool) -> None:  # noqa: FBT001
    desk = Desk(viber=verdict)

    desk.dispatch()

    assert desk.details("replace_send")["is_number_refused"] is refused
    assert desk.details("replace_send")["channel"] is Channel.SMS


def test_fault_of_our_set_up_is_no_reason_to_fall_back() -> None:
    desk = Desk(viber=SendVerdict.MISCONFIGURED)

    with pytest.raises(ProviderMisconfigured):
        desk.dispatch()

    assert desk.sms.sent == []
    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]


def test_message_of_unknown_fate_is_never_followed_by_another() -> None:
    desk = Desk(viber=SendVerdict.UNKNOWN)

    sent = desk.dispatch()

    assert sent.last_delivery.state is DeliveryState.UNKNOWN
    assert desk.sms.sent == []


@pytest.mark.parametrize("verdict", DEFINITE, ids=str)
def test_application_with_one_channel_falls_back_to_none(verdict: SendVerdict) -> None:
    desk = Desk(viber=verdict, application=SHOP)

    with pytest.raises(OtpError):
        desk.dispatch()

    assert desk.sms.sent == []
    assert desk.store.names == []


@pytest.mark.parametrize(
    ("sms", "error"),
    [
        (SendVerdict.NUMBER_REFUSED, PhoneUnreachable),
        (SendVerdict.FAILED, ProviderFailed),
        (SendVerdict.MISCONFIGURED, ProviderMisconfigured),
    ],
    ids=str,
)
def test_last_channel_s_failure_is_the_one_told(sms: SendVerdict, error: type[OtpError]) -> None:
    desk = Desk(viber=SendVerdict.NUMBER_REFUSED, sms=sms)

    with pytest.raises(error):
        desk.dispatch()

    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]


def test_verification_that_ended_meanwhile_sends_nothing_more() -> None:
    desk = Desk(viber=SendVerdict.FAILED)
    desk.store.replacing = False

    with pytest.raises(ProviderFailed):
        desk.dispatch()

    assert desk.sms.sent == []
    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]


def test_each_message_is_noted_with_its_channel() -> None:
    desk = Desk(viber=SendVerdict.FAILED)

    desk.dispatch()

    sent = [event for event in desk.journal.events if isinstance(event, MessageSent)]
    assert [(event.channel, event.outcome) for event in sent] == [
        ("viber", "failed"),
        ("sms", "accepted"),
    ]


@pytest.mark.parametrize(
    ("texts", "brand"),
    [({}, "Nova Shop"), ({"business_name": "Nova Bank"}, "Nova Bank")],
    ids=["application's", "caller's"],
)
def test_who_asks_goes_with_the_message(texts: dict[str, str], brand: str) -> None:
    autofill = SmsAutofill("FA+9qCX9VSu", "example.com")
    desk = Desk(application=replace(SHOP, brand="Nova Shop", autofill=autofill))

    desk.dispatch(verification(plan=replace(PLAN, texts=texts)))

    (message,) = desk.viber.sent
    assert (message.brand, message.autofill) == (brand, autofill)


def test_receipt_that_failed_leads_to_an_sms_with_a_pin_of_its_own() -> None:
    desk = Desk()

    sent = desk.fall_back(over_sms(verification()))

    assert sent is not None
    assert len(desk.sms.sent) == 1
    assert desk.store.settled == [(SendOutcome.ACCEPTED, REQUEST_ID)]
    assert desk.fall_backs() == [("sms", "fallen_back", "receipt")]
    details = desk.details("fall_back")
    assert (details["channel"], details["failed_send"]) == (Channel.SMS, 1)


@pytest.mark.parametrize("refused", [True, False])
def test_store_is_told_whether_the_channel_refuses_the_number(refused: bool) -> None:  # noqa: FBT001
    desk = Desk()

    desk.fall_back(over_sms(verification()), refused=refused)

    assert desk.details("fall_back")["is_number_refused"] is refused


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (None, "verification_not_found"),
        (Ended(Status.APPROVED), "verification_approved"),
        (Ended(Status.EXPIRED), "verification_expired"),
        (NoResend(ResendBar.NOT_NEEDED, timedelta(0)), "not_needed"),
        (NoResend(ResendBar.NO_SENDS_LEFT, timedelta(1)), "no_sends_left"),
        (OverBudget("number_messages_per_day", timedelta(1)), "too_many_requests"),
    ],
    ids=["gone", "approved", "expired", "not needed", "no sends left", "over budget"],
)
def test_nothing_is_sent_where_nothing_was_stored(answer: object, outcome: str) -> None:
    desk = Desk()

    assert desk.fall_back(answer) is None
    assert desk.sms.sent == []
    assert desk.fall_backs() == [("sms", outcome, "receipt")]


def test_receipt_of_an_application_with_one_channel_asks_the_store_nothing() -> None:
    desk = Desk(application=SHOP)

    assert desk.fall_back(over_sms(verification())) is None
    assert desk.store.names == []


@pytest.mark.parametrize("sms", DEFINITE, ids=str)
def test_sms_that_fails_after_a_receipt_is_taken_back_and_noted(sms: SendVerdict) -> None:
    desk = Desk(sms=sms)

    assert desk.fall_back(over_sms(verification())) is None
    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]
    ((_, outcome, _),) = desk.fall_backs()
    assert outcome in {"phone_unreachable", "provider_failed", "provider_misconfigured"}


def test_number_that_cannot_be_opened_any_more_gets_nothing() -> None:
    desk = Desk()

    assert desk.fall_back(over_sms(verification(sealed_phone=b"another secret's" * 3))) is None
    assert desk.sms.sent == []
    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]


def test_store_that_is_away_when_a_receipt_failed_is_told() -> None:
    desk = Desk()

    with pytest.raises(StoreUnavailable):
        desk.fall_back(AWAY)


def early(state: DeliveryState, **details: object) -> ReceiptNews:
    at = verification().id
    message = SentMessage(at.random, at.number_tag, "shop", Channel.VIBER, "UA", 1)
    return ReceiptNews(state, is_move=False, message=message, **details)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.EXPIRED], ids=str)
def test_failure_told_before_our_send_returned_is_fallen_back_from_at_once(
    state: DeliveryState,
) -> None:
    desk = Desk()
    desk.store.early = early(state, is_number_refused=True)
    desk.store.falling = fallen = over_sms(verification())

    sent = desk.dispatch()

    assert sent.id == fallen.id
    assert len(desk.sms.sent) == 1
    assert desk.details("fall_back")["is_number_refused"] is True


@pytest.mark.parametrize("state", [DeliveryState.DELIVERED, DeliveryState.SEEN], ids=str)
def test_good_news_told_early_sends_nothing_more(state: DeliveryState) -> None:
    desk = Desk()
    desk.store.early = early(state)

    desk.dispatch()

    assert desk.sms.sent == []
    assert "fall_back" not in desk.store.names


@pytest.mark.parametrize("falling", [None, AWAY], ids=["not stored", "store away"])
def test_start_stands_where_the_early_failure_cannot_be_mended(falling: object) -> None:
    desk = Desk()
    desk.store.early = early(DeliveryState.FAILED)
    desk.store.falling = falling
    stored = verification()

    assert desk.dispatch(stored).id == stored.id


def test_early_receipt_and_its_cost_are_noted_for_their_application() -> None:
    desk = Desk()
    desk.store.early = early(DeliveryState.DELIVERED, cost=COST)

    desk.dispatch()

    receipts = [event for event in desk.journal.events if isinstance(event, ReceiptReceived)]
    billed = [event for event in desk.journal.events if isinstance(event, MessageBilled)]
    assert [(event.application, event.outcome) for event in receipts] == [("shop", "early")]
    assert [(event.currency, event.amount) for event in billed] == [("USD", COST.amount)]


def test_other_rules_draw_other_pins() -> None:
    desk = Desk(viber=SendVerdict.FAILED)
    desk.application = replace(BOTH_SHOP, rules=shop(pin_digits=8).rules)

    desk.dispatch()

    assert len(desk.sms.sent[0].pin.digits) == 8


SMS_FIRST = replace(BOTH_SHOP, channels=(Channel.SMS, Channel.VIBER))


def sms_verification() -> Verification:
    """Give a pending one whose one message went over SMS."""
    both = over_sms(verification())
    return replace(both, deliveries=both.deliveries[1:])


def test_refusal_by_sms_says_nothing_of_viber() -> None:
    desk = Desk(sms=SendVerdict.NUMBER_REFUSED, application=SMS_FIRST)
    desk.store.replacing = False

    with pytest.raises(PhoneUnreachable):
        desk.dispatch(sms_verification())

    assert desk.details("replace_send")["channel"] is Channel.VIBER
    assert desk.details("replace_send")["is_number_refused"] is False


def test_receipt_of_an_sms_says_nothing_of_viber() -> None:
    desk = Desk(application=SMS_FIRST)

    desk.dispatcher.fall_back(
        SMS_FIRST,
        verification().id,
        channel=Channel.SMS,
        failed_send=1,
        is_number_refused=True,
    )

    assert desk.details("fall_back")["is_number_refused"] is False


def test_message_that_was_not_sent_is_taken_back_where_no_other_can_be_stored() -> None:
    desk = Desk(viber=SendVerdict.FAILED)
    desk.store.replacing = AWAY

    with pytest.raises(StoreUnavailable):
        desk.dispatch()

    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]
    assert desk.sms.sent == []


@pytest.mark.parametrize("verdict", [SendVerdict.UNKNOWN, SendVerdict.MISCONFIGURED], ids=str)
def test_store_is_told_the_provider_s_reason(verdict: SendVerdict) -> None:
    desk = Desk(viber=verdict)

    with suppress(ProviderMisconfigured):
        desk.dispatch()

    assert desk.store.reasons == ["code_0"]


def test_store_is_told_why_a_message_is_replaced() -> None:
    desk = Desk(viber=SendVerdict.FAILED)

    desk.dispatch()

    assert desk.details("replace_send")["reason"] == "code_0"


def test_store_is_told_that_a_seal_is_broken() -> None:
    desk = Desk()

    with pytest.raises(SealBroken):
        desk.dispatcher.phone_of(verification(sealed_phone=b"x" * 40))

    assert desk.store.reasons == ["seal_broken"]
