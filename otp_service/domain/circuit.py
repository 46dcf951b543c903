"""A circuit breaker's rules: when a channel that fails is left alone, and when it is tried again.

Closed, every message goes. Once enough of the latest have failed it opens, and none goes; after a
while it is half open: one message goes as a probe, and what becomes of it closes the circuit or
keeps it open for as long again.

Source:
    Michael T. Nygard, "Release It!", chapter "Stability Patterns": circuit breaker.
"""

from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

A_MOMENT = timedelta(seconds=1)
_NOW = timedelta(0)


class Sign(StrEnum):
    """What one message told of the other side; of a text that never left, nothing."""

    ALIVE = "alive"
    FAILING = "failing"
    NONE = "none"


class Turn(StrEnum):
    """What a sign made of a circuit."""

    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class CircuitRules:
    """When a circuit opens, and for how long.

    Args:
        failures: so many within the window open it, if they are half of all there or more; 0 for
            never.
        open_for: until one message may go as a probe.
        probe_lasts: longer than any message takes; a probe that has told nothing by then is given
            up, and the next may go.
        window: what came before is forgotten.
    """

    failures: int
    open_for: timedelta
    probe_lasts: timedelta
    window: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Pass:
    """Lets one message go.

    Args:
        era: every turn and every probe begins one; what a message of an earlier one tells is
            late, and says nothing of the other side as it is now.
    """

    era: int


class Circuit:
    """One channel's circuit, closed at first. For one thread at a time.

    Every ``now`` is on a clock that never goes back.
    """

    def __init__(self, rules: CircuitRules) -> None:
        self._rules = rules
        self._era = 0
        self._recent: deque[tuple[timedelta, Sign]] = deque()
        self._failed = 0
        self._is_open = False
        self._is_probed = False
        self._next_probe_at = _NOW

    def wait(self, now: timedelta) -> timedelta:
        """Tell how long it is until a message may go: zero where one may go now.

        While a probe is out nobody knows: a moment.
        """
        left = self._next_probe_at - now
        if not self._is_open or left <= _NOW:
            return _NOW
        return A_MOMENT if self._is_probed else left

    def enter(self, now: timedelta) -> Pass | None:
        """Let a message go, as a probe if need be; None if it must not."""
        if self.wait(now) > _NOW:
            return None
        if self._is_open:
            self._era += 1
            self._is_probed = True
            self._next_probe_at = now + self._rules.probe_lasts
        return Pass(self._era)

    def leave(self, let: Pass, sign: Sign, now: timedelta) -> Turn | None:
        """Learn from a message that was let go; give the turn that this made, if any."""
        if let.era != self._era:
            return None
        if self._is_open:
            return self._judge_probe(sign, now)
        if sign is not Sign.NONE:
            self._note(sign, now)
        if sign is Sign.FAILING and self._is_too_much():
            self._open(now)
            return Turn.OPENED
        return None

    def _judge_probe(self, sign: Sign, now: timedelta) -> Turn | None:
        if sign is Sign.ALIVE:
            self._era += 1
            self._is_open = False
            return Turn.CLOSED
        self._open(now)
        if sign is Sign.NONE:
            self._next_probe_at = now
        return None

    def _open(self, now: timedelta) -> None:
        self._era += 1
        self._is_open = True
        self._is_probed = False
        self._next_probe_at = now + self._rules.open_for
        self._recent.clear()
        self._failed = 0

    def _note(self, sign: Sign, now: timedelta) -> None:
        self._recent.append((now, sign))
        self._failed += sign is Sign.FAILING
        while self._recent[0][0] <= now - self._rules.window:
            _, oldest = self._recent.popleft()
            self._failed -= oldest is Sign.FAILING

    def _is_too_much(self) -> bool:
        most = self._rules.failures
        return 0 < most <= self._failed and 2 * self._failed >= len(self._recent)
