"""One application's starts and approvals as the fraud guard sees them, through the gate's store."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import timedelta

from support.verifications import SHOP, SilentJournal

from otp_service.budget_ports import Charged
from otp_service.domain.application import Application
from otp_service.domain.budget_row import Counted
from otp_service.domain.events import FraudGuardJudged
from otp_service.domain.fraud import FraudRules, GuardBudget, GuardMode, GuardScope
from otp_service.domain.policy import Place, lines
from otp_service.ports import OverBudget
from otp_service.redis_store import Connection, FraudGuard, RedisBudgets, RedisFraudLedger

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PUMPED, QUIET, FOREIGN = "pumpedAA", "quiet-_0", "foreign0"


def rules(
    mode: GuardMode = GuardMode.ON,
    *,
    prefix: tuple[int, int] = (4, 6),
    country: tuple[int, int] = (100, 200),
    ratio: float = 3,
) -> FraudRules:
    return FraudRules(
        mode,
        (
            GuardBudget("fraud_prefix_per_hour", GuardScope.PREFIX, HOUR, prefix[0], ratio),
            GuardBudget("fraud_prefix_per_day", GuardScope.PREFIX, DAY, prefix[1], ratio),
            GuardBudget("fraud_country_per_hour", GuardScope.COUNTRY, HOUR, country[0], ratio),
            GuardBudget("fraud_country_per_day", GuardScope.COUNTRY, DAY, country[1], ratio),
        ),
    )


@dataclass
class Street:
    """Starts and approvals as the gate asks for them."""

    connection: Connection
    is_cluster: bool
    application: Application = field(default_factory=lambda: replace(SHOP, fraud=rules()))
    journal: SilentJournal = field(default_factory=SilentJournal)

    def __post_init__(self) -> None:
        self._ids = itertools.count()
        self._budgets = RedisBudgets(
            self.connection,
            self.journal,
            is_cluster=self.is_cluster,
            watchers=[FraudGuard(self.journal)],
        )
        self.ledger = RedisFraudLedger(self.connection, SilentJournal())

    def under(self, fraud: FraudRules, **changes: object) -> "Street":
        changed = replace(self.application, fraud=fraud, **changes)  # type: ignore[arg-type]
        return Street(self.connection, self.is_cluster, changed)

    def place(self, prefix: str, country: str, **details: object) -> Place:
        return Place(self.application, country, "number", prefix, **details)  # type: ignore[arg-type]

    def start(
        self, prefix: str = PUMPED, country: str = "UA", **details: object
    ) -> Charged | OverBudget:
        place = self.place(prefix, country, **details)
        charging = lines(place, {Counted.STARTS: 1})
        return self._budgets.charge(place, charging, charge_id=f"c{next(self._ids)}", is_start=True)

    def pump(self, times: int, *where: str) -> None:
        for _ in range(times):
            assert isinstance(self.start(*where), Charged)

    def approve(self, prefix: str = PUMPED, country: str = "UA") -> None:
        self._budgets.count_guess(self.place(prefix, country), (), is_right=True)

    def give_back(self, charged: Charged) -> None:
        self._budgets.give_back(charged)

    @property
    def told(self) -> list[tuple[str, str]]:
        events = [event for event in self.journal.events if isinstance(event, FraudGuardJudged)]
        return [(event.outcome, event.budget) for event in events]

    def shut(self) -> list[str]:
        return [area.subject for area in self.ledger.shut(self.application)]
