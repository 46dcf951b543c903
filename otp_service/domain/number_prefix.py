"""Number prefixes: the ranges that numbers are handed out in, under which starts are counted."""

from otp_service.domain.keys import derive_key, keyed_tag

# Ranges are handed out by the ten thousand, and pumped by the range.
# Source: ITU-T E.164 leaves blocks to the country; NANP assigns NPA-NXX, ten thousand numbers each.
_DIGITS_WITHIN = 4
_TAG_BYTES = 6


class PrefixScheme:
    """Turns numbers into tags of their ranges; a range itself would say most of the number.

    Args:
        number_key: the secret behind the tags. Another key forgets every range.

    Raises:
        ValueError: the key is under 32 bytes.
    """

    def __init__(self, number_key: bytes) -> None:
        self._key = derive_key(number_key, "prefix-tag")

    def tag(self, e164: str) -> str:
        """Give 8 URL-safe characters that stand for a number in E.164 without its last 4 digits."""
        return keyed_tag(self._key, prefix_of(e164), _TAG_BYTES)


def prefix_of(e164: str) -> str:
    """Give the range of a number in E.164: all but its last 4 digits."""
    return e164[:-_DIGITS_WITHIN]
