"""Owners of a number: the addresses that verified it lately, each charged on its own."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class OwnerRule:
    """Which addresses a number's budgets are kept for apart.

    An address is an owner of a number, for one application, from the approval of a verification
    that was started from it. What is then started from it is charged to and judged by budgets of
    its own, equal to those that all strangers share: so a stranger who uses the number's budgets
    up does not shut the owner out.

    A guesser who shares an owner's address has that address' budgets besides. What one account
    allows in any window, of starts, messages and wrong guesses, is therefore allowed at most
    ``accounts`` times on one number; who verified nothing and shares no owner's address has one
    account. That holds however owners come and go: an owner beyond ``addresses`` of whom charges
    are in the longest window is a stranger until one of them has none there any more.

    Args:
        addresses: how many owners a number has at a time, the latest; 0 for none, so that
            everybody shares one account.
        remembered: how long an address stays an owner after it last verified the number.
    """

    addresses: int = 10
    remembered: timedelta = timedelta(days=30)

    @property
    def accounts(self) -> int:
        """Give the most accounts of one number: its owners' and the one that strangers share."""
        return 1 + self.addresses
