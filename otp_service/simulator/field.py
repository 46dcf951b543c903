"""What one JSON value must be to fill a field of the provider's tables."""

import re
from typing import TypeGuard

# The page's own example has a host of asterisks, so no more is asked of a host than that it stands
# there.
_LINK = re.compile(r"https?://[^\s/?#]+([/?#]\S*)?", re.IGNORECASE)


def is_text(value: object) -> TypeGuard[str]:
    """Tell whether this is text that can be shown: not empty, and no half of a surrogate pair."""
    return isinstance(value, str) and value != "" and not _has_lone_surrogate(value)


def is_link(value: object) -> TypeGuard[str]:
    """Tell whether this is a link a phone could follow: http or https, and a host."""
    return is_text(value) and _LINK.fullmatch(value) is not None


def is_number(value: object, *, at_most: int) -> TypeGuard[int | float]:
    """Tell whether this is a positive number within its bound, sent as a number."""
    return type(value) in {int, float} and 0 < value <= at_most  # type: ignore[operator]


def _has_lone_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
