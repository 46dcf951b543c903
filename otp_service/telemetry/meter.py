"""From an event to the metrics it moves."""

from typing import assert_never

from otp_service.domain import events
from otp_service.domain.verification import Channel
from otp_service.telemetry.instruments import Instruments
from otp_service.telemetry.labels import Labels


class Meter:
    """Counts and times events, each by labels of closed sets."""

    def __init__(self, instruments: Instruments, labels: Labels) -> None:
        self._instruments = instruments
        self._labels = labels
        # An alert on an increase sees no first one of a series that was not there before.
        for channel in Channel:
            for reason in labels.provider_reason.members:
                instruments.attention.labels(channel, reason)

    def observe(self, event: events.Event) -> None:
        """Move what the event moves."""
        match event:
            case events.StartJudged():
                self._start(event)
            case events.ResendJudged():
                self._resend(event)
            case events.MessageSent():
                self._message(event)
            case events.GuessJudged():
                self._guess(event)
            case events.VerificationCalledOff():
                self._instruments.cancels.labels(
                    self._labels.application.label(event.application),
                    self._labels.cancel.label(event.outcome),
                ).inc()
            case events.ProofChecked():
                self._instruments.proofs.labels(
                    self._labels.application.label(event.application),
                    self._labels.proof.label(event.outcome),
                ).inc()
            case events.ProviderAnswered():
                self._instruments.provider_seconds.labels(
                    self._labels.channel.label(event.channel),
                    self._labels.provider_outcome(event.reason),
                ).observe(event.took.total_seconds())
            case events.ProviderNeedsAttention():
                self._instruments.attention.labels(
                    self._labels.channel.label(event.channel),
                    self._labels.provider_reason.label(event.reason),
                ).inc()
            case events.ProviderDialectChosen():
                pass  # once a process: the log tells it
            case events.StoreAnswered():
                self._instruments.store_seconds.labels(
                    self._labels.operation.label(event.operation),
                    self._labels.store_outcome.label(event.outcome),
                ).observe(event.took.total_seconds())
            case events.RequestServed():
                self._instruments.request_seconds.labels(
                    self._labels.route.label(event.route),
                    self._labels.method.label(event.method),
                    self._labels.status.label(event.status),
                ).observe(event.took.total_seconds())
            case _:
                assert_never(event)

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
