"""What the make-believe account may do and what it pays, read from JSON."""

from collections.abc import Mapping
from decimal import Decimal
from ipaddress import ip_address
from typing import Annotated, Any, Literal

import phonenumbers
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

MAX_REGISTERED_TEXTS = 1_000
_SHOWN_FIELD_CHARACTERS = 64


class InvalidTerms(Exception):
    """No account has such terms.

    Args:
        field: The property that is wrong, with a dot before a property within; None where it is
            the whole.
    """

    def __init__(self, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


def _country(value: str) -> str:
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise PydanticCustomError("country", "must be ISO 3166-1 alpha-2, in capitals")
    return value


def _address(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise PydanticCustomError("address", "must be an IP address") from None


Money = Annotated[Decimal, Field(ge=0, le=10**9, decimal_places=6)]
Country = Annotated[StrictStr, AfterValidator(_country)]
Address = Annotated[StrictStr, AfterValidator(_address)]
BilledType = Literal["Transactional", "Promotional", "Session", "OtpTemplate", "SMS"]
RegisteredText = Annotated[StrictStr, StringConstraints(min_length=1, max_length=1_000)]


# Of nobody: made up, so that the sums can be followed.
_PRICES: Mapping[BilledType, Decimal] = {
    "Transactional": Decimal("0.012"),
    "Promotional": Decimal("0.015"),
    "Session": Decimal("0.01"),
    "OtpTemplate": Decimal("0.009"),
    "SMS": Decimal("0.045"),
}


class Terms(BaseModel):
    """The account as somebody may set it up.

    Args:
        prices: Of one message, by what it is billed as; ``free`` costs nothing.
        no_quotation: Countries that have no price: 9004.
        no_route: Countries with no way to them: 9005.
        registered_texts: Taken as Transactional in template countries; ``{}`` stands for any text.
        allowed_ips: From where SMS are taken; None for anywhere.
        sms_hourly_limit: SMS to one number within an hour; None for any number of them.
        sms_per_second: SMS within a second; None for any number of them.
        cost_receipt: Which receipt carries the cost: the provider's editions differ.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_enabled: StrictBool = True
    balance: Money = Decimal(1_000_000)
    currency: Annotated[StrictStr, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"
    prices: Mapping[BilledType, Money] = _PRICES
    no_quotation: tuple[Country, ...] = ()
    no_route: tuple[Country, ...] = ()
    registered_texts: Annotated[
        tuple[RegisteredText, ...], Field(max_length=MAX_REGISTERED_TEXTS)
    ] = ()
    allowed_ips: tuple[Address, ...] | None = None
    sms_hourly_limit: Annotated[StrictInt, Field(ge=1, le=1_000)] | None = 5
    sms_per_second: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = None
    cost_receipt: Literal["success", "delivered"] = "success"

    def price(self, billed_as: str) -> Decimal:
        """Give what one message costs that is billed as this."""
        return next((each for name, each in self.prices.items() if name == billed_as), Decimal(0))

    def as_json(self) -> dict[str, Any]:
        """Give the terms as they are read, amounts as numbers."""
        return {
            **self.model_dump(mode="json"),
            "balance": float(self.balance),
            "prices": {name: float(price) for name, price in self.prices.items()},
        }


def changed(terms: Terms, change: object) -> Terms:
    """Give these terms with what a JSON object says otherwise; prices not named stay as they are.

    Raises:
        InvalidTerms: With the property that is wrong.
    """
    if not isinstance(change, dict):
        raise InvalidTerms("the body is no JSON object")
    merged: dict[str, Any] = {**terms.model_dump(), **change}
    if isinstance(change.get("prices"), dict):
        merged["prices"] = {**terms.prices, **change["prices"]}
    try:
        return Terms.model_validate(merged)
    except ValidationError as error:
        first: Mapping[str, Any] = error.errors(include_url=False, include_input=False)[0]
        raise InvalidTerms(first["msg"], _shown(first["loc"])) from None


def _shown(location: tuple[str | int, ...]) -> str:
    name = ".".join(str(part) for part in location if part != "[key]")
    return name[:_SHOWN_FIELD_CHARACTERS].encode("ascii", "backslashreplace").decode()
