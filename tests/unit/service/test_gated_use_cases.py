"""When each use case charges what many numbers share, and what stands after each outcome."""

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
    SEALER,
    SilentJournal,
)

from otp_service.domain.budget_row import BudgetRow, Counted, Scope
from otp_service.domain.call import Call
from otp_service.domain.events import FallBackJudged, StartJudged
from otp_service.domain.keys import Use
from otp_service.domain.price import PriceTable
from otp_service.domain.proof import ProofScheme
from otp_service.domain.verification import Channel, DeliveryState, Verification
from otp_service.errors import (
    CodeIncorrect,
    OtpError,
    PhoneUnreachable,
    ProviderFailed,
    ProviderMisconfigured,
    ResendTooSoon,
    StoreUnavailable,
    TooManyRequests,
    VerificationExhausted,
)
from otp_service.ports import (
    Ended,
    Judged,
    NoResend,
    OverBudget,
    ReceiptNews,
    ResendBar,
    SendOutcome,
    SendVerdict,
    Verdict,
)
from otp_service.service.resend import ResendCode
from otp_service.service.start import StartCommand, StartVerification
from otp_service.service.verify import VerifyCode

DAY = timedelta(days=1)
POLICY = tuple(
    BudgetRow(counted.value, Scope.APPLICATION, counted, 10**9, DAY) for counted in Counted
)
SHOP = replace(BOTH_SHOP, policy=POLICY)
VIBER_ONLY = replace(SHOP, channels=(Channel.VIBER,))
PRICES = PriceTable(default={Channel.VIBER: 2, Channel.SMS: 7})
START = {"starts": 1, "sends": 1, "wrong_guesses": 0, "money": 2}
OVER = OverBudget("address_starts", timedelta(seconds=9))
CALL = Call(SHOP, "web", "address", "token")


class Desk:
    """Every use case over fakes, behind a real gate."""

    def __init__(
        self,
        answer: object = None,
        *answers: OverBudget | Exception | None,
        viber: SendVerdict = SendVerdict.ACCEPTED,
        sms: SendVerdict = SendVerdict.ACCEPTED,
    ) -> None:
        self.budgets = FakeBudgets(*answers)
        self.store = FakeStore(answer)
        self.journal = SilentJournal()
        self.viber = FakeSender(viber, self.store)
        self.sms = FakeSender(sms, self.store, channel=Channel.SMS)
        gate = open_gate(self.budgets, PRICES)
        self.dispatcher = dispatcher(self.store, self.journal, self.viber, self.sms, gate=gate)
        self._start = StartVerification(
            ids=IDS,
            prefixes=PREFIXES,
            number_hashes=NUMBER_HASHES,
            keys=KEYS,
            sealer=SEALER,
            store=self.store,
            gate=gate,
            fixed_pins=fixed_pins(self.journal),
            dispatcher=self.dispatcher,
            journal=self.journal,
        )
        self._resend = ResendCode(
            ids=IDS,
            store=self.store,
            gate=gate,
            fixed_pins=fixed_pins(self.journal),
            dispatcher=self.dispatcher,
            journal=self.journal,
        )
        self._verify = VerifyCode(
            ids=IDS,
            keys=KEYS,
            sealer=SEALER,
            proofs=ProofScheme(KEYS.accepted(Use.PROOF)),
            store=self.store,
            gate=gate,
            fixed_pins=fixed_pins(self.journal),
            journal=self.journal,
        )

    @property
    def sent(self) -> int:
        return len(self.viber.sent) + len(self.sms.sent)

    def start(self, call: Call = CALL) -> Verification:
        return self._start(call, StartCommand(phone=PHONE))

    def resend(self, call: Call = CALL) -> Verification:
        return self._resend(call, IDS.new(PHONE).text)

    def verify(self, call: Call = CALL) -> object:
        return self._verify(
            call, verification_id=IDS.new(PHONE).text, code="123456", purpose="login"
        )

    def fall_back(self, falling: object) -> Verification | None:
        self.store.falling = falling
        return self.dispatcher.fall_back(
            SHOP, IDS.new(PHONE), channel=Channel.VIBER, failed_send=1, is_number_refused=False
        )


def test_start_is_charged_where_it_comes_from_and_goes_to() -> None:
    desk = Desk()

    started = desk.start()

    (place, *_) = desk.budgets.places
    assert desk.budgets.charges == [START]
    assert (place.application, place.country, place.prefix_tag) == (SHOP, "UA", PREFIXES.tag(PHONE))
    assert (place.address_tag, place.token_id) == ("address", "token")
    assert place.number_tag == started.id.number_tag


