"""The policy table among the settings: budgets, over those that come with the service, and prices.

A row of a name that is there already changes what it gives of that row; a new name adds a row.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from otp_service import data
from otp_service.domain.budget_row import MILLIONTHS, BudgetRow, Counted, Scope
from otp_service.domain.phone import read_country
from otp_service.domain.price import PriceTable
from otp_service.domain.verification import Channel
from otp_service.errors import InvalidRequest

_FILE = "policy.toml"
_MOST = 1_000_000_000
# Each charge of a number stands in its log.
_MOST_OF_A_NUMBER = 1_000_000
_NEEDED = ("scope", "key", "limit", "window_seconds")


@cache
def _shipped() -> dict[str, Any]:
    text = files(data).joinpath(_FILE).read_text(encoding="utf-8")
    return tomllib.loads(text)


def _figure(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("must be a number")
    # Decimal of a float's text, so that 0.1 is a tenth.
    figure = Decimal(str(value))
    if not figure.is_finite():
        raise ValueError("must be a number")
    if figure * MILLIONTHS % 1:
        raise ValueError("must have at most 6 decimals")
    return figure


def _whole(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z_]{0,47}", text):
        raise ValueError("must have 1 to 48 of a-z and _, the first a letter")
    return text


Figure = Annotated[Decimal, BeforeValidator(_figure)]
Price = Annotated[Figure, Field(ge=0, le=1_000)]


class BudgetSettings(BaseModel):
    """One ``[[budgets]]`` or ``[[applications.<id>.budgets]]`` table.

    Args:
        limit: money in units of the currency, all else in pieces.
        off: the row does not hold.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[str, AfterValidator(_name)]
    scope: Scope | None = None
    key: Counted | None = None
    limit: Annotated[Figure, Field(gt=0, le=_MOST)] | None = None
    window_seconds: Annotated[int, BeforeValidator(_whole), Field(ge=60, le=30 * 86_400)] | None = (
        None
    )
    off: bool = False

    def over(self, former: "BudgetSettings") -> "BudgetSettings":
        """Give the former row with what this one says."""
        own = {name: getattr(self, name) for name in self.model_fields_set}
        return former.model_copy(update={"off": False} | own)

    def to_row(self) -> BudgetRow | None:
        """Give the row as the rules have it; None while it is not complete."""
        if self.scope is None or self.key is None or not self.limit or not self.window_seconds:
            return None
        scale = MILLIONTHS if self.key is Counted.MONEY else 1
        return BudgetRow(
            name=self.name,
            scope=self.scope,
            counted=self.key,
            limit=int(self.limit * scale),
            window=timedelta(seconds=self.window_seconds),
        )


class ChannelPrices(BaseModel):
    """What one message costs over each channel, in units of the currency."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    viber: Price | None = None
    sms: Price | None = None

    def millionths(self) -> dict[Channel, int]:
        """Give what is set, by channel."""
        prices = {Channel.VIBER: self.viber, Channel.SMS: self.sms}
        return {
            channel: int(price * MILLIONTHS)
            for channel, price in prices.items()
            if price is not None
        }


def _shipped_default_prices() -> ChannelPrices:
    return ChannelPrices(**_shipped()["prices"]["default"])


class PriceSettings(BaseModel):
    """The ``[prices]`` table: a currency, and ``default`` and countries by their two letters."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)
    __pydantic_extra__: dict[str, ChannelPrices] = Field(init=False)

    currency: Annotated[str, Field(pattern=r"^[A-Za-z]{1,16}$")] = Field(
        default_factory=lambda: str(_shipped()["prices"]["currency"])
    )
    default: ChannelPrices = Field(default_factory=_shipped_default_prices)

    @model_validator(mode="after")
    def _names_countries(self) -> Self:
        for country in self.__pydantic_extra__:
            if not _is_country(country):
                raise ValueError("holds a name that is neither default, currency nor a country's")
        return self

    def to_table(self) -> PriceTable:
        """Give the prices as the rules have them."""
        default = {**_shipped_default_prices().millionths(), **self.default.millionths()}
        countries = self.__pydantic_extra__
        by_country = {country: prices.millionths() for country, prices in countries.items()}
        return PriceTable(currency=self.currency, default=default, by_country=by_country)


