from dataclasses import replace
from datetime import timedelta

import pytest
from support.fakes import AWAY, ENDS, NOW, FakeStore, fixed_pins, open_gate, verification
from support.verifications import IDS, KEYS, PHONE, SEALER, SHOP, SilentJournal

from otp_service.domain.call import Call
from otp_service.domain.events import GuessJudged
from otp_service.domain.keys import KeyRing, Use
from otp_service.domain.pin import pin_digest, purpose_digest
from otp_service.domain.proof import ProofScheme
from otp_service.domain.verification import Channel, Delivery, DeliveryState, Status
from otp_service.errors import (
    CodeIncorrect,
    Forbidden,
    InvalidRequest,
    OtpError,
    StoreUnavailable,
    VerificationExhausted,
    VerificationNotFound,
)
from otp_service.ports import Ended, Judged, NotTheTokens, Verdict
from otp_service.service.verify import Approval, VerifyCode

PROOFS = ProofScheme(KEYS.accepted(Use.PROOF))


class Desk:
    """The use case with fakes around it."""

    def __init__(self, answer: object = None, keys: KeyRing = KEYS) -> None:
        self.store = FakeStore(answer)
        self.journal = SilentJournal()
        self._verify = VerifyCode(
            ids=IDS,
            keys=keys,
            sealer=SEALER,
            proofs=PROOFS,
            store=self.store,
            gate=open_gate(),
            fixed_pins=fixed_pins(self.journal),
            journal=self.journal,
        )

    def verify(
        self, vid: str | None = None, code: str = "123456", purpose: str = "login"
    ) -> Approval:
        text = IDS.new(PHONE).text if vid is None else vid
        return self._verify(Call(SHOP), verification_id=text, code=code, purpose=purpose)

    def refused(self, expected: type[OtpError], **details: str) -> OtpError:
        with pytest.raises(expected) as refusal:
            self.verify(**details)
        return refusal.value


def test_right_code_gives_number_and_proof() -> None:
    approved = verification(status=Status.APPROVED, purpose="payment")
    desk = Desk(Judged(Verdict.APPROVED, approved, 1))

    approval = desk.verify(approved.id.text, purpose="payment")

    assert approval.phone == PHONE
    assert approval.purpose == "payment"
    assert approval.verification_id == approved.id.text
    assert approval.proof_life == timedelta(seconds=600)
    assert PROOFS.read(approval.proof) == approved.id.text


def test_guess_is_shown_to_the_store_as_digests_of_every_secret() -> None:
    keys = KeyRing([b"the newest secret of 32 bytes...", b"the secret before, of 32 bytes.."])
    approved = verification(status=Status.APPROVED)
    desk = Desk(Judged(Verdict.APPROVED, approved, 1), keys)

    desk.verify(approved.id.text, "١٢٣ 456", "payment")

    ((operation, vid, call, digests),) = desk.store.asked
    assert (operation, vid, call) == ("verify", approved.id, Call(SHOP))
    assert digests == {
        "purpose_digests": tuple(
            purpose_digest(key, verification_id=approved.id.text, purpose="payment")
            for key in keys.accepted(Use.PURPOSE)
        ),
        "pin_digests": tuple(
            pin_digest(key, verification_id=approved.id.text, digits="123456")
            for key in keys.accepted(Use.PIN)
        ),
        "fixed_pin_digests": (),
    }


def test_wrong_code_tells_the_attempts_left() -> None:
    desk = Desk(Judged(Verdict.INCORRECT, verification(attempts_left=2)))

    refusal = desk.refused(CodeIncorrect)

    assert isinstance(refusal, CodeIncorrect)
    assert refusal.attempts_left == 2


def test_last_wrong_code_is_told_as_exhausted() -> None:
    last = verification(status=Status.EXHAUSTED, attempts_left=0)
    desk = Desk(Judged(Verdict.EXHAUSTED_NOW, last))

    desk.refused(VerificationExhausted)

    (event,) = desk.journal.events
    assert isinstance(event, GuessJudged)
    assert event.outcome == "verification_exhausted"


@pytest.mark.parametrize("status", ENDS, ids=str)
def test_ended_verification_tells_how_it_ended(status: Status) -> None:
    desk = Desk(Ended(status))

    refusal = desk.refused(OtpError)

    assert refusal.code == f"verification_{status}"


@pytest.mark.parametrize("code", ["", "123", "12345678901", "12a456", "123\ud800"], ids=ascii)
def test_text_that_cannot_be_a_code_asks_nothing(code: str) -> None:
    desk = Desk()

    refusal = desk.refused(InvalidRequest, code=code)

    assert isinstance(refusal, InvalidRequest)
    assert [problem.pointer for problem in refusal.problems] == ["/code"]
    assert desk.store.asked == []


@pytest.mark.parametrize("text", ["", "short", "é" * 36, "A" * 37], ids=ascii)
def test_text_that_is_no_id_is_not_found_and_asks_nothing(text: str) -> None:
    desk = Desk()

    desk.refused(VerificationNotFound, vid=text)

    assert desk.store.asked == []


def test_unknown_id_is_not_found() -> None:
    desk = Desk(None)

    desk.refused(VerificationNotFound)

    assert desk.store.names == ["verify"]


def test_lost_store_is_told_and_nothing_is_approved() -> None:
    desk = Desk(AWAY)

    desk.refused(StoreUnavailable)

    assert desk.journal.events == [GuessJudged("shop", "store_unavailable")]


def test_approval_is_told_with_the_message_whose_pin_was_right() -> None:
    first = Delivery(1, Channel.VIBER, 3, "uk", DeliveryState.ACCEPTED, NOW)
    second = replace(first, send=2, channel=Channel.SMS, template_id=None, language="pl")
    approved = verification(status=Status.APPROVED, deliveries=(first, second))
    desk = Desk(Judged(Verdict.APPROVED, approved, 1))

    desk.verify(approved.id.text)

    assert desk.journal.events == [
        GuessJudged("shop", "approved", "UA", "+380*******67", 3, "uk", "viber", approved.id.random)
    ]


def test_wrong_code_is_told_with_the_last_message() -> None:
    first = Delivery(1, Channel.VIBER, 3, "uk", DeliveryState.ACCEPTED, NOW)
    second = replace(first, send=2, channel=Channel.SMS, template_id=None, language="pl")
    guessed = verification(deliveries=(first, second))
    desk = Desk(Judged(Verdict.INCORRECT, guessed))

    desk.refused(CodeIncorrect)

    (event,) = desk.journal.events
    assert isinstance(event, GuessJudged)
    assert (event.channel, event.template_id, event.language) == ("sms", None, "pl")


def test_no_event_and_no_repr_holds_code_number_or_proof() -> None:
    approved = verification(status=Status.APPROVED)
    desk = Desk(Judged(Verdict.APPROVED, approved, 1))

    approval = desk.verify(approved.id.text, code="918273")

    told = repr(approval) + repr(desk.journal.events)
    assert "918273" not in told
    assert PHONE[4:] not in told
    assert approval.proof not in told


def test_what_a_token_did_not_start_is_forbidden_to_it() -> None:
    desk = Desk(NotTheTokens())

    desk.refused(Forbidden)

    assert desk.journal.events == [GuessJudged("shop", "forbidden")]
