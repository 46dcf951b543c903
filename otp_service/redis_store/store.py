"""The store behind the use cases' ports: one script, one round trip an operation."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache

from otp_service.domain.application import Application
from otp_service.domain.call import Call
from otp_service.domain.idempotency import Idempotency, KeyHeld, Replayed, Standing
from otp_service.domain.identity import VerificationId
from otp_service.domain.limits import NumberBudgets
from otp_service.domain.receipt import Receipt
from otp_service.domain.verification import Channel, Verification
from otp_service.ports import (
    Ended,
    GuessAnswer,
    Journal,
    NewVerification,
    OverBudget,
    ReceiptNews,
    ResendAnswer,
    SendOutcome,
    Settled,
)
from otp_service.redis_store.answers import (
    read_end,
    read_judged,
    read_one_more,
    read_over_budget,
    read_settled,
)
from otp_service.redis_store.budget_text import BudgetText, budget_text, milliseconds
from otp_service.redis_store.connection import Connection
from otp_service.redis_store.kept_answers import entry_keys, fingerprint_of, told_once
from otp_service.redis_store.key_names import (
    charge_name,
    log_key,
    message_key,
    owners_key,
    record_key,
    refusal_key,
    timeline_key,
)
from otp_service.redis_store.message import (
    KEPT,
    link_arguments,
    read_news,
    receipt_arguments,
    with_receipt,
)
from otp_service.redis_store.operations import Answer, Operations
from otp_service.redis_store.packed import short_id
from otp_service.redis_store.record import channel_letters, decode, encode
from otp_service.redis_store.scripts import Argument
from otp_service.redis_store.timeline import KEPT as AUDIT_KEPT
from otp_service.redis_store.timeline import audit_text, refusal_text

_SCRIPTS = (
    "start",
    "settle",
    "link",
    "replace_send",
    "resend",
    "verify",
    "cancel",
    "read",
    "prove",
    "receive",
    "note",
)
# How long a number that Viber refused is not tried there again, where there is another channel.
_REFUSED_FOR = timedelta(days=1)


class RedisStore:
    """Implements every store port over one connection.

    Args:
        audit_kept: how long a number's timeline remembers; zero for keeping none.
        for_previous_release: write what workers of that release read too, while there are any.

    Raises:
        StoreUnavailable: from any operation, when Redis did not answer; what was asked may have
            happened, and is never asked again by itself.
    """

    def __init__(
        self,
        connection: Connection,
        journal: Journal,
        *,
        audit_kept: timedelta = AUDIT_KEPT,
        for_previous_release: bool = False,
    ) -> None:
        self._operations = Operations(connection, journal, scripts=_SCRIPTS)
        self._audit_kept = audit_kept
        self._for_previous_release = for_previous_release

    def start(self, new: NewVerification) -> Verification | OverBudget | Standing:
        """Store the verification and charge the number's budgets, or do neither."""
        application = new.call.application
        budgets = _text_of(application.budgets)
        status, *rest = self._operations.run(
            "start",
            [*_send_keys(new.id, application.id), timeline_key(new.id.number_tag)],
            [
                charge_name(new.id),
                budgets.sliding,
                budgets.guesses,
                budgets.keep_ms,
                new.pin_digest,
                channel_letters(plan.channel for plan in new.plans),
                "" if new.is_test else new.call.address_tag or "",
                budgets.owners,
                *encode(new, for_previous_release=self._for_previous_release),
                self._audited(new.call, new.id),
            ],
        )
        if status == b"over_budget":
            return read_over_budget(application.budgets, rest)
        if status == b"standing":
            return Standing()
        return decode(new.id, *rest[:2])

    def continue_start(
        self,
        vid: VerificationId,
        call: Call,
        *,
        pin_digest: bytes,
        channels: tuple[Channel, ...],
    ) -> ResendAnswer:
        """Store one more PIN for a start that broke off, charged like a resend, at once."""
        wanted = (pin_digest, channel_letters(channels), "", 0, 1, b"")
        return read_one_more(call.application, vid, self._ask("continue_start", vid, call, wanted))

    def settle(
        self,
        verification: Verification,
        outcome: SendOutcome,
        request_id: str | None = None,
        *,
        idempotency: Idempotency | None = None,
        reason: str = "",
    ) -> Settled:
        """Write down what became of the last send, or take it back.

        With the provider's id of the message, whose it is is written under that id beside it.
        """
        vid = verification.id
        application_id = verification.application_id
        keys = [record_key(vid), log_key(vid, application_id)]
        send = verification.last_delivery.send
        audited = audit_text(
            self._audit_kept, application_id, charge=charge_name(vid), reason=reason
        )
        settle = (
            "settle",
            [*keys, *entry_keys(vid, idempotency), timeline_key(vid.number_tag)],
            (
                charge_name(vid),
                send,
                outcome.value,
                self._kept_id(request_id) if request_id else "",
                fingerprint_of(idempotency),
                audited,
            ),
        )
        if not request_id:
            return Settled(read_settled(vid, self._operations.run(*settle)))
        told = (*self._link(verification), milliseconds(KEPT))
        link = ("link", [message_key(request_id)], told)
        settled, linked = self._operations.run_together("settle", settle, link)
        return Settled(read_settled(vid, settled), read_news(linked))

    def replace_send(
        self,
        verification: Verification,
        application: Application,
        *,
        pin_digest: bytes,
        channel: Channel,
        is_number_refused: bool,
        reason: str = "",
    ) -> Verification | None:
        """Take the last send back and store one on another channel, or do neither."""
        vid = verification.id
        status, *rest = self._operations.run(
            "replace_send",
            [*_send_keys(vid, application.id), timeline_key(vid.number_tag)],
            [
                application.id,
                charge_name(vid),
                verification.last_delivery.send,
                _text_of(application.budgets).keep_ms,
                pin_digest,
                channel_letters([channel]),
                _refusal_ms(is_number_refused),
                self._audited(Call(application), vid, reason=reason),
            ],
        )
        return decode(vid, *rest[:2]) if status == b"stored" else None

    def resend(
        self,
        vid: VerificationId,
        call: Call,
        *,
        pin_digest: bytes,
        channels: tuple[Channel, ...],
    ) -> ResendAnswer | Replayed[ResendAnswer] | KeyHeld:
        """Store one more PIN and charge its message, or do neither."""
        own = fingerprint_of(call.idempotency)
        wanted = (pin_digest, channel_letters(channels), "", 0, 0, own)
        return told_once(
            self._ask("resend", vid, call, wanted),
            lambda answer: read_one_more(call.application, vid, answer),
        )

    def fall_back(
        self,
        vid: VerificationId,
        application: Application,
        *,
        pin_digest: bytes,
        channel: Channel,
        failed_send: int,
        is_number_refused: bool,
    ) -> ResendAnswer:
        """Store one more PIN for a message that failed, at most once a channel."""
        refusal_ms = _refusal_ms(is_number_refused)
        wanted = (pin_digest, channel_letters([channel]), failed_send, refusal_ms, 0, b"")
        answer = self._ask("fall_back", vid, Call(application), wanted)
        return read_one_more(application, vid, answer)

    def _ask(
        self,
        operation: str,
        vid: VerificationId,
        call: Call,
        wanted: Sequence[Argument],
    ) -> Answer:
        """Ask for one more message; an Idempotency-Key is a resend's own concern."""
        application = call.application
        budgets = _text_of(application.budgets)
        arguments = (
            application.id,
            charge_name(vid),
            budgets.sliding,
            budgets.guesses,
            budgets.keep_ms,
            *wanted,
            budgets.owners,
            call.token_id or "",
            self._audited(call, vid),
        )
        keys = _send_keys(vid, application.id)
        if operation == "resend":
            keys += entry_keys(vid, call.idempotency)
        keys.append(timeline_key(vid.number_tag))
        return self._operations.run("resend", keys, arguments, operation=operation)

    def verify(
        self,
        vid: VerificationId,
        call: Call,
        *,
        purpose_digests: tuple[bytes, ...],
        pin_digests: tuple[bytes, ...],
        fixed_pin_digests: tuple[bytes, ...] = (),
    ) -> GuessAnswer | Replayed[GuessAnswer] | KeyHeld:
        """Count one guess and, if it is right, use the verification up."""
        application = call.application
        budgets = _text_of(application.budgets)
        answer = self._operations.run(
            "verify",
            [
                record_key(vid),
                log_key(vid, application.id),
                owners_key(vid, application.id),
                *entry_keys(vid, call.idempotency),
                timeline_key(vid.number_tag),
            ],
            [
                application.id,
                charge_name(vid),
                budgets.keep_ms,
                milliseconds(application.rules.proof_life),
                budgets.owners,
                len(pin_digests),
                *purpose_digests,
                *pin_digests,
                *(fixed_pin_digests or [""] * len(pin_digests)),
                call.token_id or "",
                fingerprint_of(call.idempotency),
                self._audited(call, vid),
            ],
        )
        return told_once(answer, lambda first: read_judged(vid, first))

    def cancel(self, vid: VerificationId, call: Call) -> Verification | Ended | None:
        """Call it off."""
        status, *rest = self._operations.run(
            "cancel",
            [record_key(vid), timeline_key(vid.number_tag)],
            [call.application.id, self._audited(call, vid)],
        )
        if status == b"canceled":
            return decode(vid, *rest[:2])
        return read_end(status, rest)

    def read(self, vid: VerificationId, application: Application) -> Verification | None:
        """Give it as it stands, its messages as far as their receipts say that they came."""
        status, *rest = self._operations.run("read", [record_key(vid)], [application.id])
        if status != b"found":
            return None
        verification = decode(vid, *rest[:2])
        asked = [delivery.request_id for delivery in verification.deliveries if delivery.request_id]
        if not asked:
            return verification
        answers = self._operations.ask(
            "read_messages", [("HGETALL", message_key(request_id)) for request_id in asked]
        )
        receipts = dict(zip(asked, answers, strict=True))
        return verification.with_deliveries(
            tuple(
                with_receipt(delivery, receipts.get(delivery.request_id or "", {}))
                for delivery in verification.deliveries
            )
        )

    def receive(self, receipt: Receipt) -> ReceiptNews:
        """Write a receipt down; states only move forward."""
        answer = self._operations.run(
            "receive",
            [message_key(receipt.request_id)],
            [*receipt_arguments(receipt), milliseconds(KEPT)],
        )
        return read_news(answer) or ReceiptNews(receipt.state, is_move=False)

    def prove(
        self, vid: VerificationId, application: Application, *, consume: bool
    ) -> Verification | None:
        """Give the approved verification while its proof lives and is not consumed."""
        status, *rest = self._operations.run(
            "prove",
            [record_key(vid)],
            [application.id, milliseconds(application.rules.proof_life), int(consume)],
        )
        return decode(vid, *rest[:2]) if status == b"active" else None

    def note_refusal(
        self, number_tag: str, call: Call, *, reason: str, retry_after: timedelta
    ) -> None:
        """Write a start that was refused elsewhere into the number's timeline."""
        if self._audit_kept:
            self._operations.run(
                "note",
                [timeline_key(number_tag)],
                ["n", refusal_text(reason, retry_after), self._audited(call)],
                operation="note_refusal",
            )

    def _kept_id(self, request_id: str) -> str:
        return request_id if self._for_previous_release else short_id(request_id)

    def _link(self, verification: Verification) -> list[Argument]:
        return link_arguments(verification, for_previous_release=self._for_previous_release)

    def _audited(self, call: Call, vid: VerificationId | None = None, *, reason: str = "") -> str:
        charge = charge_name(vid) if vid else ""
        return audit_text(self._audit_kept, call.application.id, call, charge=charge, reason=reason)


@cache
def _text_of(budgets: NumberBudgets) -> BudgetText:
    return budget_text(budgets)


def _send_keys(vid: VerificationId, application_id: str) -> list[str]:
    return [
        record_key(vid),
        log_key(vid, application_id),
        refusal_key(vid.number_tag),
        owners_key(vid, application_id),
    ]


def _refusal_ms(is_number_refused: bool) -> int:  # noqa: FBT001 - the one thing it is about
    return milliseconds(_REFUSED_FOR) if is_number_refused else 0
