"""Budgets of one number: what is counted, in which window, and how long a guesser waits."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from otp_service.domain.owner import OwnerRule


class Charge(StrEnum):
    """What a budget counts."""

    START = "start"
    MESSAGE = "message"
    WRONG_GUESS = "wrong_guess"
    TEST_START = "test_start"


@dataclass(frozen=True, slots=True)
class Budget:
    """At most ``limit`` charges in any ``window``, sliding.

    Args:
        name: names the budget in logs and metrics, such as ``number_starts_per_hour``.
    """

    name: str
    charge: Charge
    limit: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class GuessBudget:
    """How many wrong guesses one number may collect before new starts must wait.

    With the limit used up, the wait after the last wrong guess is the first of ``waits``; every
    ``step`` further wrong guesses move on to the next, the last one holding for good.

    Args:
        step: how many wrong guesses one wait covers: as many as one verification allows.
    """

    name: str
    limit: int
    window: timedelta
    waits: tuple[timedelta, ...]
    step: int


@dataclass(frozen=True, slots=True)
class NumberBudgets:
    """All budgets that are charged to one number of one application.

    Args:
        owners: whom they are kept for apart, each budget in full.
    """

    sliding: tuple[Budget, ...]
    guesses: GuessBudget
    owners: OwnerRule = field(default_factory=OwnerRule)
