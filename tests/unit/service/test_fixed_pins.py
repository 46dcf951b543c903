"""Test numbers in the use cases: what is asked of the store, what is sent, what is noted."""

from datetime import timedelta

import pytest
from support.fakes import FakeSender, FakeStore, dispatcher, fixed_pins, verification
from support.listed_numbers import FIXED_PIN, UNTIL, Service, listing
from support.verifications import (
    BOTH,
    IDS,
    KEYS,
    OTHER_PHONE,
    PHONE,
    SHOP,
    WRONG_PIN,
    SilentJournal,
)

from otp_service.domain.application import Application
from otp_service.domain.events import GuessJudged, MessageSent, ResendJudged, StartJudged
from otp_service.domain.events import TestNumberUsed as Used
from otp_service.domain.keys import Use
from otp_service.domain.pin import Pin, digests_to_accept
from otp_service.domain.verification import Channel, DeliveryState, Status
from otp_service.errors import CodeIncorrect
from otp_service.ports import Judged, SendOutcome, Verdict

TESTED = listing()
VID = IDS.new(PHONE)


def test_start_of_a_test_number_is_stored_as_one_and_goes_nowhere() -> None:
    store = FakeStore(verification(is_test=True))
    service = Service(store)

    started = service.start(TESTED)

    ((_, new),) = store.asked
    assert new.is_test
    assert new.call.application.rules.resend_cooldown == timedelta(0)
    assert [budget.limit for budget in new.call.application.budgets.sliding] == [50]
    assert service.sent == 0
    assert store.settled == [(SendOutcome.ACCEPTED, None)]
    assert started.last_delivery.state is DeliveryState.ACCEPTED


@pytest.mark.parametrize(
    ("application", "phone", "is_over"),
    [(TESTED, OTHER_PHONE, False), (SHOP, PHONE, False), (TESTED, PHONE, True)],
    ids=["another number", "not listed", "over"],
)
def test_any_other_start_is_an_ordinary_one(
    application: Application, phone: str, *, is_over: bool
) -> None:
    store = FakeStore()
    service = Service(store)
    if is_over:
        service.clock.moment = UNTIL

    service.start(application, phone)

    ((_, new),) = store.asked
    assert not new.is_test
    assert new.call.application is application
    assert service.sent == 1
    assert not any(isinstance(event, Used) for event in service.journal.events)


@pytest.mark.parametrize("channel", BOTH, ids=str)
def test_no_way_leads_to_a_provider_with_a_test_number(channel: Channel) -> None:
    store, journal = FakeStore(), SilentJournal()
    senders = [FakeSender(), FakeSender(channel=Channel.SMS)]
    sending = dispatcher(store, journal, *senders)
    standing = verification(is_test=True)
    store.falling = standing

    sending.dispatch(TESTED, standing, phone=PHONE, pin=Pin(WRONG_PIN))
    sending.fall_back(
        listing(Application("shop", SHOP.rules, SHOP.budgets, channels=BOTH)),
        standing.id,
        channel=Channel.VIBER,
        failed_send=1,
        is_number_refused=channel is Channel.VIBER,
    )

    assert [sender.sent for sender in senders] == [[], []]
    assert not any(isinstance(event, MessageSent) for event in journal.events)


def test_guess_is_shown_as_fixed_only_if_it_is_the_fixed_pin_of_this_number_now() -> None:
    pins = fixed_pins(SilentJournal())
    over = fixed_pins(SilentJournal(), UNTIL)

    (digest,) = pins.digests_of_guess(TESTED, VID, FIXED_PIN)

    assert digest == pins.digest(TESTED.fixed_pins[0], VID)
    assert pins.digests_of_guess(TESTED, VID, WRONG_PIN) == ()
    assert pins.digests_of_guess(TESTED, IDS.new(OTHER_PHONE), FIXED_PIN) == ()
    assert pins.digests_of_guess(SHOP, VID, FIXED_PIN) == ()
    assert over.digests_of_guess(TESTED, VID, FIXED_PIN) == ()


