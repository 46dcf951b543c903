from datetime import timedelta

import pytest
from support.fakes import (
    AWAY,
    ENDS,
    FakeSender,
    FakeStore,
    dispatcher,
    fixed_pins,
    open_gate,
    verification,
)
from support.verifications import (
    BOTH,
    BOTH_SHOP,
    IDS,
    KEYS,
    PHONE,
    REQUEST_ID,
    SHOP,
    SilentJournal,
    shop,
)

from otp_service.domain.call import Call
from otp_service.domain.events import MessageSent, ResendJudged
from otp_service.domain.keys import Use
from otp_service.domain.pin import pin_digest
from otp_service.domain.verification import Channel, DeliveryState, Status
from otp_service.errors import (
    Forbidden,
    InvalidRequest,
    OtpError,
    PhoneUnreachable,
    ProviderFailed,
    ProviderMisconfigured,
    ResendTooSoon,
    RetryLater,
    SendLimitReached,
    StoreUnavailable,
    TooManyRequests,
    VerificationNotFound,
)
from otp_service.ports import (
    Ended,
    NoResend,
    NotTheTokens,
    OverBudget,
    ResendBar,
    SendOutcome,
    SendVerdict,
)
from otp_service.service.resend import ResendCode

WAIT = timedelta(seconds=17)


class Desk:
    """The use case with fakes around it."""

    def __init__(self, answer: object, verdict: SendVerdict = SendVerdict.ACCEPTED) -> None:
        self.store = FakeStore(answer)
        self.sender = FakeSender(verdict, self.store)
        self.journal = SilentJournal()
        self.resend = ResendCode(
            ids=IDS,
            store=self.store,
            gate=open_gate(),
            dispatcher=dispatcher(self.store, self.journal, self.sender),
            fixed_pins=fixed_pins(self.journal),
            journal=self.journal,
        )

    def refused(self, expected: type[OtpError]) -> OtpError:
        with pytest.raises(expected) as refusal:
            self.resend(Call(SHOP), IDS.new(PHONE).text)
        return refusal.value


def test_further_message_goes_to_the_sealed_number_with_a_pin_of_its_own() -> None:
    stored = verification()
    desk = Desk(stored)

    resent = desk.resend(Call(shop(pin_digits=8)), stored.id.text)

    (message,) = desk.sender.sent
    assert message.phone == PHONE
    assert len(message.pin.digits) == 8
    assert (message.plan, message.life) == (stored.plan, stored.life)
    assert resent.last_delivery.state is DeliveryState.ACCEPTED
    assert desk.store.settled == [(SendOutcome.ACCEPTED, REQUEST_ID)]


def test_pin_is_stored_before_it_is_sent() -> None:
    stored = verification()
    desk = Desk(stored)

    desk.resend(Call(SHOP), stored.id.text)

    ((operation, vid, call, details),) = desk.store.asked
    (message,) = desk.sender.sent
    assert (operation, vid, call) == ("resend", stored.id, Call(SHOP))
    assert details == {
        "pin_digest": pin_digest(
            KEYS.newest(Use.PIN), verification_id=stored.id.text, digits=message.pin.digits
        ),
        "channels": (Channel.VIBER,),
    }
    assert desk.sender.stored_when_sent == [["resend"]]


@pytest.mark.parametrize("channel", [None, Channel.VIBER], ids=["own choice", "by name"])
def test_channel_of_the_application_is_taken(channel: Channel | None) -> None:
    stored = verification()
    desk = Desk(stored)

    desk.resend(Call(SHOP), stored.id.text, channel)

    assert len(desk.sender.sent) == 1


@pytest.mark.parametrize(
    ("asked", "channels"),
    [(None, BOTH), (Channel.SMS, (Channel.SMS,)), (Channel.VIBER, (Channel.VIBER,))],
    ids=["own choice", "sms", "viber"],
)
def test_of_two_channels_the_one_asked_for_is_wanted(
    asked: Channel | None, channels: tuple[Channel, ...]
) -> None:
    desk = Desk(verification())

    desk.resend(Call(BOTH_SHOP), IDS.new(PHONE).text, asked)

    assert desk.store.asked[0][-1]["channels"] == channels  # type: ignore[index]


