"""JSON bodies: bytes to one plain object, or a refusal that says where.

The standard library's parser takes more than JSON is (``NaN``, a name given twice, half of a
surrogate pair) and gives up on deep nesting with a ``RecursionError``. Here each of these is the
caller's mistake, and so are control characters and ``null``, which no field takes.
"""

import json
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

from otp_service.api.pointers import REFUSED_CHARACTERS, step
from otp_service.errors import FieldProblem, InvalidRequest

MAX_DEPTH = 16
"""Bodies of the contract are two deep; beyond this, pointing at things helps nobody."""

MAX_PROBLEMS = 10
"""More than a developer reads at once; it also keeps an answer from outgrowing its question."""


class _Refused:
    """Stands in the parsed body for what the parser met and must not be."""

    def __init__(self, why: str) -> None:
        self.why = why


_NOT_A_NUMBER = _Refused("NaN and infinities are not JSON")
_REPEATED = _Refused("Given more than once")


def read_json_object(raw: bytes) -> dict[str, Any]:
    """Give the body as a dict of plain values, its texts free of control characters.

    Raises:
        InvalidRequest: anything else; the fields are named where there are any.
    """
    body = _parse(raw)
    if not isinstance(body, dict):
        raise InvalidRequest(detail="The body is not a JSON object.")
    problems = tuple(islice(_problems(body), MAX_PROBLEMS))
    if problems:
        raise InvalidRequest(*problems)
    return body


def _parse(raw: bytes) -> object:
    # Not chained: the parser's own exceptions carry the body, which may hold a code.
    try:
        return json.loads(
            raw.decode(), object_pairs_hook=_members, parse_constant=lambda _: _NOT_A_NUMBER
        )
    except UnicodeDecodeError:
        raise InvalidRequest(detail="The body is not UTF-8.") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise InvalidRequest(detail="The body is not JSON.") from None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        members[name] = _REPEATED if name in members else value
    return members


def _problems(body: object) -> Iterator[FieldProblem]:
    """Go through the body level by level, without recursion."""
    pending = deque([("", body, 0)])
    while pending:
        pointer, value, depth = pending.popleft()
        if depth > MAX_DEPTH:
            raise _too_deep()
        why = _why_refused(value)
        if why:
            yield FieldProblem(pointer, why)
        if isinstance(value, dict):
            for name, member in value.items():
                if REFUSED_CHARACTERS.search(name):
                    yield FieldProblem(
                        pointer, "A name here holds a control character or a lone surrogate"
                    )
                pending.append((step(pointer, name), member, depth + 1))
        elif isinstance(value, list):
            pending.extend(
                (step(pointer, index), item, depth + 1) for index, item in enumerate(value)
            )


def _why_refused(value: object) -> str | None:
    if value is None:
        return "Null is not taken: leave the property out"
    if isinstance(value, _Refused):
        return value.why
    if isinstance(value, str) and REFUSED_CHARACTERS.search(value):
        return "Control characters and lone surrogates are not taken"
    return None


def _too_deep() -> InvalidRequest:
    return InvalidRequest(detail="The body is nested too deep.")
