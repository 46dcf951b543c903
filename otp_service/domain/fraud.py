"""The fraud guard's rules: how many starts may stay unverified, by number range and by country.

Whoever pumps messages into a range that pays him never types a code, so starts without an approval
are what tells him from people.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class GuardMode(StrEnum):
    """What the guard does about a start that is over its budget."""

    OFF = "off"
    SHADOW = "shadow"
    ON = "on"


class GuardScope(StrEnum):
    """Whose unverified starts a budget counts: those of a range of numbers, or of a country."""

    PREFIX = "prefix"
    COUNTRY = "country"


class GuardOutcome(StrEnum):
    """What became of a start that was over a budget of the guard.

    ``BLOCKED`` alone was refused. ``WOULD_BLOCK``: the guard is in shadow. ``OPENED``: an operator
    opened the area. ``TRUSTED``: a list allows the number or its prefix.
    """

    BLOCKED = "blocked"
    WOULD_BLOCK = "would_block"
    OPENED = "opened"
    TRUSTED = "trusted"


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted within a window.

    Args:
        verified: approvals, whenever their verification was started.
    """

    started: int
    verified: int

    @property
    def unverified(self) -> int:
        """Starts without an approval; approvals of earlier starts count for later ones."""
        return max(0, self.started - self.verified)


@dataclass(frozen=True, slots=True)
class GuardBudget:
    """How many starts of one area may be unverified in any ``window``, sliding.

    Args:
        name: names it in logs and refusals, such as ``fraud_prefix_per_hour``.
        floor: so many may be whatever is verified, at least 1.
        ratio: so many may be for each one that is verified.
    """

    name: str
    scope: GuardScope
    window: timedelta
    floor: int
    ratio: float

    def limit(self, verified: int) -> int:
        """Give how many may be unverified beside so many approvals."""
        return max(self.floor, int(self.ratio * verified))

    def is_used_up(self, tally: Tally) -> bool:
        """Say whether there is no room for one more start."""
        return tally.unverified >= self.limit(tally.verified)


@dataclass(frozen=True, slots=True)
class FraudRules:
    """The guard of one application. Switched off it counts nothing either.

    Args:
        budgets: a start must have room in each; empty where the mode is ``OFF``.
    """

    mode: GuardMode
    budgets: tuple[GuardBudget, ...]

    def budgets_of(self, scope: GuardScope) -> tuple[GuardBudget, ...]:
        """Give those of one scope, in their order."""
        return tuple(budget for budget in self.budgets if budget.scope is scope)


GUARD_OFF = FraudRules(GuardMode.OFF, ())
