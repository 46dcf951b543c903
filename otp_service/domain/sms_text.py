"""The text of an SMS: our own words in every language, and the lines that phones read."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

from otp_service import data
from otp_service.domain.message_text import BRAND_FIELD, MessageRequest
from otp_service.domain.pin import Pin
from otp_service.domain.sms_alphabet import SmsEncoding, measure

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_MINUTE = timedelta(minutes=1)

# Source: Google, "Perform SMS Verification on a Server": at most 140 bytes. It does not say in what
# encoding; UTF-8 is the strictest reading that a text of our languages can be held to.
_MOST_BYTES_WITH_HASH = 140


@dataclass(frozen=True, slots=True)
class SmsAutofill:
    """The lines by which a phone fills a code in by itself, each where it is set.

    Args:
        android_app_hash: 11 characters that name an Android app to the SMS Retriever API.
        web_otp_origin: the domain, such as ``example.com``, whose pages may read the code.
    """

    android_app_hash: str | None = None
    web_otp_origin: str | None = None

    def lines(self, digits: str) -> tuple[str, ...]:
        """Give the lines that stand below the words, in their order.

        Source:
            Google, "Perform SMS Verification on a Server": the hash stands anywhere in the message.
            WICG, "Origin-bound one-time codes delivered via SMS": the last line is ``@``, the host,
            one space, ``#``, the code.
        """
        hashed = () if self.android_app_hash is None else (self.android_app_hash,)
        bound = () if self.web_otp_origin is None else (f"@{self.web_otp_origin} #{digits}",)
        return hashed + bound


NO_AUTOFILL = SmsAutofill()


@dataclass(frozen=True, slots=True)
class SmsText:
    """A text that goes out as one SMS. Its ``repr`` hides the words, which hold the PIN.

    Args:
        holds_brand: whether it says whose code this is.
        holds_life: whether it says how long the code lives.
        length: septets in ``gsm7``, UTF-16 units in ``ucs2``.
    """

    text: str = field(repr=False)
    holds_brand: bool
    holds_life: bool
    encoding: SmsEncoding
    length: int


@dataclass(frozen=True, slots=True)
class _Words:
    """The sentences of one language, with placeholders, and what joins them.

    A sentence about the code begins with the PIN or with the language's own letters, never with
    the brand: a name in other letters would turn a right-to-left message around.
    """

    plain: str
    branded: str
    life: str
    warning: str
    joint: str

    def variants(self, *, brand: str | None, minutes: int | None) -> Iterator[tuple[str, ...]]:
        """Give the sentences to say, the most welcome first.

        The brand goes before all else, because a code whose sender nobody knows is worth little;
        then how long it lives, which no other place tells the user; then the warning, which most
        users have read before.
        """
        for code in (self.branded, self.plain) if brand is not None else (self.plain,):
            for life in (self.life, None) if minutes is not None else (None,):
                for warning in (self.warning, None):
                    yield tuple(part for part in (code, life, warning) if part is not None)


_WORDS: Mapping[str, _Words] = MappingProxyType(
    {
        row["code"]: _Words(**{name: row[name] for name in _Words.__slots__})
        for row in data.load("sms_texts.json")["languages"]
    }
)


def compose_sms(
    pin: Pin,
    *,
    language: str,
    life: timedelta,
    brand: str | None = None,
    autofill: SmsAutofill = NO_AUTOFILL,
) -> SmsText:
    """Give the text that says the most within one message.

    Args:
        language: the provider's code.
        life: how long the code lives; said if it is whole minutes, for nothing else would be true.
        brand: who asks, a text that ``text_problem`` lets through.

    Raises:
        ValueError: the autofill lines leave no room even for the shortest; see
            ``languages_without_room``.
    """
    sms = _most_telling(pin, language, life, brand, autofill)
    if sms is None:
        raise ValueError(f"the autofill lines leave no room for the text in {language!r}")
    return sms


def languages_without_room(autofill: SmsAutofill, *, pin_digits: int) -> tuple[str, ...]:
    """Give the codes of the languages in which these lines leave no room for the shortest text."""
    pin = Pin("0" * pin_digits)
    return tuple(
        language
        for language in _WORDS
        if _most_telling(pin, language, timedelta(), None, autofill) is None
    )


def sms_holds(sms: SmsText, request: MessageRequest) -> frozenset[str]:
    """Give the names of the caller's texts that a message holds.

    Of the four only the business name can be: our words have no place for the others.
    """
    holds_it = sms.holds_brand and request.business_name is not None
    return frozenset({BRAND_FIELD} if holds_it else ())


def _most_telling(
    pin: Pin, language: str, life: timedelta, brand: str | None, autofill: SmsAutofill
) -> SmsText | None:
    words = _WORDS[language]
    minutes = _whole_minutes(life)
    values = {"pin": pin.digits, "brand": brand or "", "minutes": str(minutes)}
    for sentences in words.variants(brand=brand, minutes=minutes):
        # In one pass: a placeholder inside a brand stays as it is.
        said = _PLACEHOLDER.sub(lambda match: values[match[1]], words.joint.join(sentences))
        text = "\n".join((said, *autofill.lines(pin.digits)))
        size = measure(text)
        if size.fits and _retriever_reads(text, autofill):
            return SmsText(
                text=text,
                holds_brand=words.branded in sentences,
                holds_life=words.life in sentences,
                encoding=size.encoding,
                length=size.length,
            )
    return None


def _whole_minutes(life: timedelta) -> int | None:
    minutes, rest = divmod(life, _MINUTE)
    return minutes if minutes and not rest else None


def _retriever_reads(text: str, autofill: SmsAutofill) -> bool:
    return autofill.android_app_hash is None or len(text.encode()) <= _MOST_BYTES_WITH_HASH
