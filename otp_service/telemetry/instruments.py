"""The metrics themselves: what is counted and what is timed, by which labels."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

# A second series beside every counter, with the time it was made: nobody here reads it.
disable_created_metrics()  # type: ignore[no-untyped-call]

_MULTIPROCESS_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

# Seconds. The store answers within one or two milliseconds, a request without a message within
# ten, the provider within some hundred; the last bound of each is its time-out's neighbour.
_STORE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 2.5)
_PROVIDER_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 4, 8, 10)
_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)


class Instruments:
    """Every metric of the service, on a registry of its own.

    With ``PROMETHEUS_MULTIPROC_DIR`` in the environment, set before the first import of
    prometheus_client, all worker processes count in that directory and each shows the sum.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        delivered_by = ("channel", "template", "language")
        self.starts = self._counter("starts", "Starts.", "country", "outcome", "reason")
        self.resends = self._counter("resends", "Resends.", "country", "outcome", "reason")
        self.messages = self._counter(
            "messages", "Messages sent.", "country", *delivered_by, "outcome", "reason"
        )
        where = ("channel", "country")
        self.fall_backs = self._counter(
            "fall_backs", "Messages that were to stand in.", *where, "outcome", "cause"
        )
        self.receipts = self._counter(
            "receipts", "Receipts of messages.", *where, "state", "outcome"
        )
        self.cost = self._counter(
            "message_cost", "What messages cost, by receipt.", *where, "currency", "rate_type"
        )
        self.replies = Counter(
            "otp_replies", "Answers of phones' owners.", ("outcome",), registry=self._registry
        )
        self.guesses = self._counter(
            "guesses", "Guesses at a code.", "country", *delivered_by, "outcome"
        )
        self.cancels = self._counter("cancels", "Verifications called off.", "outcome")
        self.proofs = self._counter("proofs", "Proofs shown.", "outcome")
        self.mints = self._counter("client_tokens", "Client tokens asked for.", "outcome")
        self.test_numbers = self._counter(
            "test_number_uses", "Uses of test numbers.", "use", "outcome"
        )
        self.fraud_guard = self._counter(
            "fraud_guard", "Starts over a budget of unverified ones.", "country", "scope", "outcome"
        )
        self.attention = Counter(
            "otp_provider_attention",
            "What an operator must set right at the provider.",
            ("channel", "reason"),
            registry=self._registry,
        )
        self.circuit_open = Gauge(
            "otp_provider_circuit_open",
            "Worker processes in which the channel's circuit is open or half open.",
            ("channel",),
            multiprocess_mode="livesum",
            registry=self._registry,
        )
        self.circuit_openings = Counter(
            "otp_provider_circuit_openings",
            "Openings of the channel's circuit, each in one worker process.",
            ("channel",),
            registry=self._registry,
        )
        self.failures = Counter(
            "otp_telemetry_failures",
            "Events that could not be counted or logged.",
            registry=self._registry,
        )
        self.provider_seconds = self._histogram(
            "otp_provider_exchange_seconds",
            "Exchanges with the provider.",
            ("channel", "outcome"),
            _PROVIDER_SECONDS,
        )
        self.store_seconds = self._histogram(
            "otp_store_operation_seconds",
            "Operations of the store.",
            ("operation", "outcome"),
            _STORE_SECONDS,
        )
        self.request_seconds = self._histogram(
            "otp_http_request_seconds",
            "HTTP requests.",
            ("route", "method", "status"),
            _REQUEST_SECONDS,
        )

    def render(self) -> tuple[bytes, str]:
        """Give the exposition of this process, or of all of them, and its content type."""
        registry = self._registry
        if directory := os.environ.get(_MULTIPROCESS_DIRECTORY):
            _forget_the_dead(Path(directory))
            registry = CollectorRegistry()
            _AllProcesses(registry, directory)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        labelled = ("application", *labels)
        return Counter(f"otp_{name}", documentation, labelled, registry=self._registry)

    def _histogram(
        self, name: str, documentation: str, labels: tuple[str, ...], bounds: tuple[float, ...]
    ) -> Histogram:
        return Histogram(name, documentation, labels, buckets=bounds, registry=self._registry)


class _AllProcesses(MultiProcessCollector):
    """Collects what every process has counted, but for one that is only about to begin.

    The library makes a file first and fills it then; in between nobody could read any metric.
    """

    def collect(self) -> Iterable[Metric]:
        """Give the metrics of all processes, summed up."""
        files = [str(path) for path in Path(self._path).glob("*.db") if _has_begun(path)]
        summed: Iterable[Metric] = self.merge(files, accumulate=True)  # type: ignore[no-untyped-call]
        return summed


def _has_begun(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False


def _forget_the_dead(directory: Path) -> None:
    """Drop the gauges of worker processes that are gone; what they have counted stays.

    No server tells of a worker that was killed, and its circuits would stay open for ever.
    """
    for path in directory.glob("gauge_live*_*.db"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdecimal() and not _is_alive(int(pid)):
            # Another worker may have seen it too.
            path.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        # Another user's process may not be signalled, and lives.
        with suppress(PermissionError):
            os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


PROCESS_INSTRUMENTS = Instruments()
"""Those of this process: there is one set, as there is one exposition."""


def render_metrics() -> tuple[bytes, str]:
    """Give the exposition of the service and its content type."""
    return PROCESS_INSTRUMENTS.render()