def _is_country(text: str) -> bool:
    try:
        return read_country(text) == text
    except InvalidRequest:
        return False


@cache
def shipped_budgets() -> tuple[BudgetSettings, ...]:
    """Give the rows that come with the service."""
    return tuple(BudgetSettings(**row) for row in _shipped()["budgets"])


def number_budgets_alone(rows: Iterable[BudgetSettings]) -> tuple[BudgetSettings, ...]:
    """Give the rows of single numbers."""
    return tuple(row for row in rows if row.scope is Scope.NUMBER)


def merged(*tables: Sequence[BudgetSettings]) -> tuple[BudgetSettings, ...]:
    """Give the rows of all tables, each table over those before it; those that are off too."""
    rows: dict[str, BudgetSettings] = {}
    for table in tables:
        for row in table:
            rows[row.name] = row.over(rows[row.name]) if row.name in rows else row
    return tuple(rows.values())


def standing_rows(rows: Iterable[BudgetSettings]) -> tuple[BudgetRow, ...]:
    """Give the rows that hold, as far as they are complete."""
    complete = (row.to_row() for row in rows if not row.off)
    return tuple(row for row in complete if row is not None)


def table_problems(
    own: Sequence[BudgetSettings], rows: Sequence[BudgetSettings], *, of_application: bool
) -> Iterator[str]:
    """Say what is wrong with a table, once it stands over those before it.

    Args:
        own: the table itself.
        rows: ``merged`` with what is before it.
        of_application: whether it is one application's.
    """
    names = Counter(row.name for row in own)
    for name in (name for name, times in names.items() if times > 1):
        yield f"{name} stands there twice"
    for row in (row for row in rows if row.name in names):
        yield from (f"{row.name} {problem}" for problem in _row_problems(row, of_application))
    yield from _problems_between(rows)


def _row_problems(row: BudgetSettings, of_application: bool) -> Iterator[str]:  # noqa: FBT001 - as its caller was told
    if row.off and row.scope is None:
        yield "is off, and there is no such budget"
        return
    if of_application and row.scope is Scope.ALL:
        yield "is over all, and so for no application to set"
    if row.off:
        return
    if missing := [field for field in _NEEDED if getattr(row, field) is None]:
        yield f"lacks {', '.join(missing)}"
    if row.limit is not None and row.key is not Counted.MONEY and row.limit % 1:
        yield "counts pieces: its limit must be whole"
    if row.scope is Scope.NUMBER and row.limit is not None and row.limit > _MOST_OF_A_NUMBER:
        yield f"is of one number: its limit must be at most {_MOST_OF_A_NUMBER}"


def _problems_between(rows: Sequence[BudgetSettings]) -> Iterator[str]:
    standing = standing_rows(rows)
    seen: dict[tuple[Scope, Counted, timedelta], str] = {}
    for row in standing:
        what = (row.scope, row.counted, row.window)
        if what in seen:
            yield f"{row.name} counts what {seen[what]} counts, over the same window"
        seen[what] = row.name
    guesses = [row for row in standing if is_guess_row(row)]
    if not guesses:
        yield "a number's wrong guesses must have a budget, or a code could be guessed at leisure"
    if len(guesses) > 1:
        yield f"{guesses[1].name}: a number's wrong guesses have one budget, with growing waits"


def is_guess_row(row: BudgetRow) -> bool:
    """Tell whether it is the budget whose waits grow, kept with the number."""
    return row.scope is Scope.NUMBER and row.counted is Counted.WRONG_GUESSES


def as_tables(value: Any) -> Any:
    """Refuse one table where a list of them is due."""
    if isinstance(value, Mapping):
        raise ValueError("must be tables in double brackets: [[…budgets]]")
    return value


Budgets = Annotated[tuple[BudgetSettings, ...], BeforeValidator(as_tables)]
