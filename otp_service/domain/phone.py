"""Phone numbers: read as a person writes them, one spelling inside, shown only as a mask."""

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from otp_service.errors import DestinationNotAllowed, FieldProblem, InvalidRequest, PhoneInvalid

MAX_CHARACTERS = 40
_SHOWN_DIGITS = 2
_NON_GEOGRAPHIC = "001"
_COUNTRY_PATTERN = re.compile(r"[A-Za-z]{2}")

# Phones wrap a copied number in these; they are invisible and no part of it.
# Source: Unicode Standard Annex 9, table 1 (explicit directional formatting characters).
_BIDI_MARKS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_PLUS_SIGNS = frozenset("+\uff0b")
# Beside every space (Zs) and dash (Pd): ASCII and fullwidth marks, the minus sign, and the
# prolonged sound mark that Japanese keyboards give for a dash.
_SEPARATORS = frozenset("./()\uff0e\uff0f\uff08\uff09\u2212\u30fc")

# An allow-list, so that a kind which later metadata adds is refused until somebody decides.
_KINDS_THAT_TAKE_MESSAGES = frozenset(
    {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.VOIP}
)


@dataclass(frozen=True, slots=True, repr=False)
class PhoneNumber:
    """One number that can take a message. Its ``repr`` and ``str`` show the mask alone.

    Args:
        e164: with its plus sign; the same for every way of writing the number.
        country: ISO 3166-1 alpha-2.
    """

    e164: str
    country: str

    @property
    def masked(self) -> str:
        """The number as a caller or a log may see it, as long as it is: ``+380*******67``."""
        shown = f"+{phonenumbers.country_code_for_region(self.country)}"
        hidden = len(self.e164) - len(shown) - _SHOWN_DIGITS
        return shown + "*" * hidden + self.e164[-_SHOWN_DIGITS:]

    def __repr__(self) -> str:
        return f"PhoneNumber({self.masked})"

    def __str__(self) -> str:
        return self.masked


def read_phone(text: str, *, country: str | None) -> PhoneNumber:
    """Read a number in E.164 or as a person writes it.

    Spaces, dots, dashes, parentheses, slashes and invisible direction marks are dropped; decimal
    digits of every script are read. No letters, no extension, no URI.

    Args:
        country: as ``read_country`` gives it; where a number without ``+`` is at home.

    Raises:
        PhoneInvalid: the number cannot exist, or needs a country to be read.
        DestinationNotAllowed: it can exist, but is of a kind that takes no message.

    Source:
        libphonenumber's metadata for lengths, prefixes and kinds of number.
    """
    dialled = _dialled(text)
    if country is None and not dialled.startswith("+"):
        raise PhoneInvalid("A number without + and country calling code needs a country.")
    try:
        number = phonenumbers.parse(dialled, country)
    except NumberParseException as error:
        raise PhoneInvalid("This is no phone number, or not one of this country.") from error
    region = phonenumbers.region_code_for_number(number)
    if region is None or not phonenumbers.is_valid_number(number):
        raise PhoneInvalid("No phone number of its country looks like this.")
    if region == _NON_GEOGRAPHIC:
        raise DestinationNotAllowed("The number belongs to no country.")
    if phonenumbers.number_type(number) not in _KINDS_THAT_TAKE_MESSAGES:
        raise DestinationNotAllowed("Numbers of this kind take no messages; use a mobile number.")
    return PhoneNumber(phonenumbers.format_number(number, PhoneNumberFormat.E164), region)


def read_country(text: str) -> str:
    """Read an ISO 3166-1 alpha-2 code, in either case, and give it in capitals.

    Raises:
        InvalidRequest: no country of that code has phone numbers.
    """
    # The pattern first: upper() makes two letters of some single ones, such as "ß".
    if _COUNTRY_PATTERN.fullmatch(text) and text.upper() in phonenumbers.SUPPORTED_REGIONS:
        return text.upper()
    raise InvalidRequest(
        FieldProblem("/country", "must be the two-letter code of a country (ISO 3166-1 alpha-2)")
    )


def _dialled(text: str) -> str:
    """Give the plus sign, if any, and the ASCII digits of a number.

    What libphonenumber would accept beyond that (letters for digits, extensions, ``tel:``) never
    reaches it.
    """
    if len(text) > MAX_CHARACTERS:
        raise PhoneInvalid(f"A phone number has at most {MAX_CHARACTERS} characters.")
    dialled = "".join(map(_dialled_character, text))
    if "+" in dialled[1:]:
        raise PhoneInvalid("A phone number has at most one plus sign, at its beginning.")
    return dialled


def _dialled_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if character in _PLUS_SIGNS:
        return "+"
    if category in {"Zs", "Pd"} or character in _SEPARATORS or character in _BIDI_MARKS:
        return ""
    raise PhoneInvalid("A phone number has digits, separators and a leading + alone.")
