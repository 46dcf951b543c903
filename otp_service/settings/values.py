"""What settings of several tables are made of."""

from typing import Any

from otp_service.domain.phone import read_country
from otp_service.errors import InvalidRequest


def not_a_switch(value: Any) -> Any:
    """Refuse true and false where a number is due: pydantic would take them for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("should be a number")
    return value


def country_code(text: str) -> str:
    """Read a country, in either case.

    Raises:
        ValueError: there is no such.
    """
    try:
        return read_country(text)
    except InvalidRequest:
        raise ValueError("must be a country's two letters (ISO 3166-1 alpha-2)") from None