def test_start_that_is_over_a_budget_is_neither_stored_nor_sent() -> None:
    desk = Desk(None, OVER)

    with pytest.raises(TooManyRequests) as refusal:
        desk.start()

    assert refusal.value.budget == "address_starts"
    assert (desk.store.asked, desk.sent) == ([], 0)
    (event,) = desk.journal.events
    assert isinstance(event, StartJudged)
    assert (event.outcome, event.detail) == ("too_many_requests", "address_starts")


def test_start_whose_limits_cannot_be_read_is_neither_stored_nor_sent() -> None:
    desk = Desk(None, AWAY)

    with pytest.raises(StoreUnavailable):
        desk.start()

    assert (desk.store.asked, desk.sent) == ([], 0)


@pytest.mark.parametrize(
    ("answer", "error"),
    [(OverBudget("number", timedelta(1)), TooManyRequests), (AWAY, StoreUnavailable)],
    ids=["number's budget", "store away"],
)
def test_start_that_was_not_stored_gives_everything_back(
    answer: object, error: type[OtpError]
) -> None:
    desk = Desk(answer)

    with pytest.raises(error):
        desk.start()

    assert desk.budgets.charges == [{}]
    assert desk.sent == 0


@pytest.mark.parametrize(
    ("verdict", "error", "charges"),
    [
        (SendVerdict.FAILED, ProviderFailed, {"money": 2}),
        (SendVerdict.MISCONFIGURED, ProviderMisconfigured, {"money": 2}),
        (SendVerdict.NUMBER_REFUSED, PhoneUnreachable, START),
    ],
    ids=["failed", "misconfigured", "number refused"],
)
def test_message_that_no_provider_took_gives_back_all_but_the_money(
    verdict: SendVerdict, error: type[OtpError], charges: dict[str, int]
) -> None:
    desk = Desk(viber=verdict)

    with pytest.raises(error):
        desk.start(Call(VIBER_ONLY))

    assert desk.budgets.charges == [charges]


def test_message_of_unknown_fate_gives_nothing_back() -> None:
    desk = Desk(viber=SendVerdict.UNKNOWN)

    desk.start()

    assert desk.budgets.charges == [START]


def test_fall_back_within_a_start_pays_its_own_price_too() -> None:
    desk = Desk(viber=SendVerdict.FAILED)

    desk.start()

    assert desk.budgets.charges == [START, {"money": 7}]
    assert (len(desk.viber.sent), len(desk.sms.sent)) == (1, 1)
    assert {place.token_id for place in desk.budgets.places} == {"token"}


def test_fall_back_that_money_forbids_is_not_sent_and_the_start_fails_as_before() -> None:
    desk = Desk(None, None, OVER, viber=SendVerdict.FAILED)

    with pytest.raises(ProviderFailed):
        desk.start()

    assert desk.sms.sent == []
    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]
    assert desk.budgets.charges == [{"money": 2}]
    (judged,) = [e for e in desk.journal.events if isinstance(e, FallBackJudged)]
    assert judged.outcome == "too_many_requests"


def test_fall_back_whose_limits_cannot_be_read_is_not_sent() -> None:
    desk = Desk(None, None, AWAY, viber=SendVerdict.FAILED)

    with pytest.raises(StoreUnavailable):
        desk.start()

    assert desk.sms.sent == []
    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]
    assert desk.budgets.charges == [{"money": 2}]


def test_start_that_goes_over_sms_at_once_pays_the_difference() -> None:
    desk = Desk(over_sms(verification()))

    desk.start()

    assert desk.budgets.charges == [START, {"money": 5}]


@pytest.mark.parametrize(
    ("answer", "error"), [(OVER, TooManyRequests), (AWAY, StoreUnavailable)], ids=["over", "away"]
)
def test_start_that_cannot_pay_for_sms_is_taken_back(
    answer: OverBudget | Exception, error: type[OtpError]
) -> None:
    desk = Desk(over_sms(verification()), None, answer)

    with pytest.raises(error):
        desk.start()

    assert desk.sent == 0
    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]
    assert desk.budgets.charges == [{}]


def test_resend_is_charged_where_its_start_was() -> None:
    stored = verification(prefix_tag="prefix", address_tag="address of the start")
    desk = Desk(stored)

    desk.resend(Call(SHOP, token_id="token"))

    (place,) = desk.budgets.places
    assert desk.budgets.charges == [{"sends": 1, "money": 2}]
    assert (place.prefix_tag, place.address_tag) == ("prefix", "address of the start")
    assert place.token_id == "token"


