"""A sender behind a circuit breaker: while its channel fails, nothing is handed to it."""

import threading
import time
from collections.abc import Callable, Collection
from datetime import timedelta

from otp_service.domain.circuit import Circuit, Pass, Sign
from otp_service.domain.events import CircuitTurned
from otp_service.domain.verification import Channel
from otp_service.ports import (
    Journal,
    MessageSender,
    OutgoingMessage,
    SendReport,
    SendVerdict,
)

CIRCUIT_OPEN = "circuit_open"
"""Why a message was not tried, as a word for metrics and logs."""


def _monotonic() -> timedelta:
    return timedelta(seconds=time.monotonic())


class Breaker:
    """Implements ``MessageSender``, over another. One instance serves all threads of a process.

    A result code of any value is a sign of life. A message of unknown fate is none, and neither is
    one that found no connection.

    Args:
        not_reached: the sender's reasons that say that no connection came about.
        not_asked: those that say that the message was never on its way.
        now: time on a clock that never goes back.
    """

    def __init__(
        self,
        sender: MessageSender,
        circuit: Circuit,
        *,
        not_reached: Collection[str],
        not_asked: Collection[str],
        journal: Journal,
        now: Callable[[], timedelta] = _monotonic,
    ) -> None:
        self._sender = sender
        self._circuit = circuit
        self._not_reached = frozenset(not_reached)
        self._not_asked = frozenset(not_asked)
        self._journal = journal
        self._now = now
        self._lock = threading.Lock()

    @property
    def channel(self) -> Channel:
        """Say what this sender sends over."""
        return self._sender.channel

    def wait(self) -> timedelta:
        """Tell how long it is until a message may be tried: zero where one may be now."""
        with self._lock:
            return self._circuit.wait(self._now())

    def send(self, message: OutgoingMessage) -> SendReport:
        """Send it, at most once as far as anyone can know; while the circuit is open, never."""
        with self._lock:
            let = self._circuit.enter(self._now())
        if let is None:
            return SendReport(SendVerdict.NOT_TRIED, CIRCUIT_OPEN)
        # A sender that breaks tells nothing, and must not hold the place of a probe.
        sign = Sign.NONE
        try:
            report = self._sender.send(message)
            sign = self._sign(report)
        finally:
            self._learn(let, sign)
        return report

    def _sign(self, report: SendReport) -> Sign:
        if report.reason in self._not_asked:
            return Sign.NONE
        if report.verdict is SendVerdict.UNKNOWN or report.reason in self._not_reached:
            return Sign.FAILING
        return Sign.ALIVE

    def _learn(self, let: Pass, sign: Sign) -> None:
        with self._lock:
            turn = self._circuit.leave(let, sign, self._now())
            if turn is not None:
                # Within the lock: the last turn noted is the one that stands.
                self._journal.record(CircuitTurned(self.channel.value, turn.value))
