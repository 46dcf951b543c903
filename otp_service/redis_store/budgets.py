"""Budgets outside the number's slot: one round trip to charge them, one more to give them back."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from otp_service.budget_ports import Charged
from otp_service.domain.budget_row import Counted
from otp_service.domain.policy import Line, Place
from otp_service.errors import StoreUnavailable
from otp_service.ports import Journal, OverBudget
from otp_service.redis_store.budget_text import milliseconds
from otp_service.redis_store.connection import Connection
from otp_service.redis_store.key_names import counter_key, counter_tag, given_back_key
from otp_service.redis_store.operations import Answer, Call, Operations
from otp_service.redis_store.scripts import Argument
from otp_service.redis_store.watcher import Part, Watcher

_CHARGE, _RETURN, _COUNT = "charge_budgets", "return_budgets", "count_budgets"
# Longer than any request takes from its charge to the last word of the last provider tried, with
# time-outs at their longest.
RETURNABLE = timedelta(minutes=5)
"""How long after a charge it may be given back."""

_Receipt = tuple[tuple[Part, Answer], ...]


class RedisBudgets:
    """Implements ``BudgetStore``.

    Args:
        is_cluster: then each slot is charged by a call of its own, one after the other up to the
            first refusal; else one call charges everything.
        watchers: what takes part beside the budgets.

    Raises:
        StoreUnavailable: from ``charge`` and ``count_guess``, when Redis did not answer. What other
            slots had charged by then was given back as far as they could be reached.
    """

    def __init__(
        self,
        connection: Connection,
        journal: Journal,
        *,
        is_cluster: bool,
        watchers: Sequence[Watcher] = (),
    ) -> None:
        scripts = [name for watcher in watchers for name in watcher.scripts]
        self._operations = Operations(
            connection, journal, scripts=(_CHARGE, _RETURN, _COUNT, *scripts)
        )
        self._is_cluster = is_cluster
        self._watchers = tuple(watchers)

    def charge(
        self, place: Place, lines: Sequence[Line], *, charge_id: str, is_start: bool
    ) -> Charged | OverBudget:
        """Charge all of the lines or none."""
        parts: list[Part] = [
            _Group(place, group, charge_id) for group in self._groups(place, lines)
        ]
        if is_start:
            watching = (watcher.at_start(place, charge_id) for watcher in self._watchers)
            parts.extend(part for part in watching if part is not None)
        if not parts:
            return Charged(())
        answered = self._run_one_by_one(parts) if self._is_cluster else self._run_together(parts)
        refusals = [part.refusal(answer) for part, answer in answered]
        standing = [refusal for refusal in refusals if refusal is not None]
        if not standing:
            return Charged(answered)
        self._undo(
            [each for each, refusal in zip(answered, refusals, strict=True) if refusal is None]
        )
        return max(standing, key=lambda refusal: refusal.retry_after)

    def give_back(self, charged: Charged, *, but: Collection[Counted] = ()) -> None:
        """Take these charges off again, once, as far as the store can be reached."""
        self._undo(charged.receipt, but=but)

    def count_guess(self, place: Place, lines: Sequence[Line], *, is_right: bool) -> None:
        """Count what a guess came to, whatever the limits say."""
        calls: list[Call] = [_counting(place, group) for group in self._groups(place, lines)]
        watching = (watcher.at_guess(place, is_right=is_right) for watcher in self._watchers)
        calls.extend(call for call in watching if call is not None)
        self._run_all("count_guess", calls)

    def _groups(self, place: Place, lines: Sequence[Line]) -> list[list[Line]]:
        """Give the lines that one script call may take together."""
        if not self._is_cluster:
            return [list(lines)] if lines else []

        def tag(line: Line) -> str:
            return counter_tag(place, line)

        return [list(group) for _, group in groupby(sorted(lines, key=tag), key=tag)]

    def _run_together(self, parts: Sequence[Part]) -> _Receipt:
        calls = [part.call for part in parts]
        return tuple(zip(parts, self._operations.run_together(_CHARGE, *calls), strict=True))

    def _run_one_by_one(self, parts: Sequence[Part]) -> _Receipt:
        answered: list[tuple[Part, Answer]] = []
        for part in parts:
            try:
                answer = self._operations.run(*part.call)
            except StoreUnavailable:
                # Or else a slot that is away would use up the budgets of those that are not.
                self._undo(answered)
                raise
            answered.append((part, answer))
            if part.refusal(answer):
                break
        return tuple(answered)

    def _undo(
        self, answered: Sequence[tuple[Part, Answer]], *, but: Collection[Counted] = ()
    ) -> None:
        undone = (part.undo(answer, but=but) for part, answer in answered)
        calls = [call for call in undone if call is not None]
        with suppress(StoreUnavailable):
            self._run_all(_RETURN, calls)

    def _run_all(self, operation: str, calls: Sequence[Call]) -> None:
        """Run every call, whatever becomes of the others, and fail if one did."""
        if calls:
            self._operations.run_together(operation, *calls)


@dataclass(frozen=True, slots=True)
class _Group:
    """Budgets that one script call charges together."""

    place: Place
    lines: Sequence[Line]
    charge_id: str

    @property
    def call(self) -> Call:
        arguments: list[Argument] = []
        for line in self.lines:
            arguments += [line.row.limit, milliseconds(line.row.window), line.amount]
        return _CHARGE, [counter_key(self.place, line) for line in self.lines], arguments

    def refusal(self, answer: Answer) -> OverBudget | None:
        if answer[0] != b"over_budget":
            return None
        _, which, wait_ms = answer
        return OverBudget(self.lines[which - 1].row.name, timedelta(milliseconds=wait_ms))

    def undo(self, answer: Answer, *, but: Collection[Counted]) -> Call | None:
        charged = [line for line in self.lines if line.amount and line.row.counted not in but]
        if not charged:
            return None
        arguments: list[Argument] = [answer[1], milliseconds(RETURNABLE)]
        for line in charged:
            arguments += [milliseconds(line.row.window), line.amount]
        mark = given_back_key(counter_tag(self.place, self.lines[0]), self.charge_id)
        return _RETURN, [mark, *(counter_key(self.place, line) for line in charged)], arguments


def _counting(place: Place, lines: Sequence[Line]) -> Call:
    arguments: list[Argument] = []
    for line in lines:
        arguments += [milliseconds(line.row.window), line.amount]
    return _COUNT, [counter_key(place, line) for line in lines], arguments
