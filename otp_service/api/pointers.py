"""JSON pointers: which part of a body a problem is about.

Source:
    RFC 6901: section 3 for the escapes, section 6 for the form with ``#`` in front.
"""

import re
from urllib.parse import quote

MAX_NAME_CHARACTERS = 64
"""A longer property name is none of ours: the pointer then stops at what holds it."""

REFUSED_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters and lone surrogates: no text of a body may hold one."""

# RFC 3986 section 3.5: what a fragment may hold as it is.
_FRAGMENT_SAFE = "/~!$&'()*+,;=:@?"


def step(pointer: str, name: str | int) -> str:
    """Give the pointer of a member or an item of what ``pointer`` names.

    A name that is too long to be ours, or cannot be written, leaves the pointer where it is.
    """
    text = str(name)
    if len(text) > MAX_NAME_CHARACTERS or REFUSED_CHARACTERS.search(text):
        return pointer
    return f"{pointer}/{text.replace('~', '~0').replace('/', '~1')}"


def fragment(pointer: str) -> str:
    """Give a pointer in ASCII as a reply carries it, such as ``#/message/reason``."""
    return "#" + quote(pointer, safe=_FRAGMENT_SAFE)
