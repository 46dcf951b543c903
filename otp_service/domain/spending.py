"""The most messages and the most money of a day, by whose budget holds them back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from otp_service.domain.application import Application
from otp_service.domain.budget_row import BudgetRow, Counted, Scope
from otp_service.domain.explain import DAY, longest_life
from otp_service.domain.limits import Budget, Charge
from otp_service.domain.pace import Pace, most_in
from otp_service.domain.price import PriceTable

SCOPES = (
    Scope.NUMBER,
    Scope.TOKEN,
    Scope.ADDRESS,
    Scope.PREFIX,
    Scope.COUNTRY,
    Scope.APPLICATION,
    Scope.ALL,
)
"""From the narrowest to the widest, as they are shown."""

# Whose rows hold every message back that one of a scope causes: an address reaches many countries,
# and a number many addresses.
_WIDER = {
    Scope.NUMBER: {Scope.NUMBER, Scope.PREFIX, Scope.COUNTRY, Scope.APPLICATION, Scope.ALL},
    Scope.TOKEN: {Scope.TOKEN, Scope.APPLICATION, Scope.ALL},
    Scope.ADDRESS: {Scope.ADDRESS, Scope.APPLICATION, Scope.ALL},
    Scope.PREFIX: {Scope.PREFIX, Scope.COUNTRY, Scope.APPLICATION, Scope.ALL},
    Scope.COUNTRY: {Scope.COUNTRY, Scope.APPLICATION, Scope.ALL},
    Scope.APPLICATION: {Scope.APPLICATION, Scope.ALL},
    Scope.ALL: {Scope.ALL},
}


@dataclass(frozen=True, slots=True)
class Most:
    """A bound and what sets it.

    Args:
        figure: messages, or money in millionths of the currency's unit; None for no bound.
        binds: the name of the budget that sets it; empty where there is none.
    """

    figure: int | None = None
    binds: str = ""

    def or_less(self, other: "Most") -> "Most":
        """Give the lower of the two."""
        if other.figure is None or (self.figure is not None and self.figure <= other.figure):
            return self
        return other


NO_LIMIT = Most()


@dataclass(frozen=True, slots=True)
class Spending:
    """The most of any 24 hours, for one number, one address and so on of an application."""

    scope: Scope
    messages: Most
    money: Most


def spending(application: Application, prices: PriceTable) -> tuple[Spending, ...]:
    """Give the most of a day by every scope but ``ALL``; of a number, by its strangers.

    A number's owners each have its own budgets once more, within those of the wider scopes.
    """
    return tuple(
        _spending(scope, application, prices, owners=0)
        for scope in SCOPES
        if scope is not Scope.ALL
    )


def number_with_owners(application: Application, prices: PriceTable) -> Spending:
    """Give the most of a day by one number, with all the owners that it may have."""
    owners = application.budgets.owners.addresses
    return _spending(Scope.NUMBER, application, prices, owners=owners)


def spending_over_all(applications: Sequence[Application], prices: PriceTable) -> Spending:
    """Give the most of a day over all applications together."""
    own = [
        _spending(Scope.APPLICATION, application, prices, owners=0) for application in applications
    ]
    rows = {row for one in applications for row in one.policy if row.scope is Scope.ALL}
    cheapest = min((_prices(one, prices)[0] for one in applications), default=0)
    messages, money = _by_rows(sorted(rows, key=lambda row: row.name), cheapest)
    messages = messages.or_less(
        _by_starts(
            list(rows),
            sends=max((one.rules.sends for one in applications), default=1),
            reach=max(map(_reach, applications), default=timedelta(0)),
        )
    )
    return Spending(
        Scope.ALL,
        _sum([one.messages for one in own]).or_less(messages),
        _sum([one.money for one in own]).or_less(money),
    )


def _sum(parts: Sequence[Most]) -> Most:
    if not parts or any(part.figure is None for part in parts):
        return NO_LIMIT
    names = {part.binds for part in parts}
    return Most(
        sum(part.figure or 0 for part in parts),
        names.pop() if len(names) == 1 else "those of the applications",
    )


def _spending(
    scope: Scope, application: Application, prices: PriceTable, *, owners: int
) -> Spending:
    rows = [row for row in application.policy if row.scope in _WIDER[scope]]
    if scope is Scope.NUMBER:
        rows += [_row(budget, 1 + owners) for budget in application.budgets.sliding]
    cheapest, dearest = _prices(application, prices)
    messages, money = _by_rows(rows, cheapest)
    if scope is Scope.TOKEN:
        # All that it ever starts; what follows a start may follow within the same day.
        started = _by_starts(rows, sends=application.rules.sends, span=application.token_life)
    else:
        sends, reach = application.rules.sends, _reach(application)
        started = _by_starts(rows, sends=sends, reach=reach)
    messages = messages.or_less(started)
    if messages.figure is not None:
        money = money.or_less(Most(messages.figure * dearest, messages.binds))
    return Spending(scope, messages, money)


def _by_rows(rows: Sequence[BudgetRow], cheapest: int) -> tuple[Most, Most]:
    """Bound messages and money by the rows that count them; money bounds messages that cost."""
    messages = money = NO_LIMIT
    for row in rows:
        in_a_day = _pace(row).most_in(DAY)
        if row.counted is Counted.SENDS:
            messages = messages.or_less(Most(in_a_day, row.name))
        if row.counted is Counted.MONEY:
            money = money.or_less(Most(in_a_day, row.name))
            if cheapest:
                messages = messages.or_less(Most(in_a_day // cheapest, row.name))
    return messages, money


def _row(budget: Budget, accounts: int) -> BudgetRow:
    counted = Counted.STARTS if budget.charge is Charge.START else Counted.SENDS
    return BudgetRow(budget.name, Scope.NUMBER, counted, budget.limit * accounts, budget.window)


def _pace(row: BudgetRow) -> Pace:
    return Pace(row.name, row.limit, row.window)


def _by_starts(
    rows: Sequence[BudgetRow],
    *,
    sends: int,
    span: timedelta = DAY,
    reach: timedelta = timedelta(0),
) -> Most:
    """Bound the messages of a day by the starts that may be: each with all of its messages.

    Args:
        reach: for how long before the span a start may still send within it: its first message
            went out before.
    """
    paces = [_pace(row) for row in rows if row.counted is Counted.STARTS]
    within, reaching = most_in(span, paces), most_in(span + reach, paces)
    if within is None or reaching is None:
        return NO_LIMIT
    tightest = min(paces, key=lambda pace: pace.most_in(span))
    return Most(within * sends + (reaching - within) * (sends - 1), tightest.name)


def _reach(application: Application) -> timedelta:
    return longest_life(application.rules, fall_backs=len(application.channels) - 1)


def _prices(application: Application, prices: PriceTable) -> tuple[int, int]:
    """Give the least and the most that one message is charged, wherever it goes.

    The most is over all channels together: one that fails over one channel is charged for both.
    """
    countries = ["", *prices.by_country]
    each = [
        [prices.price(country, channel) for channel in application.channels]
        for country in countries
    ]
    return min(min(one) for one in each), max(sum(one) for one in each)
