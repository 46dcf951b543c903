"""A message's text as its reader takes it in: the words, the code, the lines meant for a phone."""

import re
from dataclasses import dataclass
from typing import Literal

# A run of digits somebody would type over: what a plain text most likely means as its code.
_CODE = re.compile(r"(?<!\d)\d{4,10}(?!\d)", re.ASCII)
_ORIGIN_LINE = re.compile(r"@\S+ #(?P<code>[0-9A-Za-z-]+)(?: [%@]\S+)*")
_APP_HASH_LINE = re.compile(r"[A-Za-z0-9+/]{11}")

PieceKind = Literal["words", "code", "machine"]


@dataclass(frozen=True, repr=False)
class Piece:
    """A part of a text: ``words``, the ``code`` in them, or a line a ``machine`` reads."""

    kind: PieceKind
    text: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Wording:
    """A text in its parts, which put together are the text again.

    Args:
        code: The one code it holds; None where there is none, or more than one might be meant.
    """

    pieces: tuple[Piece, ...]
    code: str | None


def read(text: str, *, pin: str | None = None, is_sms: bool = False) -> Wording:
    """Take a text apart.

    Args:
        pin: The code, where the sender named it.
        is_sms: Its last lines may be for the browser (``@example.com #123456``) or for an Android
            application (eleven characters of base64).

    Source:
        WICG, 'Origin-bound one-time codes delivered via SMS', section 2: the origin and the code
        are the message's last line. Google, 'Automatic SMS Verification with the SMS Retriever
        API': the hash string of eleven characters at the end.
    """
    words, machine = _split(text) if is_sms else (text, "")
    code = (
        pin or _bound_code(machine) or _only_code(words) or (_first_code(words) if is_sms else None)
    )
    return Wording(pieces=tuple(_pieces(words, code, machine)), code=code)


def _split(text: str) -> tuple[str, str]:
    lines = text.splitlines(keepends=True)
    first = len(lines)
    while first and _is_for_machines(lines[first - 1].strip()):
        first -= 1
    return "".join(lines[:first]), "".join(lines[first:])


def _is_for_machines(line: str) -> bool:
    return bool(_ORIGIN_LINE.fullmatch(line) or _APP_HASH_LINE.fullmatch(line))


def _bound_code(machine: str) -> str | None:
    for line in machine.splitlines():
        if found := _ORIGIN_LINE.fullmatch(line.strip()):
            return found["code"]
    return None


def _only_code(text: str) -> str | None:
    codes = set(_CODE.findall(text))
    return codes.pop() if len(codes) == 1 else None


def _first_code(text: str) -> str | None:
    """Give the code that an SMS begins with, whatever numbers a brand in it may hold."""
    found = _CODE.match(text)
    return found[0] if found else None


def _pieces(words: str, code: str | None, machine: str) -> list[Piece]:
    before, found, after = words.partition(code) if code else (words, "", "")
    pieces = [Piece("words", before), Piece("code", found), Piece("words", after)]
    pieces += [Piece("machine", line) for line in machine.splitlines(keepends=True)]
    return [piece for piece in pieces if piece.text]
