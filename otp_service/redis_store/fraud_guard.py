"""The fraud guard's part in the round trips of starts and guesses."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from otp_service.domain.budget_row import Counted
from otp_service.domain.events import FraudGuardJudged
from otp_service.domain.fraud import GuardBudget, GuardMode, GuardOutcome, GuardScope
from otp_service.domain.policy import Place
from otp_service.ports import Journal, OverBudget
from otp_service.redis_store.budget_text import milliseconds
from otp_service.redis_store.budgets import RETURNABLE
from otp_service.redis_store.fraud_keys import (
    Area,
    approvals_key,
    areas,
    counters,
    figures,
    index_key,
    opened_key,
    starts_key,
)
from otp_service.redis_store.key_names import application_tag, given_back_key
from otp_service.redis_store.operations import Answer, Call
from otp_service.redis_store.scripts import Argument
from otp_service.redis_store.watcher import Part

_START, _RETURN, _COUNT = "guard_start", "return_budgets", "count_budgets"
_OUTCOMES = {b"refused": GuardOutcome.BLOCKED, b"opened": GuardOutcome.OPENED}


class FraudGuard:
    """Implements ``Watcher``: counts starts and approvals, and refuses what is over."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    @property
    def scripts(self) -> Sequence[str]:
        """The names of all scripts that its parts run."""
        return (_START, _RETURN, _COUNT)

    def at_start(self, place: Place, charge_id: str) -> Part | None:
        """Judge a start and count it; nothing where the guard is off."""
        if place.application.fraud.mode is GuardMode.OFF:
            return None
        return _Start(place, charge_id, self._journal)

    def at_guess(self, place: Place, *, is_right: bool) -> Call | None:
        """Count an approval, in the areas in which its start was counted."""
        application = place.application
        if not is_right or application.fraud.mode is GuardMode.OFF:
            return None
        keys, arguments = [], list[Argument]()
        for area, budget in _charged(place):
            keys.append(approvals_key(application.id, area, budget))
            arguments += [milliseconds(budget.window), 1]
        return _COUNT, keys, arguments


@dataclass(slots=True)
class _Start:
    """One start, judged in the areas it belongs to."""

    place: Place
    charge_id: str
    journal: Journal
    _is_told: bool = field(default=False, init=False)

    @property
    def call(self) -> Call:
        application = self.place.application
        keys: list[str] = []
        own: list[Argument] = []
        for area in areas(self.place.country, self.place.prefix_tag):
            keys += [index_key(application.id, area.scope), opened_key(application.id, area)]
            keys += counters(application, area)
            own += [area.listed, *figures(application, area)]
        is_refusing = application.fraud.mode is GuardMode.ON and not self.place.is_trusted
        budgets_an_area = len(application.fraud.budgets_of(GuardScope.COUNTRY))
        return _START, keys, [int(is_refusing), budgets_an_area, *own]

    def refusal(self, answer: Answer) -> OverBudget | None:
        """Say whether the start may go on; that it is over a budget is told once."""
        status, _, which, wait_ms = answer
        if not which:
            return None
        area, budget = _charged(self.place)[which - 1]
        if not self._is_told:
            self._is_told = True
            self._tell(status, area, budget)
        if status != b"refused":
            return None
        return OverBudget(budget.name, timedelta(milliseconds=wait_ms))

    def undo(self, answer: Answer, *, but: Collection[Counted]) -> Call | None:
        """Take the start off every counter, once."""
        if Counted.STARTS in but:
            return None
        application_id = self.place.application.id
        keys = [given_back_key(application_tag(application_id), f"{self.charge_id}f")]
        arguments: list[Argument] = [answer[1], milliseconds(RETURNABLE)]
        for area, budget in _charged(self.place):
            keys.append(starts_key(application_id, area, budget))
            arguments += [milliseconds(budget.window), 1]
        return _RETURN, keys, arguments

    def _tell(self, status: bytes, area: Area, budget: GuardBudget) -> None:
        over = GuardOutcome.TRUSTED if self.place.is_trusted else GuardOutcome.WOULD_BLOCK
        self.journal.record(
            FraudGuardJudged(
                application=self.place.application.id,
                outcome=_OUTCOMES.get(status, over),
                scope=budget.scope,
                country=area.country,
                budget=budget.name,
                prefix_tag=area.subject if area.scope is GuardScope.PREFIX else None,
            )
        )


def _charged(place: Place) -> list[tuple[Area, GuardBudget]]:
    """Give every budget of a start with its area, in the order the script speaks of them."""
    return [
        (area, budget)
        for area in areas(place.country, place.prefix_tag)
        for budget in place.application.fraud.budgets_of(area.scope)
    ]
