r"""Patterns that say in the OpenAPI document what the rules say of a text, as far as a pattern can.

They are for the document alone: the rules themselves judge, each with the refusal of its own.

Source:
    JSON Schema 2020-12, core, section 6.4: patterns are ECMA-262 with Unicode, so that ``\p{Nd}``
    is every script's decimal digits. Other categories are spelled out, for want of tools that
    know them.
"""

from itertools import groupby

from phonenumbers import SUPPORTED_REGIONS

from otp_service.domain.pin import MAX_CODE_DIGITS, MIN_CODE_DIGITS

# Unicode categories Zs and Pd.
_SPACES = "\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_DASHES = (
    "\\-\u058a\u05be\u1400\u1806\u2010-\u2015\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\u301c\u3030"
    "\u30a0\ufe31\ufe32\ufe58\ufe63\uff0d\U00010ead"
)
_BIDI_MARKS = "\u200e\u200f\u202a-\u202e\u2066-\u2069"
_AROUND_DIGITS = f"[{_SPACES}{_DASHES}]*"
_AROUND_NUMBERS = f"[{_SPACES}{_DASHES}{_BIDI_MARKS}./()\uff0e\uff0f\uff08\uff09\u2212\u30fc]*"
# No number that exists is shorter, within its country.
_MIN_NUMBER_DIGITS = 4

PRINTABLE_PATTERN = r"^[^\u0000-\u001f\u007f-\u009f]*$"
"""Any text that a body may hold."""

MESSAGE_TEXT_PATTERN = (
    r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+$"
)
"""A text of a message; that it is no link and not invisible, no pattern can say."""

CODE_PATTERN = (
    f"^{_AROUND_DIGITS}(?:\\p{{Nd}}{_AROUND_DIGITS}){{{MIN_CODE_DIGITS},{MAX_CODE_DIGITS}}}$"
)
"""What a user may have typed; of digits so many."""

PHONE_PATTERN = (
    f"^{_AROUND_NUMBERS}[+\uff0b]?{_AROUND_NUMBERS}"
    f"(?:\\p{{Nd}}{_AROUND_NUMBERS}){{{_MIN_NUMBER_DIGITS},}}$"
)
"""How a number may be written; whether it exists, no pattern can say."""


def country_pattern() -> str:
    """Give the pattern of the countries that have phone numbers, in either case."""
    by_first = groupby(sorted(SUPPORTED_REGIONS), key=lambda code: code[0])
    choices = (
        f"[{first}{first.lower()}][{seconds}{seconds.lower()}]"
        for first, codes in by_first
        for seconds in ["".join(code[1] for code in codes)]
    )
    return f"^(?:{'|'.join(choices)})$"
