"""The store behind the use cases' ports: one script, one round trip an operation."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache

from otp_service.domain.application import Application
from otp_service.domain.identity import VerificationId
from otp_service.domain.limits import NumberBudgets
from otp_service.domain.verification import Channel, Verification
from otp_service.ports import (
    Ended,
    Journal,
    Judged,
    NewVerification,
    NoResend,
    OverBudget,
    ResendBar,
    SendOutcome,
    Verdict,
)
from otp_service.redis_store.budget_text import BudgetText, budget_name, budget_text, milliseconds
from otp_service.redis_store.connection import Connection
from otp_service.redis_store.key_names import charge_name, log_key, record_key
from otp_service.redis_store.operations import Answer, Operations
from otp_service.redis_store.record import STATUSES, channel_letter, decode, encode, send_text
from otp_service.redis_store.scripts import Argument


class RedisStore:
    """Implements every store port over one connection.

    Raises:
        StoreUnavailable: from any operation, when Redis did not answer; what was asked may have
            happened, and is never asked again by itself.
    """

    def __init__(self, connection: Connection, journal: Journal) -> None:
        names = ("start", "settle", "resend", "verify", "cancel", "read", "prove")
        self._operations = Operations(connection, journal, names)

    def start(self, new: NewVerification) -> Verification | OverBudget:
        """Store the verification and charge the number's budgets, or do neither."""
        rules, budgets = new.application.rules, _text_of(new.application.budgets)
        status, *rest = self._run(
            "start",
            [record_key(new.id), log_key(new.id, new.application.id)],
            [
                charge_name(new.id),
                budgets.sliding,
                budgets.guesses,
                budgets.keep_ms,
                milliseconds(rules.life),
                milliseconds(rules.resend_cooldown),
                milliseconds(rules.retention),
                new.pin_digest,
                send_text(new.plan),
                *encode(new),
            ],
        )
        if status == b"over_budget":
            return _over_budget(new.application.budgets, rest)
        return decode(new.id, *rest[:2])

    def settle(
        self, verification: Verification, outcome: SendOutcome, request_id: str | None = None
    ) -> Verification | None:
        """Write down what became of the last send, or take it back."""
        vid = verification.id
        status, *rest = self._run(
            "settle",
            [record_key(vid), log_key(vid, verification.application_id)],
            [charge_name(vid), verification.last_delivery.send, outcome.value, request_id or ""],
        )
        return decode(vid, *rest[:2]) if status == b"settled" else None

    def resend(
        self,
        vid: VerificationId,
        application: Application,
        *,
        pin_digest: bytes,
        channel: Channel,
    ) -> Verification | NoResend | OverBudget | Ended | None:
        """Store one more PIN and charge its message, or do neither."""
        budgets = _text_of(application.budgets)
        status, *rest = self._run(
            "resend",
            [record_key(vid), log_key(vid, application.id)],
            [
                application.id,
                charge_name(vid),
                budgets.sliding,
                budgets.guesses,
                budgets.keep_ms,
                pin_digest,
                channel_letter(channel),
            ],
        )
        match status:
            case b"stored":
                return decode(vid, *rest[:2])
            case b"over_budget":
                return _over_budget(application.budgets, rest)
            case b"too_soon" | b"no_sends_left":
                return NoResend(ResendBar(status.decode()), timedelta(milliseconds=rest[0]))
            case _:
                return _ended_or_missing(status, rest)

    def verify(
        self,
        vid: VerificationId,
        application: Application,
        *,
        purpose_digests: tuple[bytes, ...],
        pin_digests: tuple[bytes, ...],
    ) -> Judged | Ended | None:
        """Count one guess and, if it is right, use the verification up."""
        status, *rest = self._run(
            "verify",
            [record_key(vid), log_key(vid, application.id)],
            [
                application.id,
                charge_name(vid),
                _text_of(application.budgets).keep_ms,
                milliseconds(application.rules.proof_life),
                len(pin_digests),
                *purpose_digests,
                *pin_digests,
            ],
        )
        if status in {b"missing", b"ended"}:
            return _ended_or_missing(status, rest)
        matched_send = rest[2] if status == b"approved" else None
        return Judged(Verdict(status.decode()), decode(vid, *rest[:2]), matched_send)

    def cancel(self, vid: VerificationId, application: Application) -> Verification | Ended | None:
        """Call it off."""
        status, *rest = self._run("cancel", [record_key(vid)], [application.id])
        if status == b"canceled":
            return decode(vid, *rest[:2])
        return _ended_or_missing(status, rest)

    def read(self, vid: VerificationId, application: Application) -> Verification | None:
        """Give it as it stands."""
        status, *rest = self._run("read", [record_key(vid)], [application.id])
        return decode(vid, *rest[:2]) if status == b"found" else None

    def prove(
        self, vid: VerificationId, application: Application, *, consume: bool
    ) -> Verification | None:
        """Give the approved verification while its proof lives and is not consumed."""
        status, *rest = self._run(
            "prove",
            [record_key(vid)],
            [application.id, milliseconds(application.rules.proof_life), int(consume)],
        )
        return decode(vid, *rest[:2]) if status == b"active" else None

    def _run(self, name: str, keys: Sequence[str], arguments: Sequence[Argument]) -> Answer:
        return self._operations.run(name, keys, arguments)


@cache
def _text_of(budgets: NumberBudgets) -> BudgetText:
    return budget_text(budgets)


def _over_budget(budgets: NumberBudgets, rest: Answer) -> OverBudget:
    which, wait_ms = rest
    return OverBudget(budget_name(budgets, which), timedelta(milliseconds=wait_ms))


def _ended_or_missing(status: bytes, rest: Answer) -> Ended | None:
    return Ended(STATUSES[rest[0].decode()]) if status == b"ended" else None
