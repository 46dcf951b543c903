"""The 33 languages of the templates, and which of them a user reads best."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import langcodes
from langcodes import language_distance
from langcodes.tag_parser import LanguageTagError

from otp_service import data
from otp_service.domain.verification import LanguageReason

FALLBACK = "en"

# CLDR distances: up to 10 is the same language or one that its readers read as their own (another
# region, Serbian in the other script); up to 25 is one that most of them know.
_NEAR = 10
_FAR = 25
_MAX_TAG_CHARACTERS = 64
_REMEMBERED_TAGS = 4096

# language[_territory][.codeset][@modifier], where the first part is a BCP 47 tag with either
# separator. Source: POSIX.1-2017 section 8.2.
_LOCALE = re.compile(r"([A-Za-z0-9_-]+)(?:\.[A-Za-z0-9-]+)?(?:@([A-Za-z0-9]+))?")
# Source: the GNU C library's list of supported locales.
_SCRIPT_OF_MODIFIER = {
    "latin": "Latn",
    "iqtelif": "Latn",
    "cyrillic": "Cyrl",
    "devanagari": "Deva",
}
_SCRIPT_SUBTAG = re.compile(r"[A-Za-z]{4}")

_lookup_lock = Lock()


@dataclass(frozen=True, slots=True)
class Language:
    """One language of the templates.

    Args:
        code: the provider's; ``br`` is Brazilian Portuguese.
        name: in English, as the provider gives it.
        bcp47: what the code means as a tag.
    """

    code: str
    name: str
    bcp47: str


@dataclass(frozen=True, slots=True)
class LanguageChoice:
    """The language of a message.

    Args:
        code: the provider's.
        detail: why, in a sentence.
    """

    code: str
    reason: LanguageReason
    detail: str


@dataclass(frozen=True, slots=True)
class _Match:
    """The nearest of the 33 to one tag."""

    code: str
    distance: int


LANGUAGES = {
    row["code"]: Language(row["code"], row["name"], row["bcp47"])
    for row in data.load("languages.json")["languages"]
}
_SUPPORTED = [
    (language.code, langcodes.Language.get(language.bcp47)) for language in LANGUAGES.values()
]


def choose_language(
    locales: Sequence[str], *, country: str | None, default: str | None
) -> LanguageChoice:
    """Choose the language a user reads best; never raises.

    The first locale within CLDR distance 10 decides, else the first within 25, else the country's
    most likely language by the same rule, else the default, else English.

    Args:
        locales: BCP 47 tags or POSIX spellings, in the user's order; what cannot be read is
            skipped.
        country: ISO 3166-1 alpha-2 of the phone.
        default: the application's, as the provider's code; one that is not of the 33 is skipped.
    """
    if found := _first_within_reach(locales):
        locale, match = found
        return LanguageChoice(match.code, LanguageReason.LOCALE, _explain(locale.strip(), match))
    if country is not None and (found := _first_within_reach([f"und-{country}"])):
        _, match = found
        name = LANGUAGES[match.code].name
        detail = (
            f"The phone's country {country} most likely reads {name} (distance {match.distance})."
        )
        return LanguageChoice(match.code, LanguageReason.COUNTRY, detail)
    if default is not None and default in LANGUAGES:
        detail = f"The application's default is {LANGUAGES[default].name}."
        return LanguageChoice(default, LanguageReason.APPLICATION, detail)
    detail = "Neither a locale nor the phone's country nor the application decides."
    return LanguageChoice(FALLBACK, LanguageReason.FALLBACK, detail)


def _first_within_reach(tags: Sequence[str]) -> tuple[str, _Match] | None:
    matches = [(tag, match) for tag in tags if (match := _match(tag)) is not None]
    for reach in (_NEAR, _FAR):
        for tag, match in matches:
            if match.distance <= reach:
                return tag, match
    return None


def _explain(tag: str, match: _Match) -> str:
    verb = "is" if match.distance == 0 else "is nearest to"
    return f"{tag} {verb} {LANGUAGES[match.code].name} (distance {match.distance})."


def _match(text: str) -> _Match | None:
    """Give the nearest of the 33, however far, or None for a tag that cannot be read."""
    if len(text) > _MAX_TAG_CHARACTERS:
        return None
    tag = _bcp47(text)
    return None if tag is None else _nearest(tag)


def _bcp47(text: str) -> str | None:
    """Write a locale in either spelling as a tag: ``sr_RS.UTF-8@latin`` is ``sr-Latn-RS``."""
    locale = _LOCALE.fullmatch(text.strip())
    if locale is None:
        return None
    language, *rest = locale[1].replace("_", "-").split("-")
    script = _SCRIPT_OF_MODIFIER.get((locale[2] or "").lower())
    if script is not None and not (rest and _SCRIPT_SUBTAG.fullmatch(rest[0])):
        rest.insert(0, script)
    return "-".join([language, *rest]).lower()


@lru_cache(maxsize=_REMEMBERED_TAGS)
def _nearest(tag: str) -> _Match | None:
    """Find the nearest language by CLDR distance.

    Of equals the tag's own language goes first (Serbian as Montenegro writes it is as near to
    Croatian), then the first of the provider's list.

    Source:
        Unicode CLDR, language matching and likely subtags, as langcodes carries them.
    """
    with _lookup_lock:
        _forget_when_many()
        try:
            desired = langcodes.Language.get(tag)
        except LanguageTagError:
            return None
        own = desired.maximize().language
        ranked = [
            (desired.distance(language), language.language != own, place, code)
            for place, (code, language) in enumerate(_SUPPORTED)
        ]
    distance, _, _, code = min(ranked)
    return _Match(code, distance)


def _forget_when_many() -> None:
    """Empty langcodes' own caches before they grow large.

    They keep every tag ever seen for the life of the process, and tags come from outside: without
    this, anyone who invents new ones fills the memory.
    """
    caches: tuple[dict[object, object], ...] = (
        langcodes.Language._INSTANCES,  # type: ignore[assignment]
        langcodes.Language._PARSE_CACHE,
        language_distance._DISTANCE_CACHE,
    )
    for cache in caches:
        if len(cache) > _REMEMBERED_TAGS:
            cache.clear()
