"""The safety net under every log line: what looks like a secret is cut out of it.

Nothing that needs it should ever be logged; this is for what slips through, such as a library's
own message.
"""

import re
from collections.abc import Iterable

CUT = "[cut]"

# A plus sign, as it is or as a URL carries it, and at least eight digits of any script; or a phone
# parameter of a query, whatever stands before its digits.
_PHONE = re.compile(r"(?:\+|%2b|phone=(?:%20|\+)?)(?:[\s().-]{0,2}\d){8,}", re.IGNORECASE)
# Source: RFC 6750 section 2.1, the form of a bearer token.
_BEARER = re.compile(r"(bearer\s+)[a-z0-9._~+/=-]+", re.IGNORECASE)

_Plain = str | int | float | bool | None


class Net:
    """Cuts full phone numbers, bearer tokens and the secrets it is told out of any value.

    Args:
        secrets: texts that must appear nowhere, such as those in the URLs of callbacks.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted(filter(None, secrets), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def cut(self, value: object) -> object:
        """Give a value as JSON can carry it, at any depth without what must not be seen."""
        if isinstance(value, str):
            return self._cut_text(value)
        if value is None or isinstance(value, int | float):
            return value
        if isinstance(value, dict):
            return {self._cut_text(str(key)): self.cut(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.cut(item) for item in value]
        return self._cut_text(repr(value))

    def _cut_text(self, text: str) -> str:
        if "+" in text or "%" in text or "=" in text:
            text = _PHONE.sub(CUT, text)
        if "earer" in text or "EARER" in text:
            text = _BEARER.sub(rf"\1{CUT}", text)
        return self._known.sub(CUT, text) if self._known else text
