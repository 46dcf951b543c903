"""Check what the user typed."""

from dataclasses import dataclass, field
from datetime import timedelta

from otp_service.domain.application import Application
from otp_service.domain.call import Call
from otp_service.domain.events import GuessJudged
from otp_service.domain.identity import IdScheme, VerificationId
from otp_service.domain.keys import KeyRing, Use
from otp_service.domain.pin import digests_to_accept, read_code
from otp_service.domain.proof import ProofScheme
from otp_service.domain.sealing import Sealer
from otp_service.domain.verification import Verification
from otp_service.errors import (
    CodeIncorrect,
    FieldProblem,
    InvalidRequest,
    OtpError,
    VerificationExhausted,
    VerificationNotFound,
)
from otp_service.ports import Ended, GuessStore, Journal, Judged, NotTheTokens, Verdict
from otp_service.service.fixed_pins import FixedPins
from otp_service.service.gate import Gate, place_of
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

    def __call__(self, call: Call, *, verification_id: str, code: str, purpose: str) -> Approval:
        """Give the approval for the right code; it is the only one there will be.

        Args:
            code: as typed; spaces, hyphens and other scripts' digits are read.
            purpose: another than the start's makes any code a wrong one.

        Raises:
            InvalidRequest: text that cannot be a code; nothing was counted.
            VerificationNotFound, VerificationEnded: nothing to guess at.
            Forbidden: the call's client token did not start it; nothing was counted.
            CodeIncorrect: a wrong guess, counted, with attempts left.
            VerificationExhausted: a wrong guess, counted, the last one.
            StoreUnavailable: the guess may have been counted.
        """
        application = call.application
        try:
            judged = self._judge(call, verification_id, code, purpose)
        except OtpError as refusal:
            self._note(application, refusal.code)
            raise
        is_right = judged.verdict is Verdict.APPROVED
        # That a test number's PIN was right says nothing of the people in its range.
        if not (is_right and judged.verification.is_test):
            place = place_of(application, judged.verification, token_id=call.token_id)
            self._gate.note_guess(place, is_right=is_right)
        if judged.verdict is Verdict.APPROVED:
            self._note(application, "approved", judged)
            self._fixed_pins.note(call, judged.verification, "verify", "approved")
            return self._approval(application, judged.verification)
        wrong = _wrong(judged)
        self._note(application, wrong.code, judged)
        self._fixed_pins.note(call, judged.verification, "verify", wrong.code)
        raise wrong

    def _judge(self, call: Call, verification_id: str, code: str, purpose: str) -> Judged:
        digits = read_code(code)
        if digits is None:
            raise InvalidRequest(FieldProblem("/code", "Give 4 to 10 digits."))
        vid = self._ids.read(verification_id)
        answer = self._guess(call, vid, digits, purpose) if vid else None
        if answer is None:
            raise VerificationNotFound("There is no such verification.")
        if isinstance(answer, NotTheTokens):
            raise strangers_verification()
        if isinstance(answer, Ended):
            raise ending(answer)
        return answer

    def _guess(
        self, call: Call, vid: VerificationId, digits: str, purpose: str
    ) -> Judged | Ended | NotTheTokens | None:
        return self._store.verify(
            vid,
            call,
            purpose_digests=digests_to_accept(
                self._keys.accepted(Use.PURPOSE), verification_id=vid.text, text=purpose
            ),
            pin_digests=digests_to_accept(
                self._keys.accepted(Use.PIN), verification_id=vid.text, text=digits
            ),
            fixed_pin_digests=self._fixed_pins.digests_of_guess(call.application, vid, digits),
        )

    def _approval(self, application: Application, verification: Verification) -> Approval:
        vid = verification.id.text
        return Approval(
            verification_id=vid,
            purpose=verification.purpose,
            phone=self._sealer.open(verification.sealed_phone, bound_to=vid),
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


def _wrong(judged: Judged) -> OtpError:
    if judged.verdict is Verdict.EXHAUSTED_NOW:
        return VerificationExhausted("This verification has no attempts left.")
    return CodeIncorrect(attempts_left=judged.verification.attempts_left)
