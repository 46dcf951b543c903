"""A start with an Idempotency-Key, around fakes."""

from contextlib import suppress
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
    verification,
)
from support.verifications import (
    IDS,
    KEYS,
    NUMBER_HASHES,
    ONCE,
    PHONE,
    PREFIXES,
    SEALER,
    SHOP,
    SilentJournal,
)

from otp_service.domain.call import Call
from otp_service.domain.events import GuessJudged, ResendJudged, StartJudged
from otp_service.domain.idempotency import Claimed, KeyHeld, Replayed, Standing
from otp_service.domain.keys import Use
from otp_service.domain.proof import ProofScheme
from otp_service.domain.sealing import Sealer
from otp_service.domain.verification import Status, Verification
from otp_service.errors import (
    CodeIncorrect,
    IdempotencyKeyReused,
    OtpError,
    ProviderFailed,
    RequestInProgress,
    SendLimitReached,
    StoreUnavailable,
    TooManyRequests,
    VerificationApproved,
    VerificationNotFound,
)
from otp_service.ports import (
    Ended,
    Judged,
    NoResend,
    OverBudget,
    ResendBar,
    SendVerdict,
    Verdict,
)
from otp_service.service.resend import ResendCode
from otp_service.service.start import StartCommand, StartVerification
from otp_service.service.verify import VerifyCode

CALL = Call(SHOP, idempotency=ONCE)
HELD = KeyHeld(timedelta(seconds=12))
BROKEN_OFF = IDS.new(PHONE)


class FakeClaims:
    """Answers a claim with what it was told to; None for a key that is free."""

    def __init__(self, answer: object = None, *, away: bool = False) -> None:
        self.answer = answer
        self.away = away
        self.given_up: list[tuple[str, bool]] = []

    def claim(self, idempotency: object, vid: object) -> object:
        return self.answer or Claimed(vid)  # type: ignore[arg-type]

    def give_up(self, idempotency: object, vid: object, *, forget: bool) -> None:
        self.given_up.append((vid.text, forget))  # type: ignore[attr-defined]
        if self.away:
            raise AWAY


class ContinuingStore(FakeStore):
    """Has the verification of a start that broke off."""

    def __init__(self, continued: object) -> None:
        super().__init__(Standing())
        self.continued = continued

    def continue_start(self, vid: object, call: object, **details: object) -> object:
        self.asked.append(("continue_start", vid, details))
        return self.continued


class Desk:
    def __init__(
        self,
        claims: FakeClaims | None = None,
        store: FakeStore | None = None,
        verdict: SendVerdict = SendVerdict.ACCEPTED,
    ) -> None:
        self.claims = claims or FakeClaims()
        self.store = store or FakeStore()
        self.sender = FakeSender(verdict, self.store)
        self.journal = SilentJournal()
        self._start = StartVerification(
            ids=IDS,
            prefixes=PREFIXES,
            number_hashes=NUMBER_HASHES,
            keys=KEYS,
            sealer=SEALER,
            store=self.store,  # type: ignore[arg-type]
            claims=self.claims,  # type: ignore[arg-type]
            gate=open_gate(),
            dispatcher=dispatcher(self.store, self.journal, self.sender),
            fixed_pins=fixed_pins(self.journal),
            journal=self.journal,
        )

    def start(self, call: Call = CALL) -> Verification:
        return self._start(call, StartCommand(phone=PHONE))

    def refused(self, expected: type[OtpError]) -> OtpError:
        with pytest.raises(expected) as refusal:
            self.start()
        return refusal.value

    @property
    def outcome(self) -> str:
        return [e.outcome for e in self.journal.events if isinstance(e, StartJudged)][-1]


def test_first_start_is_sent_and_keeps_its_key() -> None:
    desk = Desk()

    started = desk.start()

    assert len(desk.sender.sent) == 1
    assert desk.claims.given_up == []
    assert desk.outcome == "started"
    assert started.id == desk.store.standing.id  # type: ignore[union-attr]


