"""Check what the user typed."""

from dataclasses import dataclass, field
from datetime import timedelta

from otp_service.domain.application import Application
from otp_service.domain.call import Call
from otp_service.domain.context import Context, bound_text
from otp_service.domain.events import GuessJudged
from otp_service.domain.idempotency import KeyHeld, Replayed
from otp_service.domain.identity import IdScheme, VerificationId
from otp_service.domain.keys import KeyRing, Use
from otp_service.domain.pin import digests_to_accept, read_code
from otp_service.domain.proof import ProofScheme
from otp_service.domain.sealing import SealBroken, Sealer
from otp_service.domain.verification import Verification
from otp_service.errors import (
    CodeIncorrect,
    FieldProblem,
    InvalidRequest,
    OtpError,
    VerificationExhausted,
    VerificationNotFound,
)
from otp_service.ports import (
    Ended,
    GuessAnswer,
    GuessStore,
    Journal,
    Judged,
    NotTheTokens,
    Verdict,
)
from otp_service.service.fixed_pins import FixedPins
from otp_service.service.gate import Gate, place_of
from otp_service.service.idempotency import REPLAYED, refusal_of
from otp_service.service.outcome import ending, strangers_verification


@dataclass(frozen=True, slots=True)
class Approval:
    """The right code, once.

    Args:
        phone: E.164 with its plus sign.
        proof: signed, to be shown to whoever must know; see the proof use case.
        is_test: it was the fixed PIN of a test number, and no phone was shown to be anybody's.
    """

    verification_id: str
    purpose: str
    phone: str = field(repr=False)
    proof: str = field(repr=False)
    proof_life: timedelta
    is_test: bool = False


class VerifyCode:
    """The use case."""

    def __init__(
        self,
        *,
        ids: IdScheme,
        keys: KeyRing,
        sealer: Sealer,
        proofs: ProofScheme,
        store: GuessStore,
        gate: Gate,
        fixed_pins: FixedPins,
        journal: Journal,
    ) -> None:
        self._ids = ids
        self._keys = keys
        self._sealer = sealer
        self._proofs = proofs
        self._store = store
        self._gate = gate
        self._fixed_pins = fixed_pins
        self._journal = journal

    def __call__(
        self,
        call: Call,
        *,
        verification_id: str,
        code: str,
        purpose: str,
        context: Context | None = None,
    ) -> Approval:
        """Give the approval for the right code; it is the only one there will be.

        Args:
            code: as typed; spaces, hyphens and other scripts' digits are read.
            purpose: another than the start's makes any code a wrong one.
            context: likewise, and so does none where the start had one.

        Raises:
            InvalidRequest: text that cannot be a code; nothing was counted.
            VerificationNotFound, VerificationEnded: nothing to guess at.
            Forbidden: the call's client token did not start it; nothing was counted.
            CodeIncorrect: a wrong guess, counted, with attempts left.
            VerificationExhausted: a wrong guess, counted, the last one.
            IdempotencyKeyReused: the call's Idempotency-Key came with another body before; nothing
                was counted, nor is where the first answer is given again.
            StoreUnavailable: the guess may have been counted.
        """
        application = call.application
        try:
            answer = self._ask(call, verification_id, code, bound_text(purpose, context))
            judged = _judged(answer.answer if isinstance(answer, Replayed) else answer)
        except OtpError as refusal:
            self._note(application, refusal.code)
            raise
        wrong = _wrong(judged)
        if isinstance(answer, Replayed):
            self._note(application, REPLAYED)
        else:
            self._count(call, judged)
            outcome = wrong.code if wrong else "approved"
            self._note(application, outcome, judged)
            self._fixed_pins.note(call, judged.verification, "verify", outcome)
        if wrong:
            raise wrong
        return self._approval(application, judged.verification)

    def _count(self, call: Call, judged: Judged) -> None:
        is_right = judged.verdict is Verdict.APPROVED
        # That a test number's PIN was right says nothing of the people in its range.
        if is_right and judged.verification.is_test:
            return
        place = place_of(call.application, judged.verification, token_id=call.token_id)
        self._gate.note_guess(place, is_right=is_right)

    def _ask(
        self, call: Call, verification_id: str, code: str, bound: str
    ) -> GuessAnswer | Replayed[GuessAnswer]:
        digits = read_code(code)
        if digits is None:
            raise InvalidRequest(FieldProblem("/code", "Give 4 to 10 digits."))
        vid = self._ids.read(verification_id)
        answer = self._guess(call, vid, digits, bound) if vid else None
        if isinstance(answer, KeyHeld):
            raise refusal_of(answer)
        return answer

    def _guess(
        self, call: Call, vid: VerificationId, digits: str, bound: str
    ) -> GuessAnswer | Replayed[GuessAnswer] | KeyHeld:
        return self._store.verify(
            vid,
            call,
            purpose_digests=digests_to_accept(
                self._keys.accepted(Use.PURPOSE), verification_id=vid.text, text=bound
            ),
            pin_digests=digests_to_accept(
                self._keys.accepted(Use.PIN), verification_id=vid.text, text=digits
            ),
            fixed_pin_digests=self._fixed_pins.digests_of_guess(call.application, vid, digits),
        )

    def _approval(self, application: Application, verification: Verification) -> Approval:
        vid = verification.id.text
        try:
            phone = self._sealer.open(verification.sealed_phone, bound_to=vid)
        except SealBroken as broken:
            # Its secret was removed before this approval was asked for again.
            raise VerificationNotFound("There is no such verification.") from broken
        return Approval(
            verification_id=vid,
            purpose=verification.purpose,
            phone=phone,
            proof=self._proofs.sign(vid),
            proof_life=application.rules.proof_life,
            is_test=verification.is_test,
        )

    def _note(self, application: Application, outcome: str, judged: Judged | None = None) -> None:
        if judged is None:
            self._journal.record(GuessJudged(application=application.id, outcome=outcome))
            return
        verification = judged.verification
        delivery = next(
            (d for d in verification.deliveries if d.send == judged.matched_send),
            verification.last_delivery,
        )
        self._journal.record(
            GuessJudged(
                application=application.id,
                outcome=outcome,
                country=verification.country,
                phone=verification.masked_phone,
                template_id=delivery.template_id,
                language=delivery.language,
                channel=delivery.channel,
                verification_id=verification.id.random,
            )
        )


def _judged(answer: GuessAnswer) -> Judged:
    if answer is None:
        raise VerificationNotFound("There is no such verification.")
    if isinstance(answer, NotTheTokens):
        raise strangers_verification()
    if isinstance(answer, Ended):
        raise ending(answer)
    return answer


def _wrong(judged: Judged) -> OtpError | None:
    if judged.verdict is Verdict.APPROVED:
        return None
    if judged.verdict is Verdict.EXHAUSTED_NOW:
        return VerificationExhausted("This verification has no attempts left.")
    return CodeIncorrect(attempts_left=judged.verification.attempts_left)
