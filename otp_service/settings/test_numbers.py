"""Test numbers among the settings: neither the number nor its PIN can be read from them."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from otp_service.domain.api_key import read_key_id
from otp_service.domain.application import FixedPin
from otp_service.domain.test_number import FixedPinScheme, HashedPin

DEFAULT_STARTS_PER_DAY = 20
MOST_STARTS_PER_DAY = 10_000

_NUMBER_TAG = re.compile(r"[A-Za-z0-9_-]{14}")
_HMAC_HEX = re.compile(r"[0-9a-f]{64}")
_SEAL = re.compile(r"[A-Za-z0-9_-]{16}")


def _like(form: re.Pattern[str], words: str) -> AfterValidator:
    def check(text: str) -> str:
        if not form.fullmatch(text):
            raise ValueError(f"must have {words}, as `otp-service test-numbers new` prints it")
        return text

    return AfterValidator(check)


def _moment(value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("must be a moment with its offset, such as 2027-01-31T00:00:00Z")
    return value


def _no_switch(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("should be a number")
    return value


def only_tables(value: Any) -> Any:
    """Refuse one table in single brackets, where a list of tables is due."""
    if isinstance(value, dict):
        raise ValueError("must be tables in double brackets: [[applications.<id>.test_numbers]]")
    return value


class FixedPinSettings(BaseModel):
    """One ``[[applications.<id>.test_numbers]]`` table.

    Args:
        id: the number's public name, unique within the application.
        number_tag: stands for the number.
        pin_hmac: stands for its PIN, 64 hexadecimal digits.
        seal: holds the two to this application, to the length of its PINs and to the number key.
        until: from then on the number is like any other; aware.
        starts_per_day: at most, in any 24 hours.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    id: Annotated[str, AfterValidator(read_key_id)]
    number_tag: Annotated[str, _like(_NUMBER_TAG, "14 characters")] = Field(repr=False)
    pin_hmac: Annotated[str, _like(_HMAC_HEX, "64 hexadecimal digits")] = Field(repr=False)
    seal: Annotated[str, _like(_SEAL, "16 characters")] = Field(repr=False)
    until: Annotated[datetime, BeforeValidator(_moment)]
    starts_per_day: Annotated[int, BeforeValidator(_no_switch)] = Field(
        default=DEFAULT_STARTS_PER_DAY, ge=1, le=MOST_STARTS_PER_DAY
    )

    def is_sealed(self, number_key: bytes, application_id: str, *, pin_digits: int) -> bool:
        """Tell whether it was made with this key, for this application and this length of PIN."""
        hashed = HashedPin(self.number_tag, self.pin_hmac, self.seal)
        return FixedPinScheme(number_key).is_sealed(hashed, application_id, pin_digits=pin_digits)

    def to_domain(self) -> FixedPin:
        """Give the fixed PIN as the rules know it."""
        return FixedPin(
            name=self.id,
            number_tag=self.number_tag,
            pin_hash=self.pin_hmac,
            until=self.until,
            starts_per_day=self.starts_per_day,
        )