def test_repeated_start_is_the_first_answer_and_sends_nothing() -> None:
    before = verification()
    desk = Desk(FakeClaims(Replayed(before)))

    assert desk.start() is before
    assert desk.sender.sent == []
    assert desk.store.asked == []
    assert desk.outcome == "replayed"


@pytest.mark.parametrize(
    ("held", "expected"), [(HELD, RequestInProgress), (KeyHeld(), IdempotencyKeyReused)]
)
def test_start_whose_key_is_held_does_nothing(held: KeyHeld, expected: type[OtpError]) -> None:
    desk = Desk(FakeClaims(held))

    refusal = desk.refused(expected)

    assert desk.store.asked == []
    assert desk.claims.given_up == []
    assert desk.outcome == refusal.code
    if isinstance(refusal, RequestInProgress):
        assert refusal.retry_after == HELD.retry_after


def test_start_without_a_key_claims_nothing() -> None:
    desk = Desk(FakeClaims(KeyHeld()))

    assert desk.start(Call(SHOP)).status is Status.PENDING


def test_refused_start_is_forgotten() -> None:
    over = OverBudget("number_starts_per_hour", timedelta(seconds=9))
    desk = Desk(store=FakeStore(over))

    desk.refused(TooManyRequests)

    assert [forget for _, forget in desk.claims.given_up] == [True]


def test_start_that_was_definitely_not_sent_is_forgotten() -> None:
    desk = Desk(verdict=SendVerdict.FAILED)

    desk.refused(ProviderFailed)

    assert [forget for _, forget in desk.claims.given_up] == [True]


def test_start_that_may_stand_is_gone_on_with_next_time() -> None:
    desk = Desk(store=FakeStore(AWAY))

    desk.refused(StoreUnavailable)

    assert [forget for _, forget in desk.claims.given_up] == [False]


def test_refusal_is_told_though_the_key_cannot_be_given_up() -> None:
    desk = Desk(FakeClaims(away=True), verdict=SendVerdict.FAILED)

    desk.refused(ProviderFailed)


def test_start_that_broke_off_before_it_was_stored_goes_on_under_its_id() -> None:
    desk = Desk(FakeClaims(Claimed(BROKEN_OFF)))

    assert desk.start().id == BROKEN_OFF
    assert len(desk.sender.sent) == 1


def test_start_that_broke_off_after_it_was_stored_sends_one_more_message() -> None:
    standing = verification(id=BROKEN_OFF, sealed_phone=SEALER.seal(PHONE, bound_to="any"))
    desk = Desk(FakeClaims(Claimed(BROKEN_OFF)), ContinuingStore(standing))

    started = desk.start()

    assert started.id == BROKEN_OFF
    assert len(desk.sender.sent) == 1
    ((operation, vid, details),) = desk.store.asked
    assert (operation, vid) == ("continue_start", BROKEN_OFF)
    assert details["channels"] == SHOP.channels


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Ended(Status.APPROVED), VerificationApproved),
        (NoResend(ResendBar.NO_SENDS_LEFT, timedelta(seconds=1)), SendLimitReached),
        (OverBudget("number_messages_per_hour", timedelta(seconds=1)), TooManyRequests),
        (None, RequestInProgress),
    ],
    ids=["approved", "no sends left", "over budget", "taken back meanwhile"],
)
def test_start_that_broke_off_and_cannot_go_on_says_why_every_time(
    answer: object, expected: type[OtpError]
) -> None:
    desk = Desk(FakeClaims(Claimed(BROKEN_OFF)), ContinuingStore(answer))

    desk.refused(expected)

    assert desk.sender.sent == []
    assert desk.claims.given_up == [(BROKEN_OFF.text, False)]


def new_resend(answer: object) -> tuple[ResendCode, FakeSender, SilentJournal]:
    store, journal = FakeStore(answer), SilentJournal()
    sender = FakeSender(SendVerdict.ACCEPTED, store)
    resend = ResendCode(
        ids=IDS,
        store=store,  # type: ignore[arg-type]
        dispatcher=dispatcher(store, journal, sender),
        fixed_pins=fixed_pins(journal),
        journal=journal,
    )
    return resend, sender, journal


