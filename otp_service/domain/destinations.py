"""Where codes may be sent: lists of countries, number prefixes and single numbers.

The more exact list decides: a number before a prefix, a longer prefix before a shorter one, a
prefix before a country. Where both lists of one exactness name the destination, it is denied.
"""

import re
from dataclasses import dataclass, field

from otp_service.domain.keys import derive_key, keyed_tag
from otp_service.domain.phone import PhoneNumber, read_phone
from otp_service.errors import DestinationNotAllowed, OtpError

_HASH_BYTES = 15
_HASH = re.compile(r"[A-Za-z0-9_-]{20}")
# Source: ITU-T E.164: at most 15 digits, and no calling code begins with 0.
_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")

_REFUSED = "No code is sent to this destination."


@dataclass(frozen=True, slots=True)
class DestinationLists:
    """The lists of one application.

    Args:
        allowed_countries: ISO 3166-1 alpha-2; if there is any, every other country is denied.
        allowed_prefixes: beginnings of numbers in E.164 with the plus sign; like allowed numbers
            they also pass the fraud guard.
        allowed_numbers: as ``NumberHashes`` gives them, and so are the denied ones.
    """

    allowed_countries: frozenset[str] = frozenset()
    denied_countries: frozenset[str] = frozenset()
    allowed_prefixes: frozenset[str] = frozenset()
    denied_prefixes: frozenset[str] = frozenset()
    allowed_numbers: frozenset[str] = field(default=frozenset(), repr=False)
    denied_numbers: frozenset[str] = field(default=frozenset(), repr=False)

    def admit(self, phone: PhoneNumber, number_hash: str) -> bool:
        """Let a destination pass, and say whether a list trusts it: its number or a prefix of it.

        Raises:
            DestinationNotAllowed: a list says so; ``reason`` names which.
        """
        if number_hash in self.denied_numbers:
            raise DestinationNotAllowed(_REFUSED, reason="denied_number")
        if number_hash in self.allowed_numbers:
            return True
        for length in range(len(phone.e164), 1, -1):
            prefix = phone.e164[:length]
            if prefix in self.denied_prefixes:
                raise DestinationNotAllowed(_REFUSED, reason="denied_prefix")
            if prefix in self.allowed_prefixes:
                return True
        if phone.country in self.denied_countries:
            raise DestinationNotAllowed(_REFUSED, reason="denied_country")
        if self.allowed_countries and phone.country not in self.allowed_countries:
            raise DestinationNotAllowed(_REFUSED, reason="country_not_allowed")
        return False


EVERYWHERE = DestinationLists()


class NumberHashes:
    """Turns numbers into what lists of them hold; nobody reads a number from it without the key.

    Args:
        number_key: the secret behind the hashes. Another key makes every list void.

    Raises:
        ValueError: the key is under 32 bytes.
    """

    def __init__(self, number_key: bytes) -> None:
        self._key = derive_key(number_key, "number-list")

    def hash(self, e164: str) -> str:
        """Give 20 URL-safe characters for a number in E.164 with its plus sign."""
        return keyed_tag(self._key, e164, _HASH_BYTES)


def read_number_hash(text: str) -> str:
    """Read an entry of a list of numbers.

    Raises:
        ValueError: it has another form, as a number in clear would have.
    """
    if not _HASH.fullmatch(text):
        raise ValueError("must have 20 characters, as `otp-service fraud hash` prints them")
    return text


def read_prefix(text: str) -> str:
    """Read the beginning of numbers in E.164, such as ``+88213``.

    Raises:
        ValueError: it has another form, or is a whole number: lists hold no number in clear.
    """
    if not _PREFIX.fullmatch(text):
        raise ValueError("must begin a number: + and 1 to 15 digits, without spaces")
    try:
        read_phone(text, country=None)
    except OtpError:
        return text
    raise ValueError("must not be a whole number: list what `otp-service fraud hash` prints")