def test_channel_the_application_does_not_have_is_refused() -> None:
    desk = Desk(verification())

    with pytest.raises(InvalidRequest) as refusal:
        desk.resend(Call(SHOP), IDS.new(PHONE).text, Channel.SMS)

    assert [problem.pointer for problem in refusal.value.problems] == ["/channel"]
    assert desk.store.asked == []


@pytest.mark.parametrize("text", ["", "short", "!" * 36, "A" * 37], ids=len)
def test_text_that_is_no_id_is_not_found_and_asks_nothing(text: str) -> None:
    desk = Desk(verification())

    with pytest.raises(VerificationNotFound):
        desk.resend(Call(SHOP), text)

    assert desk.store.asked == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (NoResend(ResendBar.TOO_SOON, WAIT), ResendTooSoon),
        (NoResend(ResendBar.NO_SENDS_LEFT, WAIT), SendLimitReached),
        (OverBudget("number_messages_per_hour", WAIT), TooManyRequests),
    ],
    ids=["too soon", "no sends left", "over budget"],
)
def test_refusal_tells_how_long_to_wait_and_sends_nothing(
    answer: object, error: type[RetryLater]
) -> None:
    desk = Desk(answer)

    refusal = desk.refused(error)

    assert isinstance(refusal, RetryLater)
    assert refusal.retry_after == WAIT
    assert desk.sender.sent == []
    (event,) = desk.journal.events
    assert isinstance(event, ResendJudged)
    assert event.outcome == refusal.code
    assert event.detail == (answer.budget if isinstance(answer, OverBudget) else None)


@pytest.mark.parametrize("status", ENDS, ids=str)
def test_ended_verification_tells_how_it_ended(status: Status) -> None:
    desk = Desk(Ended(status))

    refusal = desk.refused(OtpError)

    assert refusal.code == f"verification_{status}"
    assert desk.sender.sent == []


def test_unknown_id_is_not_found() -> None:
    desk = Desk(None)

    desk.refused(VerificationNotFound)

    assert desk.sender.sent == []


def test_nothing_is_sent_when_the_store_fails() -> None:
    desk = Desk(AWAY)

    desk.refused(StoreUnavailable)

    assert desk.sender.sent == []
    assert desk.store.settled == []


@pytest.mark.parametrize(
    ("verdict", "error"),
    [
        (SendVerdict.NUMBER_REFUSED, PhoneUnreachable),
        (SendVerdict.FAILED, ProviderFailed),
        (SendVerdict.MISCONFIGURED, ProviderMisconfigured),
    ],
    ids=str,
)
def test_definite_failure_takes_the_send_back(verdict: SendVerdict, error: type[OtpError]) -> None:
    stored = verification()
    desk = Desk(stored, verdict)

    with pytest.raises(error):
        desk.resend(Call(SHOP), stored.id.text)

    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]


def test_message_of_unknown_fate_is_kept() -> None:
    stored = verification()
    desk = Desk(stored, SendVerdict.UNKNOWN)

    resent = desk.resend(Call(SHOP), stored.id.text)

    assert resent.last_delivery.state is DeliveryState.UNKNOWN
    assert desk.store.settled == [(SendOutcome.UNKNOWN, None)]


def test_number_that_cannot_be_opened_is_taken_back_unsent() -> None:
    stored = verification(sealed_phone=b"sealed with a secret that was removed")
    desk = Desk(stored)

    with pytest.raises(VerificationNotFound):
        desk.resend(Call(SHOP), stored.id.text)

    assert desk.sender.sent == []
    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]


def test_resend_is_told_to_the_journal_without_pin_or_number() -> None:
    stored = verification()
    desk = Desk(stored)

    desk.resend(Call(SHOP), stored.id.text)

    assert desk.journal.events == [
        MessageSent("shop", "viber", "UA", 3, "uk", "accepted", "code_0", REQUEST_ID),
        ResendJudged("shop", "resent", "UA", "+380*******67", stored.id.random),
    ]
    assert desk.sender.sent[0].pin.digits not in repr(desk.journal.events)


def test_what_a_token_did_not_start_is_forbidden_to_it_and_sends_nothing() -> None:
    desk = Desk(NotTheTokens())

    desk.refused(Forbidden)

    assert desk.sender.sent == []
    assert desk.journal.events == [ResendJudged("shop", "forbidden")]
