"""The store behind the use cases' ports: one script, one round trip an operation."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache

from otp_service.domain.application import Application
from otp_service.domain.call import Call
from otp_service.domain.identity import VerificationId
from otp_service.domain.limits import NumberBudgets
from otp_service.domain.receipt import Receipt
from otp_service.domain.verification import Channel, Verification
from otp_service.ports import (
    Ended,
    Journal,
    Judged,
    NewVerification,
    NoResend,
    NotTheTokens,
    OverBudget,
    ReceiptNews,
    ResendBar,
    SendOutcome,
    Settled,
    Verdict,
)
from otp_service.redis_store.budget_text import BudgetText, budget_name, budget_text, milliseconds
from otp_service.redis_store.connection import Connection
from otp_service.redis_store.key_names import (
    charge_name,
    log_key,
    message_key,
    owners_key,
    record_key,
    refusal_key,
)
from otp_service.redis_store.message import (
    KEPT,
    link_arguments,
    read_news,
    receipt_arguments,
    with_receipt,
)
from otp_service.redis_store.operations import Answer, Operations
from otp_service.redis_store.record import STATUSES, channel_letters, decode, encode
from otp_service.redis_store.scripts import Argument

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
)
# How long a number that Viber refused is not tried there again, where there is another channel.
_REFUSED_FOR = timedelta(days=1)


class RedisStore:
    """Implements every store port over one connection.

    Raises:
        StoreUnavailable: from any operation, when Redis did not answer; what was asked may have
            happened, and is never asked again by itself.
    """

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._operations = Operations(connection, journal, scripts=_SCRIPTS)

    def start(self, new: NewVerification) -> Verification | OverBudget:
        """Store the verification and charge the number's budgets, or do neither."""
        application = new.call.application
        rules, budgets = application.rules, _text_of(application.budgets)
        status, *rest = self._operations.run(
            "start",
            _send_keys(new.id, application.id),
            [
                charge_name(new.id),
                budgets.sliding,
                budgets.guesses,
                budgets.keep_ms,
                milliseconds(rules.life),
                milliseconds(rules.resend_cooldown),
                milliseconds(rules.retention),
                new.pin_digest,
                channel_letters(plan.channel for plan in new.plans),
                next((plan.template_id for plan in new.plans if plan.template_id), ""),
                new.plans[0].language,
                "" if new.is_test else new.call.address_tag or "",
                budgets.owners,
                *encode(new),
            ],
        )
        if status == b"over_budget":
            return _over_budget(application.budgets, rest)
        return decode(new.id, *rest[:2])

    def settle(
        self, verification: Verification, outcome: SendOutcome, request_id: str | None = None
    ) -> Settled:
        """Write down what became of the last send, or take it back.

        With the provider's id of the message, whose it is is written under that id beside it.
        """
        vid = verification.id
        keys = [record_key(vid), log_key(vid, verification.application_id)]
        send = verification.last_delivery.send
        settle = ("settle", keys, (charge_name(vid), send, outcome.value, request_id or ""))
        if not request_id:
            return Settled(_settled(vid, self._operations.run(*settle)))
        told = (*link_arguments(verification), milliseconds(KEPT))
        link = ("link", [message_key(request_id)], told)
        settled, linked = self._operations.run_together("settle", settle, link)
        return Settled(_settled(vid, settled), read_news(linked))

    def replace_send(
        self,
        verification: Verification,
        application: Application,
        *,
        pin_digest: bytes,
        channel: Channel,
        is_number_refused: bool,
    ) -> Verification | None:
        """Take the last send back and store one on another channel, or do neither."""
        vid = verification.id
        status, *rest = self._operations.run(
            "replace_send",
            _send_keys(vid, application.id),
            [
                application.id,
                charge_name(vid),
                verification.last_delivery.send,
                _text_of(application.budgets).keep_ms,
                pin_digest,
                channel_letters([channel]),
                _refusal_ms(is_number_refused),
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
    ) -> Verification | NoResend | OverBudget | Ended | NotTheTokens | None:
        """Store one more PIN and charge its message, or do neither."""
        wanted = (pin_digest, channel_letters(channels), "", 0)
        return self._one_more("resend", vid, call, wanted)

    def fall_back(
        self,
        vid: VerificationId,
        application: Application,
        *,
        pin_digest: bytes,
        channel: Channel,
        failed_send: int,
        is_number_refused: bool,
    ) -> Verification | NoResend | OverBudget | Ended | None:
        """Store one more PIN for a message that failed, at most once a channel."""
        refusal_ms = _refusal_ms(is_number_refused)
        wanted = (pin_digest, channel_letters([channel]), failed_send, refusal_ms)
        answer = self._one_more("fall_back", vid, Call(application), wanted)
        # No token is shown here, and so none refused.
        return None if isinstance(answer, NotTheTokens) else answer

    def _one_more(
        self,
        operation: str,
        vid: VerificationId,
        call: Call,
        wanted: Sequence[Argument],
    ) -> Verification | NoResend | OverBudget | Ended | NotTheTokens | None:
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
        )
        keys = _send_keys(vid, application.id)
        status, *rest = self._operations.run("resend", keys, arguments, operation=operation)
        match status:
            case b"stored":
                return decode(vid, *rest[:2])
            case b"over_budget":
                return _over_budget(application.budgets, rest)
            case b"too_soon" | b"no_sends_left" | b"not_needed":
                return NoResend(ResendBar(status.decode()), timedelta(milliseconds=rest[0]))
            case b"not_the_tokens":
                return NotTheTokens()
            case _:
                return _ended_or_missing(status, rest)

    def verify(
        self,
        vid: VerificationId,
        call: Call,
        *,
        purpose_digests: tuple[bytes, ...],
        pin_digests: tuple[bytes, ...],
        fixed_pin_digests: tuple[bytes, ...] = (),
    ) -> Judged | Ended | NotTheTokens | None:
        """Count one guess and, if it is right, use the verification up."""
        application = call.application
        budgets = _text_of(application.budgets)
        status, *rest = self._operations.run(
            "verify",
            [record_key(vid), log_key(vid, application.id), owners_key(vid, application.id)],
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
            ],
        )
        if status == b"not_the_tokens":
            return NotTheTokens()
        if status in {b"missing", b"ended"}:
            return _ended_or_missing(status, rest)
        matched_send = rest[2] if status == b"approved" else None
        return Judged(Verdict(status.decode()), decode(vid, *rest[:2]), matched_send)

    def cancel(self, vid: VerificationId, call: Call) -> Verification | Ended | None:
        """Call it off."""
        status, *rest = self._operations.run("cancel", [record_key(vid)], [call.application.id])
        if status == b"canceled":
            return decode(vid, *rest[:2])
        return _ended_or_missing(status, rest)

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


def _settled(vid: VerificationId, answer: Answer) -> Verification | None:
    status, *rest = answer
    return decode(vid, *rest[:2]) if status == b"settled" else None


def _over_budget(budgets: NumberBudgets, rest: Answer) -> OverBudget:
    which, wait_ms, is_owners = rest
    return OverBudget(
        budget_name(budgets, which), timedelta(milliseconds=wait_ms), is_owners=bool(is_owners)
    )


def _ended_or_missing(status: bytes, rest: Answer) -> Ended | None:
    return Ended(STATUSES[rest[0].decode()]) if status == b"ended" else None
