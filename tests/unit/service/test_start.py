from dataclasses import replace
from datetime import timedelta

import pytest
from support.fakes import (
    AWAY,
    FakeBudgets,
    FakeSender,
    FakeStore,
    dispatcher,
    fixed_pins,
    open_gate,
    verification,
)
from support.verifications import (
    IDS,
    KEYS,
    NUMBER_HASHES,
    OTHER_PHONE,
    PHONE,
    PREFIXES,
    REQUEST_ID,
    SEALER,
    SHOP,
    SilentJournal,
    shop,
)

from otp_service.domain.application import Application
from otp_service.domain.call import Call
from otp_service.domain.destinations import DestinationLists
from otp_service.domain.events import MessageSent, StartJudged
from otp_service.domain.keys import Use
from otp_service.domain.message_text import MessageRequest
from otp_service.domain.pin import pin_digest, purpose_digest
from otp_service.domain.verification import Channel, DeliveryState, LanguageReason
from otp_service.errors import (
    DestinationNotAllowed,
    Forbidden,
    InvalidRequest,
    OtpError,
    PhoneInvalid,
    PhoneUnreachable,
    ProviderFailed,
    ProviderMisconfigured,
    StoreUnavailable,
    TooManyRequests,
)
from otp_service.ports import OverBudget, SendOutcome, SendVerdict
from otp_service.service.start import StartCommand, StartVerification

FIXED_LINE = "+442083661177"


class Desk:
    """The use case with fakes around it."""

    def __init__(
        self, store: FakeStore | None = None, verdict: SendVerdict = SendVerdict.ACCEPTED
    ) -> None:
        self.store = store or FakeStore()
        self.budgets = FakeBudgets()
        self.sender = FakeSender(verdict, self.store)
        self.journal = SilentJournal()
        self.start = StartVerification(
            ids=IDS,
            prefixes=PREFIXES,
            number_hashes=NUMBER_HASHES,
            keys=KEYS,
            sealer=SEALER,
            store=self.store,
            gate=open_gate(self.budgets),
            dispatcher=dispatcher(self.store, self.journal, self.sender),
            fixed_pins=fixed_pins(self.journal),
            journal=self.journal,
        )

    def refused(self, command: StartCommand, expected: type[OtpError]) -> OtpError:
        with pytest.raises(expected) as refusal:
            self.start(Call(SHOP), command)
        return refusal.value


def test_accepted_message_gives_the_verification_as_settled() -> None:
    desk = Desk()

    started = desk.start(Call(SHOP), StartCommand(phone=PHONE))

    assert started.last_delivery.state is DeliveryState.ACCEPTED
    assert started.last_delivery.request_id == REQUEST_ID
    assert desk.store.settled == [(SendOutcome.ACCEPTED, REQUEST_ID)]


def test_record_stands_before_its_message_is_handed_over() -> None:
    desk = Desk()

    desk.start(Call(SHOP), StartCommand(phone=PHONE))

    assert desk.sender.stored_when_sent == [desk.store.standing]
    assert desk.store.standing is not None


def test_stored_digests_are_those_of_the_pin_that_was_sent() -> None:
    desk = Desk()

    started = desk.start(Call(SHOP), StartCommand(phone=PHONE, purpose="payment"))

    (message,) = desk.sender.sent
    stored = desk.store.standing
    assert stored is not None
    vid = started.id.text
    assert stored.id == started.id
    assert stored.pin_digest == pin_digest(
        KEYS.newest(Use.PIN), verification_id=vid, digits=message.pin.digits
    )
    assert stored.purpose_digest == purpose_digest(
        KEYS.newest(Use.PURPOSE), verification_id=vid, purpose="payment"
    )
    assert SEALER.open(stored.sealed_phone, bound_to=vid) == PHONE
    assert (stored.purpose, stored.country, stored.masked_phone) == (
        "payment",
        "UA",
        "+380*******67",
    )


@pytest.mark.parametrize("digits", [4, 6, 10])
def test_message_goes_to_the_number_with_a_pin_of_the_set_length(digits: int) -> None:
    desk = Desk()

    desk.start(Call(shop(pin_digits=digits)), StartCommand(phone=PHONE))

    (message,) = desk.sender.sent
    assert message.phone == PHONE
    assert len(message.pin.digits) == digits
    assert message.life == SHOP.rules.life


def test_every_start_has_an_id_and_a_pin_of_its_own() -> None:
    desk = Desk()

    ids = {
        desk.start(Call(shop(pin_digits=10)), StartCommand(phone=PHONE)).id.text for _ in range(20)
    }

    assert len(ids) == 20
    assert len({message.pin.digits for message in desk.sender.sent}) == 20


def test_plan_is_made_of_the_command_and_the_application() -> None:
    desk = Desk()
    application = Application("shop", SHOP.rules, SHOP.budgets, brand="Nova", default_language="pl")
    command = StartCommand(
        phone=PHONE, locales=("pt-BR",), message=MessageRequest(pin_type="login code")
    )

    started = desk.start(Call(application), command)

    assert started.plan.channel is Channel.VIBER
    assert started.plan.template_id == 5
    assert started.plan.texts == {"pin_type": "login code"}
    assert (started.plan.language, started.plan.language_reason) == ("br", LanguageReason.LOCALE)


