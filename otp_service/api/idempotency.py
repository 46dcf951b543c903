"""The Idempotency-Key of a request: how it is written, and what it stands for.

Source:
    draft-ietf-httpapi-idempotency-key-header-07 section 2.1: a string of structured fields
    (RFC 9651 section 3.3.3).
"""

import re
from dataclasses import replace
from typing import Any

from otp_service.api.incoming import current_caller, current_request
from otp_service.api.parts import current_parts
from otp_service.domain.call import Call
from otp_service.errors import InvalidRequest

HEADER = "Idempotency-Key"
MAX_KEY_CHARACTERS = 255

# What a structured field may quote, and the two characters that it escapes.
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
# As most callers write a key: visible ASCII without what quotes, escapes, or joins header lines.
_BARE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")
_ESCAPE = re.compile(r"\\(.)")
# Both, with their length, as the OpenAPI document says it.
_EITHER = (
    r'^(?:"(?:[\u0020\u0021\u0023-\u005b\u005d-\u007e]|\\["\\]){1,255}"'
    r"|[\u0021\u0023-\u002b\u002d-\u003a\u003c-\u005b\u005d-\u007e]{1,255})$"
)

PARAMETER: dict[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "The same request with the same key, within 24 hours, is answered as the first "
    "time and does nothing. 1 to 255 characters, quoted (a string of structured fields) or bare. "
    "Draw one at random, such as a UUID, for each thing your user does.",
    "schema": {"type": "string", "minLength": 1, "pattern": _EITHER},
    "example": '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
}
"""What the OpenAPI document says of the header."""


def with_idempotency(call: Call, *, verification_id: str = "") -> Call:
    """Give the call with the Idempotency-Key that the request carries, if it carries one.

    Args:
        verification_id: the one that the request is about; another's same key is another.

    Raises:
        InvalidRequest: the header holds no key, or several.
    """
    request = current_request()
    text = request.headers.get(HEADER)
    if text is None:
        return call
    idempotency = current_parts().idempotency.read(
        read_key(text),
        owner=_owner(call),
        path=request.path,
        body=request.get_json(),
        verification_id=verification_id,
    )
    return replace(call, idempotency=idempotency)


def read_key(text: str) -> str:
    """Give the key that a header's value holds; a quoted and a bare one are the same.

    Raises:
        InvalidRequest: none, more than one (header lines come joined by a comma), or one that is
            too long.
    """
    quoted = _QUOTED.fullmatch(text)
    key = _ESCAPE.sub(r"\1", quoted[1]) if quoted else text
    if not (quoted or _BARE.fullmatch(text)) or not 1 <= len(key) <= MAX_KEY_CHARACTERS:
        raise InvalidRequest(
            detail=f"{HEADER} must be one string of 1 to {MAX_KEY_CHARACTERS} ASCII characters, "
            'such as "8e03978e-40d5-43e8-bc93-6894a57f9324".'
        )
    return key


def _owner(call: Call) -> tuple[str, ...]:
    """Tell the sender from every other: by the very token, or by the key."""
    if call.token_id is not None:
        return call.application.id, "token", call.token_id
    return call.application.id, "key", current_caller().fingerprint