@pytest.mark.parametrize(
    ("answer", "error"), [(OVER, TooManyRequests), (AWAY, StoreUnavailable)], ids=["over", "away"]
)
def test_resend_that_is_over_a_budget_is_taken_back_and_not_sent(
    answer: OverBudget | Exception, error: type[OtpError]
) -> None:
    desk = Desk(verification(), answer)

    with pytest.raises(error):
        desk.resend()

    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]
    assert (desk.sent, desk.budgets.charges) == (0, [])


def test_resend_that_its_verification_forbids_charges_nothing() -> None:
    desk = Desk(NoResend(ResendBar.TOO_SOON, timedelta(seconds=1)))

    with pytest.raises(ResendTooSoon) as refusal:
        desk.resend()

    assert desk.budgets.asked == []
    assert refusal.value.quota is not None


@pytest.mark.parametrize(
    ("verdict", "error", "charges"),
    [
        (SendVerdict.FAILED, ProviderFailed, {"money": 2}),
        (SendVerdict.NUMBER_REFUSED, PhoneUnreachable, {"sends": 1, "money": 2}),
    ],
    ids=["failed", "number refused"],
)
def test_resend_that_no_provider_took_gives_back_all_but_the_money(
    verdict: SendVerdict, error: type[OtpError], charges: dict[str, int]
) -> None:
    desk = Desk(verification(), viber=verdict)

    with pytest.raises(error):
        desk.resend(Call(VIBER_ONLY))

    assert desk.budgets.charges == [charges]


def test_fall_back_after_a_receipt_is_charged_like_a_resend() -> None:
    desk = Desk()

    assert desk.fall_back(over_sms(verification(address_tag="address")))

    (place,) = desk.budgets.places
    assert desk.budgets.charges == [{"sends": 1, "money": 7}]
    assert (place.address_tag, place.token_id) == ("address", None)


def test_fall_back_after_a_receipt_is_silent_where_a_budget_is_used_up() -> None:
    desk = Desk(None, OVER)

    assert desk.fall_back(over_sms(verification())) is None

    assert desk.sent == 0
    assert desk.store.settled == [(SendOutcome.TAKEN_BACK, None)]
    (judged,) = [e for e in desk.journal.events if isinstance(e, FallBackJudged)]
    assert judged.outcome == "too_many_requests"


def test_fall_back_after_a_receipt_that_no_provider_took_gives_back_its_send() -> None:
    desk = Desk(sms=SendVerdict.FAILED)

    assert desk.fall_back(over_sms(verification())) is None

    assert desk.budgets.charges == [{"money": 7}]


def test_start_stands_where_its_early_fall_back_is_over_a_budget() -> None:
    desk = Desk(None, None, OVER)
    desk.store.early = ReceiptNews(DeliveryState.FAILED, is_move=True)
    desk.store.falling = over_sms(verification())

    started = desk.start()

    assert started.last_delivery.state is DeliveryState.ACCEPTED
    assert desk.sms.sent == []


@pytest.mark.parametrize(
    ("verdict", "error"),
    [(Verdict.INCORRECT, CodeIncorrect), (Verdict.EXHAUSTED_NOW, VerificationExhausted)],
)
@pytest.mark.parametrize("failing", [None, AWAY], ids=["counted", "not counted"])
def test_wrong_guess_is_counted_and_answered_all_the_same(
    verdict: Verdict, error: type[OtpError], failing: Exception | None
) -> None:
    desk = Desk(Judged(verdict, verification(prefix_tag="prefix", address_tag="address")))
    desk.budgets.failing = failing

    with pytest.raises(error):
        desk.verify()

    (place,) = desk.budgets.places
    assert (place.prefix_tag, place.address_tag, place.token_id) == ("prefix", "address", "token")
    assert desk.budgets.guesses == ([] if failing else [({"wrong_guesses": 1}, False)])


@pytest.mark.parametrize("failing", [None, AWAY], ids=["told", "not told"])
def test_right_code_is_approved_whoever_hears_of_it(failing: Exception | None) -> None:
    stored = verification()
    desk = Desk(Judged(Verdict.APPROVED, stored, 1))
    desk.budgets.failing = failing

    desk.verify()

    assert desk.budgets.guesses == ([] if failing else [({}, True)])


def test_guess_at_what_is_not_pending_counts_nowhere() -> None:
    desk = Desk(Ended(verification().status.EXHAUSTED))

    with pytest.raises(VerificationExhausted):
        desk.verify()

    assert desk.budgets.places == []
