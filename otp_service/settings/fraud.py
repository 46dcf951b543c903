"""The fraud guard and the lists of destinations among the settings, and the domain's view of them.

An application may set any of it anew. Its denials and trusted destinations stand beside the
service's own; everything else it gives takes the place of the service's.
"""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from otp_service.domain.destinations import DestinationLists, read_number_hash, read_prefix
from otp_service.domain.fraud import FraudRules, GuardBudget, GuardMode, GuardScope
from otp_service.settings.values import country_code, not_a_switch

_MOST_UNVERIFIED = 1_000_000
_MOST_A_VERIFIED = 100
_WINDOWS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}


def _text(value: Any) -> Any:
    # Somebody who writes a number without quotes shows it in clear: say what is due instead.
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value


Country = Annotated[str, BeforeValidator(_text), AfterValidator(country_code)]
Prefix = Annotated[str, BeforeValidator(_text), AfterValidator(read_prefix)]
NumberHash = Annotated[str, BeforeValidator(_text), AfterValidator(read_number_hash)]
Floor = Annotated[int, BeforeValidator(not_a_switch), Field(ge=1, le=_MOST_UNVERIFIED)]
Ratio = Annotated[float, BeforeValidator(not_a_switch), Field(ge=0, le=_MOST_A_VERIFIED)]


class FraudSettings(BaseModel):
    """What an application may set anew about fraud."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    fraud_guard: GuardMode = GuardMode.ON
    fraud_prefix_unverified_per_hour: Floor = 100
    fraud_prefix_unverified_per_day: Floor = 300
    fraud_prefix_unverified_per_verified: Ratio = 3
    fraud_country_unverified_per_hour: Floor = 1_000
    fraud_country_unverified_per_day: Floor = 5_000
    fraud_country_unverified_per_verified: Ratio = 3
    allowed_countries: tuple[Country, ...] = ()
    denied_countries: tuple[Country, ...] = ()
    allowed_prefixes: tuple[Prefix, ...] = ()
    denied_prefixes: tuple[Prefix, ...] = ()
    allowed_numbers: Annotated[tuple[NumberHash, ...], Field(repr=False)] = ()
    denied_numbers: Annotated[tuple[NumberHash, ...], Field(repr=False)] = ()


def fraud_rules(rules: FraudSettings) -> FraudRules:
    """Give the guard of an application whose own settings stand over the service's already."""
    if rules.fraud_guard is GuardMode.OFF:
        return FraudRules(GuardMode.OFF, ())
    return FraudRules(
        rules.fraud_guard,
        tuple(
            GuardBudget(
                name=f"fraud_{scope}_per_{word}",
                scope=scope,
                window=window,
                floor=getattr(rules, f"fraud_{scope}_unverified_per_{word}"),
                ratio=getattr(rules, f"fraud_{scope}_unverified_per_verified"),
            )
            for scope in GuardScope
            for word, window in _WINDOWS.items()
        ),
    )


def destination_lists(own: FraudSettings, service: FraudSettings) -> DestinationLists:
    """Give where codes of an application may go.

    Args:
        own: the application's table as it was given.
        service: what holds for every application.
    """
    names_countries = "allowed_countries" in own.model_fields_set
    countries = own.allowed_countries if names_countries else service.allowed_countries
    return DestinationLists(
        allowed_countries=frozenset(countries),
        denied_countries=frozenset(own.denied_countries + service.denied_countries),
        allowed_prefixes=frozenset(own.allowed_prefixes + service.allowed_prefixes),
        denied_prefixes=frozenset(own.denied_prefixes + service.denied_prefixes),
        allowed_numbers=frozenset(own.allowed_numbers + service.allowed_numbers),
        denied_numbers=frozenset(own.denied_numbers + service.denied_numbers),
    )
