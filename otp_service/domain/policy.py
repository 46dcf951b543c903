"""Budgets beyond the number's own: whose counter, what is counted, how much in which window.

The number's own budgets are kept with the number (``NumberBudgets``); these here are shared by many
numbers, so each has a counter elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from otp_service.domain.application import Application
from otp_service.domain.budget_row import BudgetRow, Counted, Scope


@dataclass(frozen=True, slots=True)
class Place:
    """Where a start, a send or a guess is counted.

    Args:
        country: ISO 3166-1 alpha-2 of the number.
        number_tag: stands for the number (``VerificationId.number_tag``).
        prefix_tag: stands for the number's range (``PrefixScheme``); empty where it is not known.
        address_tag: stands for the end user's address, where that is known.
        token_id: of the client token that the end user's app showed, if any.
        is_trusted: a list allows the number or a prefix of it, so the fraud guard lets it pass.
    """

    application: Application
    country: str
    number_tag: str
    prefix_tag: str = ""
    address_tag: str | None = None
    token_id: str | None = None
    is_trusted: bool = False

    def subject(self, scope: Scope) -> str | None:
        """Give whose counter a scope means here; None where that is nobody's."""
        subjects = {
            Scope.NUMBER: self.number_tag,
            Scope.PREFIX: self.prefix_tag,
            Scope.COUNTRY: self.country,
            Scope.ADDRESS: self.address_tag,
            Scope.TOKEN: self.token_id,
            Scope.APPLICATION: self.application.id,
            Scope.ALL: Scope.ALL.value,
        }
        return subjects[scope] or None


@dataclass(frozen=True, slots=True)
class Line:
    """One budget, as it is charged or asked.

    Args:
        subject: whose counter.
        amount: money in millionths of the currency's unit, all else in pieces; 0 asks whether
            there is room for one more and charges nothing.
    """

    row: BudgetRow
    subject: str
    amount: int


def lines(place: Place, amounts: Mapping[Counted, int]) -> tuple[Line, ...]:
    """Give every budget that counts any of this here.

    Args:
        amounts: how much of each; what is not named is neither charged nor asked.
    """
    return tuple(
        Line(row, subject, amounts[row.counted])
        for row in place.application.policy
        if row.counted in amounts and (subject := place.subject(row.scope))
    )
