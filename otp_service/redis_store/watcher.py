"""How something else than a budget takes part in the budgets' round trips.

At a start all budgets outside the number's slot are charged in one trip; after a guess all are
counted in one. A watcher adds a script of its own to either.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from otp_service.domain.budget_row import Counted
from otp_service.domain.policy import Place
from otp_service.ports import OverBudget
from otp_service.redis_store.operations import Answer, Call


class Part(Protocol):
    """One script of a trip: all its keys in one slot, and either it charges or it refuses."""

    @property
    def call(self) -> Call:
        """The script, its keys, its arguments."""
        ...

    def refusal(self, answer: Answer) -> OverBudget | None:
        """Read the answer: None if the start may go on and was charged."""
        ...

    def undo(self, answer: Answer, *, but: Collection[Counted]) -> Call | None:
        """Give the script that takes back what the answer says was charged; None for nothing.

        It is asked for where another part refuses, where the number's own budgets do, and where no
        provider took the message; not where the provider refused the number itself. The mark that
        it was given back needs a name that no other part has.
        """
        ...


class Watcher(Protocol):
    """Takes part in every start and every guess."""

    @property
    def scripts(self) -> Sequence[str]:
        """The names of all scripts that its parts run."""
        ...

    def at_start(self, place: Place, charge_id: str) -> Part | None:
        """Give what to run with a start's charges, if anything."""
        ...

    def at_guess(self, place: Place, *, is_right: bool) -> Call | None:
        """Give what to run after a guess, if anything; nobody reads its answer."""
        ...
