"""One row of the policy table."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

MILLIONTHS = 1_000_000
"""Money is counted in whole millionths of a currency's unit, so that sums are exact."""


class Scope(StrEnum):
    """Whose counter a budget is. All but ``ALL`` count each application apart."""

    NUMBER = "number"
    PREFIX = "prefix"
    COUNTRY = "country"
    ADDRESS = "address"
    TOKEN = "token"  # noqa: S105 - a word of the policy table
    APPLICATION = "application"
    ALL = "all"


class Counted(StrEnum):
    """What a budget counts."""

    STARTS = "starts"
    SENDS = "sends"
    WRONG_GUESSES = "wrong_guesses"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """At most ``limit`` of what is counted in any ``window``, sliding.

    Args:
        name: names the budget in logs, metrics and replies, such as ``address_starts_per_hour``.
        limit: money in millionths of the currency's unit, all else in pieces.
    """

    name: str
    scope: Scope
    counted: Counted
    limit: int
    window: timedelta