def test_repeated_resend_is_the_first_answer_and_sends_nothing() -> None:
    before = verification()
    resend, sender, journal = new_resend(Replayed(before))

    assert resend(CALL, before.id.text) is before
    assert sender.sent == []
    (event,) = journal.events
    assert isinstance(event, ResendJudged)
    assert event.outcome == "replayed"


def test_repeated_resend_of_an_ended_verification_is_refused_alike() -> None:
    resend, _, _ = new_resend(Replayed(Ended(Status.APPROVED)))

    with pytest.raises(VerificationApproved):
        resend(CALL, IDS.new(PHONE).text)


@pytest.mark.parametrize(
    ("held", "expected"), [(HELD, RequestInProgress), (KeyHeld(), IdempotencyKeyReused)]
)
def test_resend_whose_key_is_held_sends_nothing(held: KeyHeld, expected: type[OtpError]) -> None:
    resend, sender, _ = new_resend(held)

    with pytest.raises(expected):
        resend(CALL, IDS.new(PHONE).text)

    assert sender.sent == []


def new_verify(
    answer: object, sealer: Sealer = SEALER, budgets: FakeBudgets | None = None
) -> tuple[VerifyCode, SilentJournal]:
    journal = SilentJournal()
    verify = VerifyCode(
        ids=IDS,
        keys=KEYS,
        sealer=sealer,
        proofs=ProofScheme(KEYS.accepted(Use.PROOF)),
        store=FakeStore(answer),  # type: ignore[arg-type]
        gate=open_gate(budgets),
        fixed_pins=fixed_pins(journal),
        journal=journal,
    )
    return verify, journal


def guess(verify: VerifyCode, vid: str) -> object:
    return verify(CALL, verification_id=vid, code="123456", purpose="login")


def test_repeated_approval_is_the_same_with_the_same_proof() -> None:
    approved = verification(status=Status.APPROVED, verified_at=NOW, verified_send=1)
    judged = Judged(Verdict.APPROVED, approved, 1)

    first = guess(new_verify(judged)[0], approved.id.text)
    verify, journal = new_verify(Replayed(replace(judged)))
    again = guess(verify, approved.id.text)

    assert again == first
    (event,) = journal.events
    assert isinstance(event, GuessJudged)
    assert event.outcome == "replayed"


def test_repeated_wrong_guess_is_told_with_the_attempts_left_then() -> None:
    wrong = verification(attempts_left=3)
    verify, journal = new_verify(Replayed(Judged(Verdict.INCORRECT, wrong)))

    with pytest.raises(CodeIncorrect) as refusal:
        guess(verify, wrong.id.text)

    assert refusal.value.attempts_left == 3
    assert [event.outcome for event in journal.events] == ["replayed"]  # type: ignore[union-attr]


def test_guess_whose_key_came_with_another_body_is_refused() -> None:
    verify, _ = new_verify(KeyHeld())

    with pytest.raises(IdempotencyKeyReused):
        guess(verify, IDS.new(PHONE).text)


def test_repeated_approval_whose_secret_was_removed_is_not_found() -> None:
    approved = verification(status=Status.APPROVED)
    verify, _ = new_verify(
        Replayed(Judged(Verdict.APPROVED, approved, 1)),
        Sealer([b"another sealing key, 32 bytes..."]),
    )

    with pytest.raises(VerificationNotFound):
        guess(verify, approved.id.text)


@pytest.mark.parametrize("verdict", [Verdict.APPROVED, Verdict.INCORRECT], ids=str)
def test_repeated_guess_is_counted_nowhere_again(verdict: Verdict) -> None:
    judged = Judged(verdict, verification(verified_at=NOW, verified_send=1))
    counted, again = FakeBudgets(), FakeBudgets()

    for answer, budgets in ((judged, counted), (Replayed(judged), again)):
        with suppress(CodeIncorrect):
            guess(new_verify(answer, budgets=budgets)[0], judged.verification.id.text)

    assert (len(counted.guesses), len(again.guesses)) == (1, 0)