def test_digest_of_a_fixed_pin_is_none_that_a_drawn_pin_could_have() -> None:
    pins = fixed_pins(SilentJournal())
    (pin,) = TESTED.fixed_pins

    digest = pins.digest(pin, VID)

    for text in (FIXED_PIN, pin.pin_hash):
        drawn = digests_to_accept(KEYS.accepted(Use.PIN), verification_id=VID.text, text=text)
        assert digest not in drawn
    assert digest != pins.digest(pin, IDS.new(PHONE))


def test_every_use_is_told_beside_the_event_of_the_verb() -> None:
    standing = verification(is_test=True)
    service = Service(FakeStore(standing))

    started = service.start(TESTED)
    service.resend(TESTED, started)
    service.store.answer = Judged(Verdict.INCORRECT, standing)
    with pytest.raises(CodeIncorrect):
        service.verify(TESTED, started, WRONG_PIN)
    service.store.answer = Judged(
        Verdict.APPROVED, verification(is_test=True, status=Status.APPROVED), 1
    )
    service.verify(TESTED, started, FIXED_PIN)

    uses = [event for event in service.journal.events if isinstance(event, Used)]
    assert [(use.use, use.outcome) for use in uses] == [
        ("start", "started"),
        ("resend", "resent"),
        ("verify", "code_incorrect"),
        ("verify", "approved"),
    ]
    assert {
        (use.application, use.test_number, use.key, use.country, use.phone) for use in uses
    } == {("shop", "app-review", "web", "UA", "+380*******67")}
    verbs = [type(event) for event in service.journal.events if not isinstance(event, Used)]
    assert verbs == [StartJudged, ResendJudged, GuessJudged, GuessJudged]


def test_use_of_a_number_that_is_not_listed_any_more_is_told_without_a_name() -> None:
    service = Service(FakeStore(verification(is_test=True)))

    service.resend(SHOP, verification())

    (use,) = [event for event in service.journal.events if isinstance(event, Used)]
    assert use.test_number is None


def test_no_event_and_no_repr_holds_pin_hash_or_number() -> None:
    standing = verification(is_test=True, status=Status.APPROVED)
    service = Service(FakeStore(standing))
    shown = [repr(service.start(TESTED))]
    service.store.answer = Judged(Verdict.APPROVED, standing, 1)

    shown.append(repr(service.verify(TESTED, standing, FIXED_PIN)))

    told = "\n".join([*shown, *map(repr, service.journal.events), repr(service.store.asked)])
    for secret in (FIXED_PIN, PHONE[4:], TESTED.fixed_pins[0].pin_hash, VID.number_tag):
        assert secret not in told


def test_test_number_charges_no_budget_that_others_share() -> None:
    standing = verification(is_test=True)
    service = Service(FakeStore(standing))

    service.start(TESTED)
    service.resend(TESTED, standing)

    assert service.budgets.asked == []
    ordinary = Service(FakeStore())
    ordinary.start(SHOP)
    assert ordinary.budgets.asked == ["start"]


@pytest.mark.parametrize(("is_test", "told"), [(True, []), (False, [({}, True)])])
def test_right_fixed_pin_says_nothing_of_the_people_in_its_range(
    *, is_test: bool, told: list[object]
) -> None:
    standing = verification(is_test=is_test, status=Status.APPROVED)
    service = Service(FakeStore(Judged(Verdict.APPROVED, standing, 1)))

    service.verify(TESTED, standing, FIXED_PIN)

    assert service.budgets.guesses == told


def test_wrong_fixed_pin_is_counted_wherever_wrong_guesses_are() -> None:
    standing = verification(is_test=True)
    service = Service(FakeStore(Judged(Verdict.INCORRECT, standing)))

    with pytest.raises(CodeIncorrect):
        service.verify(TESTED, standing, WRONG_PIN)

    assert service.budgets.guesses == [({}, False)]
