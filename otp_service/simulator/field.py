"""What one JSON value must be to fill a field of the provider's tables."""

import math
from typing import TypeGuard


def is_text(value: object) -> TypeGuard[str]:
    """Tell whether this is text that can be shown: not empty, and no half of a surrogate pair."""
    return isinstance(value, str) and value != "" and not _has_lone_surrogate(value)


def is_number(value: object) -> TypeGuard[int | float]:
    """Tell whether this is a positive number, sent as a number."""
    return type(value) in {int, float} and 0 < value < math.inf  # type: ignore[operator]


def _has_lone_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
