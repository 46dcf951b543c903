from dataclasses import dataclass, field

import pytest
from support.fakes import AWAY, FakeSender, FakeStore, SilentJournal, dispatcher, over_sms
from support.fakes import verification as a_verification
from support.verifications import BOTH_SHOP, IDS, REQUEST_ID, SHOP

from otp_service.domain.application import Application
from otp_service.domain.events import ReceiptReceived
from otp_service.domain.receipt import Receipt, SentMessage
from otp_service.domain.verification import Channel, DeliveryState, Verification
from otp_service.errors import StoreUnavailable
from otp_service.ports import ReceiptNews
from otp_service.service.receive import ReceiveReceipt

FAILURES = [DeliveryState.FAILED, DeliveryState.EXPIRED]


@dataclass
class Desk:
    """The use case with fakes around it, told of one message."""

    state: DeliveryState
    application: Application = BOTH_SHOP
    is_move: bool = True
    is_known: bool = True
    is_number_refused: bool = False
    verification: Verification = field(default_factory=a_verification)

    def __post_init__(self) -> None:
        self.journal = SilentJournal()
        self.store = FakeStore(
            ReceiptNews(
                self.state,
                is_move=self.is_move,
                is_number_refused=self.is_number_refused,
                message=self._message() if self.is_known else None,
            )
        )
        self.store.falling = over_sms(self.verification)
        self.sms = FakeSender(channel=Channel.SMS)
        self.use_case = ReceiveReceipt(
            ids=IDS,
            applications={"shop": self.application},
            store=self.store,
            dispatcher=dispatcher(self.store, self.journal, FakeSender(), self.sms),
            journal=self.journal,
        )

    def _message(self) -> SentMessage:
        vid = self.verification.id
        return SentMessage(vid.random, vid.number_tag, "shop", Channel.VIBER, "UA", 1)

    def receive(self) -> None:
        self.use_case(Receipt(REQUEST_ID, self.state))

    def outcomes(self) -> list[str]:
        events = self.journal.events
        return [event.outcome for event in events if isinstance(event, ReceiptReceived)]


@pytest.mark.parametrize("state", FAILURES, ids=str)
def test_message_that_did_not_arrive_is_sent_over_the_next_channel(state: DeliveryState) -> None:
    desk = Desk(state, is_number_refused=True)

    desk.receive()

    assert len(desk.sms.sent) == 1
    _, (operation, vid, details) = desk.store.asked
    assert operation == "fall_back"
    assert vid == desk.verification.id
    assert isinstance(details, dict)
    assert (details["failed_send"], details["is_number_refused"]) == (1, True)


@pytest.mark.parametrize(
    "state", [state for state in DeliveryState if state not in FAILURES], ids=str
)
def test_other_news_sends_nothing(state: DeliveryState) -> None:
    desk = Desk(state)

    desk.receive()

    assert desk.sms.sent == []
    assert desk.store.names == ["receive"]


def test_failure_of_a_message_that_is_not_ours_sends_nothing() -> None:
    desk = Desk(DeliveryState.FAILED, is_known=False)

    desk.receive()

    assert desk.sms.sent == []
    assert desk.outcomes() == ["unknown"]


def test_failure_told_again_is_tried_again_for_the_store_to_judge() -> None:
    desk = Desk(DeliveryState.FAILED, is_move=False)

    desk.receive()

    assert "fall_back" in desk.store.names
    assert desk.outcomes() == ["old"]


def test_application_that_is_gone_from_the_settings_gets_nothing() -> None:
    desk = Desk(DeliveryState.FAILED)
    desk.use_case._applications = {}

    desk.receive()

    assert desk.sms.sent == []


def test_application_without_another_channel_gets_nothing() -> None:
    desk = Desk(DeliveryState.FAILED, application=SHOP)

    desk.receive()

    assert desk.store.names == ["receive"]


@pytest.mark.parametrize("when", ["at the receipt", "at the fall-back"])
def test_store_that_is_away_is_told_so_that_the_receipt_comes_again(when: str) -> None:
    desk = Desk(DeliveryState.FAILED)
    if when == "at the receipt":
        desk.store.answer = AWAY
    else:
        desk.store.falling = AWAY

    with pytest.raises(StoreUnavailable):
        desk.receive()
