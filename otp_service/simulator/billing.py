"""What a Viber message is billed as.

Source:
    NXCloud, 'Send Message' (Viber), 'Template Description' and 'Session Description'.
"""

from collections.abc import Iterable

from otp_service.simulator.sessions import Place
from otp_service.simulator.submission import Submission

SESSION = "Session"
SMS = "SMS"
FREE = "free"
# The page writes UK for Ukraine.
TEMPLATE_COUNTRIES = frozenset({"RU", "UA", "BY"})

_PLACEHOLDER = "{}"


def billed_as(
    content: Submission,
    *,
    country: str | None,
    registered_texts: Iterable[str],
    place: Place | None,
) -> str:
    """Name the billing type of a message.

    Args:
        country: ISO 3166-1 alpha-2, of the reader's number.
        registered_texts: What template countries take as Transactional.
        place: Of a session message in its session.

    Returns:
        ``Transactional``, ``Promotional``, ``Session``, ``OtpTemplate`` or ``free``.
    """
    if place == "first":
        return SESSION
    if place == "later":
        return FREE
    rate_type = _rate_outside(content) if place == "outside" else str(content.rate_type)
    if (
        rate_type == "Transactional"
        and content.function_type == "text"
        and country in TEMPLATE_COUNTRIES
        and not any(matches(content.text or "", each) for each in registered_texts)
    ):
        return "Promotional"
    return rate_type


def matches(text: str, registered: str) -> bool:
    """Tell whether a text is a registered one; each ``{}`` stands for a character or more."""
    first, *rest = registered.split(_PLACEHOLDER)
    if not rest:
        return text == registered
    last = rest.pop()
    if not text.startswith(first):
        return False
    at = len(first)
    for part in rest:
        # One character at least for the placeholder before this part.
        found = text.find(part, at + 1)
        if found < 0:
            return False
        at = found + len(part)
    return len(text) - len(last) > at and text.endswith(last)


def _rate_outside(content: Submission) -> str:
    """Without a session a session message is billed by its own type."""
    return "Promotional" if content.function_type == "image" else "Transactional"
