"""What the gate needs from the outside: counters that many numbers share."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from otp_service.domain.budget_row import Counted
from otp_service.domain.policy import Line, Place
from otp_service.ports import OverBudget


@dataclass(frozen=True, slots=True)
class Charged:
    """Charges that stand, to be given back if nothing came of what they were for.

    Args:
        receipt: the store's own note of them.
    """

    receipt: Any = field(repr=False)


class BudgetStore(Protocol):
    """Counts what many numbers share."""

    def charge(
        self, place: Place, lines: Sequence[Line], *, charge_id: str, is_start: bool
    ) -> Charged | OverBudget:
        """Charge all of the lines or none.

        Args:
            charge_id: no other charge has it.
            is_start: whoever watches starts is asked too.
        """
        ...

    def give_back(self, charged: Charged, *, but: Collection[Counted] = ()) -> None:
        """Take these charges off again, once, as far as the store can be reached.

        Args:
            but: what stays charged.
        """
        ...

    def count_guess(self, place: Place, lines: Sequence[Line], *, is_right: bool) -> None:
        """Count what a guess came to, whatever the limits say.

        Args:
            lines: of a wrong guess; for a right one, whoever watches is told.
        """
        ...