def test_text_that_the_template_cannot_hold_is_named() -> None:
    desk = Desk()
    command = StartCommand(
        phone=PHONE, message=MessageRequest(action="transfer", business_name="Nova", reason="r")
    )

    started = desk.start(Call(SHOP), command)

    assert started.plan.unused == ("action",)


@pytest.mark.parametrize(
    ("command", "application"),
    [
        (StartCommand(phone="067 123 45 67", country="ua"), SHOP),
        (
            StartCommand(phone="067 123 45 67"),
            Application("shop", SHOP.rules, SHOP.budgets, default_country="UA"),
        ),
        (
            StartCommand(phone="067 123 45 67", country="UA"),
            Application("shop", SHOP.rules, SHOP.budgets, default_country="US"),
        ),
    ],
    ids=["country given", "application's country", "given one wins"],
)
def test_national_number_is_read_with_a_country(
    command: StartCommand, application: Application
) -> None:
    desk = Desk()

    desk.start(Call(application), command)

    assert desk.sender.sent[0].phone == PHONE


@pytest.mark.parametrize(
    ("verdict", "error"),
    [
        (SendVerdict.NUMBER_REFUSED, PhoneUnreachable),
        (SendVerdict.FAILED, ProviderFailed),
        (SendVerdict.MISCONFIGURED, ProviderMisconfigured),
    ],
    ids=str,
)
def test_definite_failure_is_taken_back_and_told(
    verdict: SendVerdict, error: type[OtpError]
) -> None:
    desk = Desk(verdict=verdict)

    desk.refused(StartCommand(phone=PHONE), error)

    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]
    assert len(desk.sender.sent) == 1


def test_misconfigured_provider_tells_when_to_try_again() -> None:
    desk = Desk(verdict=SendVerdict.MISCONFIGURED)

    refusal = desk.refused(StartCommand(phone=PHONE), ProviderMisconfigured)

    assert isinstance(refusal, ProviderMisconfigured)
    assert refusal.retry_after == timedelta(seconds=30)


def test_message_of_unknown_fate_is_kept() -> None:
    desk = Desk(verdict=SendVerdict.UNKNOWN)

    started = desk.start(Call(SHOP), StartCommand(phone=PHONE))

    assert started.last_delivery.state is DeliveryState.UNKNOWN
    assert desk.store.settled == [(SendOutcome.UNKNOWN, None)]


@pytest.mark.parametrize(
    ("verdict", "state", "request_id"),
    [
        (SendVerdict.ACCEPTED, DeliveryState.ACCEPTED, REQUEST_ID),
        (SendVerdict.UNKNOWN, DeliveryState.UNKNOWN, None),
    ],
    ids=str,
)
def test_store_lost_after_the_send_still_gives_the_verification(
    verdict: SendVerdict, state: DeliveryState, request_id: str | None
) -> None:
    desk = Desk(FakeStore(settling=AWAY), verdict)

    started = desk.start(Call(SHOP), StartCommand(phone=PHONE))

    assert started.last_delivery.state is state
    assert started.last_delivery.request_id == request_id


def test_store_lost_before_the_take_back_still_tells_the_failure() -> None:
    desk = Desk(FakeStore(settling=AWAY), SendVerdict.NUMBER_REFUSED)

    desk.refused(StartCommand(phone=PHONE), PhoneUnreachable)


def test_nothing_is_sent_when_the_store_fails() -> None:
    desk = Desk(FakeStore(AWAY))

    desk.refused(StartCommand(phone=PHONE), StoreUnavailable)

    assert desk.sender.sent == []
    assert desk.store.settled == []
    (event,) = desk.journal.events
    assert isinstance(event, StartJudged)
    assert event.outcome == "store_unavailable"


def test_used_up_budget_is_told_and_nothing_is_sent() -> None:
    desk = Desk(FakeStore(OverBudget("number_starts_per_hour", timedelta(seconds=90))))

    refusal = desk.refused(StartCommand(phone=PHONE), TooManyRequests)

    assert isinstance(refusal, TooManyRequests)
    assert refusal.retry_after == timedelta(seconds=90)
    assert refusal.budget == "number_starts_per_hour"
    assert desk.sender.sent == []
    assert desk.journal.events == [
        StartJudged(
            application="shop",
            outcome="too_many_requests",
            country="UA",
            phone="+380*******67",
            detail="number_starts_per_hour",
        )
    ]


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (StartCommand(phone="12345"), PhoneInvalid),
        (StartCommand(phone=FIXED_LINE), DestinationNotAllowed),
        (StartCommand(phone=PHONE, country="XX"), InvalidRequest),
        (StartCommand(phone=PHONE, message=MessageRequest(reason="www.a.b")), InvalidRequest),
        (StartCommand(phone=PHONE, message=MessageRequest(template_id=6)), InvalidRequest),
    ],
    ids=["no number", "fixed line", "no country", "link", "untrue template"],
)
def test_bad_command_stores_and_sends_nothing(command: StartCommand, error: type[OtpError]) -> None:
    desk = Desk()

    refusal = desk.refused(command, error)

    assert desk.store.asked == []
    assert desk.sender.sent == []
    assert [event.outcome for event in desk.journal.events] == [refusal.code]  # type: ignore[union-attr]


