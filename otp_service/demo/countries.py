"""The countries whose numbers there are, and which of them a browser most likely is in."""

import re
from dataclasses import dataclass
from functools import cache

import langcodes
import phonenumbers
from werkzeug.datastructures import LanguageAccept

_LANGUAGE = re.compile(r"[a-z]{2,3}", re.IGNORECASE)
_REGION = re.compile(r"[-_]([a-z]{2})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Country:
    """One country.

    Args:
        code: ISO 3166-1 alpha-2.
        name: in English.
        calling_code: without the plus sign.
    """

    code: str
    name: str
    calling_code: int


@cache
def countries() -> tuple[Country, ...]:
    """Give every country, by name.

    Source:
        libphonenumber's metadata for the codes, Unicode CLDR for the names.
    """
    found = (
        Country(
            code,
            langcodes.Language.make(territory=code).territory_name("en"),
            phonenumbers.country_code_for_region(code),
        )
        for code in phonenumbers.SUPPORTED_REGIONS
    )
    return tuple(sorted(found, key=lambda country: country.name))


def likely_country(accepted: LanguageAccept) -> str:
    """Guess a country by what a browser says its user reads; nothing if it does not tell.

    The first tag that tells decides: by its own country (``uk-UA``), else by the most likely one of
    its language (``uk``).
    """
    return next((country for tag, _ in accepted if (country := _country_of(tag))), "")


def _country_of(tag: str) -> str:
    if region := _REGION.search(tag):
        country = region[1].upper()
    # Languages alone: langcodes remembers every tag it ever saw.
    elif _LANGUAGE.fullmatch(tag):
        likely = langcodes.Language.get(tag).maximize()
        # Of a language that it does not know it says the United States.
        country = "" if likely.territory == "US" and likely.language != "en" else likely.territory
    else:
        return ""
    return country if country in phonenumbers.SUPPORTED_REGIONS else ""


def e164(typed: str, country: str) -> str:
    """Give a number in E.164; nothing if it cannot be read."""
    try:
        number = phonenumbers.parse(typed, country or None)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def spaced(phone: str) -> str:
    """Write a number in E.164 with the spaces of its country."""
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
