"""Where the fraud guard counts: names, keys and figures of the areas that a start belongs to.

All keys of one application are in its one slot, ``otp1:{a:<application>}:f:…``. An area is a
country or a range of numbers, the latter under its tag (``PrefixScheme``), never in clear.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from otp_service.domain.application import Application
from otp_service.domain.fraud import GuardBudget, GuardScope
from otp_service.redis_store.budget_text import milliseconds
from otp_service.redis_store.key_names import application_tag
from otp_service.redis_store.scripts import Argument


@dataclass(frozen=True, slots=True)
class Area:
    """A country or a range of numbers, as one application's starts are counted there.

    Args:
        subject: the country's code, or the range's tag.
        country: of the area; empty where that is not known.
    """

    scope: GuardScope
    subject: str
    country: str

    @property
    def listed(self) -> str:
        """How it is listed among what is shut."""
        return f"{self.country}/{self.subject}" if self.scope is GuardScope.PREFIX else self.subject


def areas(country: str, prefix_tag: str) -> Iterator[Area]:
    """Give the areas of a number, in the order of the guard's budgets."""
    if prefix_tag:
        yield Area(GuardScope.PREFIX, prefix_tag, country)
    yield Area(GuardScope.COUNTRY, country, country)


def read_listed(scope: GuardScope, text: str) -> Area:
    """Read an area as it is listed."""
    country, _, tag = text.partition("/")
    return Area(scope, tag or country, country)


def read_subject(text: str) -> Area:
    """Tell a country's code from a range's tag, which is longer."""
    is_country = len(text) == len("UA")
    scope = GuardScope.COUNTRY if is_country else GuardScope.PREFIX
    return Area(scope, text, text if is_country else "")


def index_key(application_id: str, scope: GuardScope) -> str:
    """Name the sorted set of what is shut, by when it opens, ms."""
    return f"{_head(application_id)}:{scope.value[0]}"


def opened_key(application_id: str, area: Area) -> str:
    """Name the mark that somebody opened an area."""
    return f"{_head(application_id)}:{area.subject}:o"


def starts_key(application_id: str, area: Area, budget: GuardBudget) -> str:
    """Name the counter of starts."""
    return f"{_head(application_id)}:{area.subject}:s{_seconds(budget)}"


def approvals_key(application_id: str, area: Area, budget: GuardBudget) -> str:
    """Name the counter of approvals."""
    return f"{_head(application_id)}:{area.subject}:v{_seconds(budget)}"


def counters(application: Application, area: Area) -> list[str]:
    """Give, for each budget of an area, its starts and its approvals."""
    return [
        key
        for budget in application.fraud.budgets_of(area.scope)
        for key in (
            starts_key(application.id, area, budget),
            approvals_key(application.id, area, budget),
        )
    ]


def figures(application: Application, area: Area) -> list[Argument]:
    """Give, for each budget of an area, its window in ms, its floor and its ratio."""
    return [
        figure
        for budget in application.fraud.budgets_of(area.scope)
        for figure in (milliseconds(budget.window), budget.floor, str(budget.ratio))
    ]


def _head(application_id: str) -> str:
    return f"otp1:{{{application_tag(application_id)}}}:f"


def _seconds(budget: GuardBudget) -> int:
    return int(budget.window.total_seconds())