def test_start_on_an_owner_s_budgets_is_told_as_such() -> None:
    owned = replace(verification(), owner_tag="A1b2C3d4E5f6")
    used_up = OverBudget("number_starts_per_hour", timedelta(seconds=90), is_owners=True)
    started, refused = Desk(FakeStore(owned)), Desk(FakeStore(used_up))

    started.start(Call(SHOP), StartCommand(phone=PHONE))
    refused.refused(StartCommand(phone=PHONE), TooManyRequests)

    events = [desk.journal.events[-1] for desk in (started, refused)]
    assert [isinstance(event, StartJudged) and event.account for event in events] == ["owner"] * 2


def test_start_is_told_to_the_journal() -> None:
    desk = Desk()

    started = desk.start(Call(SHOP), StartCommand(phone=PHONE))

    assert desk.journal.events == [
        MessageSent("shop", "viber", "UA", 2, "uk", "accepted", "code_0", REQUEST_ID),
        StartJudged("shop", "started", "UA", "+380*******67", started.id.random),
    ]


@pytest.mark.parametrize("verdict", SendVerdict, ids=str)
def test_no_event_and_no_repr_holds_the_pin_or_the_number(verdict: SendVerdict) -> None:
    desk = Desk(verdict=verdict)
    command = StartCommand(phone=OTHER_PHONE)
    shown = [repr(command)]

    try:
        shown.append(repr(desk.start(Call(SHOP), command)))
    except OtpError as failure:
        shown += [repr(failure), str(failure)]

    (message,) = desk.sender.sent
    told = "\n".join(
        [*shown, *map(repr, desk.journal.events), repr(message), repr(desk.store.asked)]
    )
    assert message.pin.digits not in told
    assert OTHER_PHONE[2:] not in told
    assert "192.0.2.7" not in told
    assert repr(desk.store.standing.pin_digest)[2:-1] not in told  # type: ignore[union-attr]


def test_verification_given_back_is_the_stored_one() -> None:
    kept = verification()
    desk = Desk(FakeStore(kept))

    started = desk.start(Call(SHOP), StartCommand(phone=PHONE))

    assert started.id == kept.id


@pytest.mark.parametrize("text", [PHONE, "+380 (67) 123-45-67"])
def test_the_only_number_a_token_may_start_is_started_however_it_is_written(text: str) -> None:
    desk = Desk()

    desk.start(Call(SHOP), StartCommand(phone=text, only_number_tag=IDS.number_tag(PHONE)))

    assert len(desk.sender.sent) == 1


def test_another_number_than_the_token_s_is_forbidden_before_anything_is_stored() -> None:
    desk = Desk()
    command = StartCommand(phone=OTHER_PHONE, only_number_tag=IDS.number_tag(PHONE))

    refusal = desk.refused(command, Forbidden)

    assert desk.store.asked == []
    assert desk.sender.sent == []
    assert OTHER_PHONE[-8:] not in str(refusal)
    assert [event.outcome for event in desk.journal.events] == ["forbidden"]


def _listing(**lists: str) -> Application:
    return replace(
        SHOP, destinations=DestinationLists(**{name: frozenset({x}) for name, x in lists.items()})
    )


@pytest.mark.parametrize(
    ("lists", "reason"),
    [
        ({"denied_countries": "UA"}, "denied_country"),
        ({"denied_prefixes": "+38067"}, "denied_prefix"),
        ({"denied_numbers": NUMBER_HASHES.hash(PHONE)}, "denied_number"),
        ({"allowed_countries": "PL"}, "country_not_allowed"),
    ],
)
def test_denied_destination_is_refused_before_anything_is_stored(
    lists: dict[str, str], reason: str
) -> None:
    desk = Desk()

    with pytest.raises(DestinationNotAllowed):
        desk.start(Call(_listing(**lists)), StartCommand(phone=PHONE))

    assert (desk.store.asked, desk.sender.sent) == ([], [])
    (told,) = [event for event in desk.journal.events if isinstance(event, StartJudged)]
    assert (told.outcome, told.detail, told.country) == ("destination_not_allowed", reason, "UA")


@pytest.mark.parametrize(
    ("lists", "is_trusted"),
    [
        ({}, False),
        ({"allowed_countries": "UA"}, False),
        ({"allowed_prefixes": "+38067"}, True),
        ({"allowed_numbers": NUMBER_HASHES.hash(PHONE)}, True),
    ],
)
def test_guard_hears_whether_a_list_trusts_the_destination(
    *, lists: dict[str, str], is_trusted: bool
) -> None:
    desk = Desk()

    desk.start(Call(_listing(**lists)), StartCommand(phone=PHONE))

    assert [place.is_trusted for place in desk.budgets.places] == [is_trusted]
