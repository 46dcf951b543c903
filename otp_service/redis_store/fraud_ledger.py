"""What the fraud guard shut, for operators: looked at, and opened or shut again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from otp_service.domain.application import Application
from otp_service.domain.fraud import GuardBudget, GuardScope, Tally
from otp_service.ports import Journal
from otp_service.redis_store.budget_text import milliseconds
from otp_service.redis_store.connection import Connection
from otp_service.redis_store.fraud_keys import (
    Area,
    counters,
    figures,
    index_key,
    opened_key,
    read_listed,
    read_subject,
)
from otp_service.redis_store.operations import Answer, Call, Operations
from otp_service.redis_store.record import moment

_LOOK = "guard_look"


@dataclass(frozen=True, slots=True)
class ShutBudget:
    """A budget without room, as it stands now.

    Args:
        limit: what the approvals within the window leave to unverified starts.
        opens_at: when it has room again by itself, if nothing else happens.
    """

    budget: GuardBudget
    tally: Tally
    limit: int
    opens_at: datetime


@dataclass(frozen=True, slots=True)
class ShutArea:
    """A country or a range of numbers that turns starts of an application away.

    Args:
        subject: the country's code, or the range's tag.
        country: of the range too.
        budgets: those without room.
        opened_until: until then starts pass all the same; None if nobody opened it.
    """

    application_id: str
    scope: GuardScope
    subject: str
    country: str
    budgets: tuple[ShutBudget, ...]
    opened_until: datetime | None

    @property
    def opens_at(self) -> datetime:
        """When the last of its budgets has room again by itself."""
        return max(budget.opens_at for budget in self.budgets)


class RedisFraudLedger:
    """Shows and opens.

    Raises:
        StoreUnavailable: from every operation, when Redis did not answer.
    """

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._operations = Operations(connection, journal, scripts=(_LOOK,))

    def shut(self, application: Application) -> list[ShutArea]:
        """Give what would turn a start away now, or would if the guard refused; countries first.

        Known are the areas in which a start was over a budget: every country, and of ranges the
        thousand that open last.
        """
        scopes = (GuardScope.COUNTRY, GuardScope.PREFIX)
        listed = self._operations.ask(
            "fraud_shut",
            [("ZRANGE", index_key(application.id, scope), 0, -1) for scope in scopes],
        )
        found = [
            read_listed(scope, name.decode())
            for scope, names in zip(scopes, listed, strict=True)
            for name in names
        ]
        if not found:
            return []
        now, answers = self._look(application, found)
        shut = [
            _shut(application, area, answer, now)
            for area, answer in zip(found, answers, strict=True)
        ]
        return [area for area in shut if area.budgets]

    def open(self, application_id: str, subject: str, *, span: timedelta) -> None:
        """Let starts of a country or range pass for so long; they are counted all the same.

        Args:
            subject: the country's code, or the range's tag.
        """
        key = opened_key(application_id, read_subject(subject))
        self._operations.ask("fraud_open", [("SET", key, 1, "PX", milliseconds(span))])

    def close(self, application_id: str, subject: str) -> bool:
        """Leave a country or range to the guard again; say whether it was open."""
        key = opened_key(application_id, read_subject(subject))
        (removed,) = self._operations.ask("fraud_close", [("DEL", key)])
        return bool(removed)

    def _look(
        self, application: Application, found: Sequence[Area]
    ) -> tuple[datetime, list[Answer]]:
        calls: list[Call] = [
            (
                _LOOK,
                [opened_key(application.id, area), *counters(application, area)],
                figures(application, area),
            )
            for area in found
        ]
        answers = self._operations.run_together("fraud_look", *calls)
        return moment(int(answers[0][0])), answers


def _shut(application: Application, area: Area, answer: Answer, now: datetime) -> ShutArea:
    _, opened_ms, *told = answer
    budgets = application.fraud.budgets_of(area.scope)
    tallies = zip(budgets, told[::3], told[1::3], told[2::3], strict=True)
    return ShutArea(
        application_id=application.id,
        scope=area.scope,
        subject=area.subject,
        country=area.country,
        budgets=tuple(
            ShutBudget(
                budget=budget,
                tally=Tally(started, verified),
                limit=budget.limit(verified),
                opens_at=now + timedelta(milliseconds=wait_ms),
            )
            for budget, started, verified, wait_ms in tallies
            if wait_ms
        ),
        opened_until=now + timedelta(milliseconds=opened_ms) if opened_ms else None,
    )
