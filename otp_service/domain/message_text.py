"""The texts a caller puts into a message: what they may hold, and what makes a link."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from otp_service.errors import FieldProblem, InvalidRequest

MAX_TEXT_CHARACTERS = 50
TEMPLATE_IDS = range(1, 10)

BRAND_FIELD = "business_name"
"""The text that an application's brand stands in for."""

# Unicode categories that no line of text holds: controls, lone surrogates, line and paragraph
# separators.
_CONTROL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Source: Unicode Standard Annex 9, table 1 and the implicit marks beside it.
_BIDI_CHARACTERS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
# Drawn as nothing though no Cf: grapheme joiner, Hangul fillers, Khmer inherent vowels, Mongolian
# and other variation selectors. Source: Unicode property Default_Ignorable_Code_Point.
_UNDRAWN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
# Source: RFC 3490 section 3.1: characters that count as a label separator. NFKC has turned the
# fullwidth and halfwidth ones into the first two.
_OTHER_DOTS = re.compile("[\u3002\uff0e\uff61]")

# Source: RFC 3986 section 3.1. What follows at once tells "scheme:rest" from "Note: rest".
_URI = re.compile(r"[a-z][a-z0-9+.-]*:\S")
# Schemes that phones make a link of even with a space after the colon, and that nobody writes as a
# plain word ("file:" and "data:" are such words).
_KNOWN_SCHEME = re.compile(
    r"(?<![a-z0-9])"
    r"(?:https?|ftps?|mailto|tel|sms|javascript|vbscript|viber|tg|whatsapp|skype|facetime):"
)
# The last label of a name of two labels or more, where a slash follows it.
_NAME_BEFORE_SLASH = re.compile(r"[^\s./:@]\.([^\s./:@]+)\.?/")


@dataclass(frozen=True, slots=True)
class MessageRequest:
    """What a caller wants the message to say; None is what the caller did not give.

    Args:
        template_id: 1 to 9, to force that template.
    """

    business_name: str | None = None
    action: str | None = None
    reason: str | None = None
    pin_type: str | None = None
    template_id: int | None = None

    @property
    def texts(self) -> dict[str, str]:
        """The texts that were given, by name, always in the same order."""
        named = {
            "business_name": self.business_name,
            "action": self.action,
            "reason": self.reason,
            "pin_type": self.pin_type,
        }
        return {name: text for name, text in named.items() if text is not None}


def check_message(request: MessageRequest) -> None:
    """Return if every text and the template id can be sent.

    Raises:
        InvalidRequest: names every field that cannot, at once.
    """
    problems = [
        FieldProblem(f"/message/{name}", problem)
        for name, text in request.texts.items()
        if (problem := text_problem(text)) is not None
    ]
    if request.template_id is not None and request.template_id not in TEMPLATE_IDS:
        problems.append(FieldProblem("/message/template_id", "must be 1 to 9"))
    if problems:
        raise InvalidRequest(*problems)


def text_problem(text: str) -> str | None:
    """Say why a message cannot hold a text, or None if it can.

    Source:
        The provider's rule for a template's text parameters: 1 to 50 characters, no link.
    """
    if any(unicodedata.category(character) in _CONTROL_CATEGORIES for character in text):
        return "must not hold control characters"
    if not _BIDI_CHARACTERS.isdisjoint(text):
        return "must not hold characters that change the direction of text"
    if not _visible(text).strip():
        return "must not be empty"
    if len(text) > MAX_TEXT_CHARACTERS:
        return f"must have at most {MAX_TEXT_CHARACTERS} characters"
    if has_link(text):
        return "must not hold a link"
    return None


def has_link(text: str) -> bool:
    """Tell whether a phone may make a link of a part of the text.

    A link is ``scheme:``, ``www.``, or a name that ends in a delegated top-level domain and is
    followed by ``/``; a name alone, such as ``Booking.com``, is none.
    """
    plain = _plain(text)
    if "www." in plain or _URI.search(plain) or _KNOWN_SCHEME.search(plain):
        return True
    last_labels = _NAME_BEFORE_SLASH.findall(plain)
    return bool(last_labels) and not _top_level_domains().isdisjoint(last_labels)


def _plain(text: str) -> str:
    """Undo every disguise: case, compatibility forms, undrawn characters, other scripts' dots."""
    # Once more after NFKC, which makes undrawn characters of others (U+3164 becomes U+1160).
    shown = _visible(unicodedata.normalize("NFKC", _visible(text)))
    return _OTHER_DOTS.sub(".", shown.lower())


def _visible(text: str) -> str:
    drawn = _UNDRAWN.sub("", text)
    return "".join(character for character in drawn if unicodedata.category(character) != "Cf")


@cache
def _top_level_domains() -> frozenset[str]:
    """Give every delegated top-level domain, in Unicode and in its xn-- form.

    Read on first need: about 10 ms. The last labels are taken from the list itself because a
    domain such as ``za``, under which only third-level names are sold, has no entry of its own.

    Source:
        The Public Suffix List, ICANN section, as the ``publicsuffixlist`` package carries it.
    """
    suffixes = files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text("utf-8")
    registries, _, _ = suffixes.partition("// ===END ICANN DOMAINS===")
    rules = [line for line in registries.splitlines() if line and not line.startswith("//")]
    last_labels = {rule.rpartition(".")[2].strip().lower() for rule in rules}
    encoded = {label.encode("idna").decode() for label in last_labels if not label.isascii()}
    return frozenset(last_labels | encoded)
