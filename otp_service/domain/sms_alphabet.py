"""How long a text is as one SMS: the alphabet it is sent in, and what it takes up there."""

from dataclasses import dataclass
from enum import StrEnum

# Source: 3GPP TS 23.038 section 6.2.1, the GSM 7 bit default alphabet, without the escape.
_DEFAULT = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Source: the same, section 6.2.1.1: the extension table, each after an escape of its own.
_EXTENSION = frozenset("\f^{}\\[~]|€")
_BYTES_PER_UTF16_UNIT = 2


class SmsEncoding(StrEnum):
    """What a text is sent in: the phone network chooses it by the characters alone."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"

    @property
    def room(self) -> int:
        """How much one message holds: septets, or UTF-16 units.

        Source:
            3GPP TS 23.040 section 9.2.3.16: 140 octets, which are 160 septets or 70 characters of
            16 bits.
        """
        return 160 if self is SmsEncoding.GSM7 else 70


@dataclass(frozen=True, slots=True)
class SmsSize:
    """What a text takes up.

    Args:
        length: septets, or UTF-16 units.
    """

    encoding: SmsEncoding
    length: int

    @property
    def fits(self) -> bool:
        """True if it goes out as one message."""
        return self.length <= self.encoding.room


def measure(text: str) -> SmsSize:
    """Give the encoding a text needs and its length there."""
    if _DEFAULT.union(_EXTENSION).issuperset(text):
        length = len(text) + sum(character in _EXTENSION for character in text)
        return SmsSize(SmsEncoding.GSM7, length)
    return SmsSize(SmsEncoding.UCS2, len(text.encode("utf-16-be")) // _BYTES_PER_UTF16_UNIT)
