"""Phone numbers as the provider takes them and as the simulator shows them."""

import re

import phonenumbers

_DIGITS = re.compile(r"[1-9][0-9]{6,14}")
_SEPARATORS = re.compile(r"[\s()\-.]+")


def from_wire(value: object) -> str | None:
    """Read the ``phone`` of a send: digits with the country code and no plus.

    Returns:
        E.164 with the plus, or None for what cannot be a number.

    Source:
        NXCloud, 'Send Message' (Viber), body parameters; ITU-T E.164 section 6: at most 15 digits
        and no leading zero. The lower bound of 7 is ours.
    """
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return f"+{value}"
    return None


def from_person(value: str) -> str | None:
    """Read a number somebody typed or put into a query.

    A plus that was not escaped arrives as a space, so a leading space, a plus and neither mean the
    same; spaces, hyphens, dots and brackets between the digits are dropped.

    Returns:
        E.164 with the plus, or None for what cannot be a number.
    """
    return from_wire(_SEPARATORS.sub("", value).removeprefix("+"))


def country(number: str) -> str | None:
    """Give the country of a number as ISO 3166-1 alpha-2, or None where it is unknown."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None


def spaced(number: str) -> str:
    """Write a number with the spaces of its country, or as it is where its country is unknown."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
