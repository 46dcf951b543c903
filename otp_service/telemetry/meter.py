"""From an event to the metrics it moves."""

from collections.abc import Callable
from typing import Any

from otp_service.domain import events
from otp_service.domain.verification import Channel
from otp_service.telemetry.instruments import Instruments
from otp_service.telemetry.labels import Labels


class Meter:
    """Counts and times events, each by labels of closed sets."""

    def __init__(self, instruments: Instruments, labels: Labels) -> None:
        self._instruments = instruments
        self._labels = labels
        self._moves: dict[type, Callable[[Any], None]] = {
            events.StartJudged: self._start,
            events.ResendJudged: self._resend,
            events.MessageSent: self._message,
            events.FallBackJudged: self._fall_back,
            events.ReceiptReceived: self._receipt,
            events.MessageBilled: self._cost,
            events.ReplyReceived: self._reply,
            events.GuessJudged: self._guess,
            events.VerificationCalledOff: self._cancel,
            events.ProofChecked: self._proof,
            events.FraudGuardJudged: self._fraud_guard,
            events.ProviderAnswered: self._provider_answer,
            events.ProviderNeedsAttention: self._attention,
            events.CircuitTurned: self._circuit,
            # Once a process: the log tells it.
            events.ProviderDialectChosen: lambda _: None,
            events.StoreAnswered: self._store_answer,
            events.RequestServed: self._request,
            events.TokenMinted: self._mint,
            events.TestNumberUsed: self._test_number,
        }
        # An alert on an increase sees no first one of a series that was not there before.
        for channel in Channel:
            for reason in labels.provider_reason.members:
                instruments.attention.labels(channel, reason)
            instruments.circuit_open.labels(channel)
            instruments.circuit_openings.labels(channel)

    def observe(self, event: events.Event) -> None:
        """Move what the event moves."""
        self._moves[type(event)](event)

    def _start(self, event: events.StartJudged) -> None:
        labels = self._labels
        self._instruments.starts.labels(
            labels.application.label(event.application),
            labels.country.label(event.country),
            labels.start.label(event.outcome),
            labels.detail.label(event.detail),
        ).inc()

    def _resend(self, event: events.ResendJudged) -> None:
        labels = self._labels
        self._instruments.resends.labels(
            labels.application.label(event.application),
            labels.country.label(event.country),
            labels.resend.label(event.outcome),
            labels.detail.label(event.detail),
        ).inc()

    def _message(self, event: events.MessageSent) -> None:
        labels = self._labels
        self._instruments.messages.labels(
            labels.application.label(event.application),
            labels.country.label(event.country),
            labels.channel.label(event.channel),
            labels.template.label(event.template_id),
            labels.language.label(event.language),
            labels.verdict.label(event.outcome),
            labels.provider_reason.label(event.reason),
        ).inc()

    def _fall_back(self, event: events.FallBackJudged) -> None:
        labels = self._labels
        self._instruments.fall_backs.labels(
            labels.application.label(event.application),
            labels.channel.label(event.channel),
            labels.country.label(event.country),
            labels.fall_back.label(event.outcome),
            labels.fall_back_cause.label(event.cause),
        ).inc()

    def _receipt(self, event: events.ReceiptReceived) -> None:
        labels = self._labels
        self._instruments.receipts.labels(
            labels.application.label(event.application),
            labels.channel.label(event.channel),
            labels.country.label(event.country),
            labels.state.label(event.state),
            labels.receipt.label(event.outcome),
        ).inc()

    def _cost(self, event: events.MessageBilled) -> None:
        labels = self._labels
        self._instruments.cost.labels(
            labels.application.label(event.application),
            labels.channel.label(event.channel),
            labels.country.label(event.country),
            labels.currency.label(event.currency),
            labels.rate_type.label(event.rate_type),
        ).inc(float(event.amount))

    def _guess(self, event: events.GuessJudged) -> None:
        labels = self._labels
        self._instruments.guesses.labels(
            labels.application.label(event.application),
            labels.country.label(event.country),
            labels.channel.label(event.channel),
            labels.template.label(event.template_id),
            labels.language.label(event.language),
            labels.guess.label(event.outcome),
        ).inc()

    def _reply(self, event: events.ReplyReceived) -> None:
        self._instruments.replies.labels(self._labels.reply.label(event.outcome)).inc()

    def _cancel(self, event: events.VerificationCalledOff) -> None:
        self._instruments.cancels.labels(
            self._labels.application.label(event.application),
            self._labels.cancel.label(event.outcome),
        ).inc()

    def _proof(self, event: events.ProofChecked) -> None:
        self._instruments.proofs.labels(
            self._labels.application.label(event.application),
            self._labels.proof.label(event.outcome),
        ).inc()

    def _fraud_guard(self, event: events.FraudGuardJudged) -> None:
        labels = self._labels
        self._instruments.fraud_guard.labels(
            labels.application.label(event.application),
            labels.country.label(event.country),
            labels.guard_scope.label(event.scope),
            labels.guard_outcome.label(event.outcome),
        ).inc()

    def _provider_answer(self, event: events.ProviderAnswered) -> None:
        self._instruments.provider_seconds.labels(
            self._labels.channel.label(event.channel),
            self._labels.provider_outcome(event.reason),
        ).observe(event.took.total_seconds())

    def _attention(self, event: events.ProviderNeedsAttention) -> None:
        self._instruments.attention.labels(
            self._labels.channel.label(event.channel),
            self._labels.provider_reason.label(event.reason),
        ).inc()

    def _circuit(self, event: events.CircuitTurned) -> None:
        channel = self._labels.channel.label(event.channel)
        is_open = event.turn == "opened"
        self._instruments.circuit_open.labels(channel).set(int(is_open))
        if is_open:
            self._instruments.circuit_openings.labels(channel).inc()

    def _store_answer(self, event: events.StoreAnswered) -> None:
        self._instruments.store_seconds.labels(
            self._labels.operation.label(event.operation),
            self._labels.store_outcome.label(event.outcome),
        ).observe(event.took.total_seconds())

    def _request(self, event: events.RequestServed) -> None:
        self._instruments.request_seconds.labels(
            self._labels.route.label(event.route),
            self._labels.method.label(event.method),
            self._labels.status.label(event.status),
        ).observe(event.took.total_seconds())

    def _mint(self, event: events.TokenMinted) -> None:
        self._instruments.mints.labels(
            self._labels.application.label(event.application),
            self._labels.mint.label(event.outcome),
        ).inc()

    def _test_number(self, event: events.TestNumberUsed) -> None:
        self._instruments.test_numbers.labels(
            self._labels.application.label(event.application),
            self._labels.test_use.label(event.use),
            self._labels.test_outcome.label(event.outcome),
        ).inc()
