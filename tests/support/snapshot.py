"""Everything that stands in a store as text, and back into any store at any later time.

A line a key, JSON: its name, how long it still lives, its type and its value, bytes as Latin-1. The
first line says when it was taken; put back, every moment is moved by what has passed since.
"""

import json
import re
from typing import Any

from support.store_view import StoreView

from otp_service.redis_store import Connection

_MOMENT = re.compile(rb"\d{13}")
_ENTRY = re.compile(rb"([0-9a-z]{8})(\|.*)")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def taken(view: StoreView, **names: str) -> str:
    """Give everything that stands in a store.

    Args:
        names: what whoever puts it back must know, such as the ids of verifications.
    """
    left = view.left_of_everything()
    lines: list[dict[str, Any]] = [{"taken_at_ms": view.now_ms(), "names": names}]
    for key, value in sorted(view.everything().items()):
        left_ms = round(left[key].total_seconds() * 1000)
        lines.append({"key": _text(key), "left_ms": left_ms} | _described(value))
    return "".join(json.dumps(line) + "\n" for line in lines)


def put_back(text: str, connection: Connection, view: StoreView) -> dict[str, str]:
    """Write it into a store, and give the names that came with it."""
    first, *lines = map(json.loads, text.splitlines())
    passed_ms = view.now_ms() - first["taken_at_ms"]
    for line in lines:
        key = line["key"].encode("latin-1")
        connection.execute(*_command(key, line, passed_ms))
        connection.execute("PEXPIRE", key, line["left_ms"])
    names: dict[str, str] = first["names"]
    return names


def _described(value: Any) -> dict[str, Any]:
    match value:
        case dict():
            return {"hash": {_text(name): _text(each) for name, each in value.items()}}
        case tuple():
            return {"zset": {_text(member): score for member, score in value}}
        case list():
            return {"list": [_text(each) for each in value]}
        case _:
            return {"string": _text(value)}


def _command(key: bytes, line: dict[str, Any], passed_ms: int) -> list[Any]:
    if "hash" in line:
        pairs = [(_bytes(name), _bytes(value)) for name, value in line["hash"].items()]
        return [
            "HSET",
            key,
            *(part for name, value in pairs for part in (name, _moved(value, passed_ms))),
        ]
    if "zset" in line:
        pairs = [(score + passed_ms, _bytes(member)) for member, score in line["zset"].items()]
        return ["ZADD", key, *(part for pair in pairs for part in pair)]
    if "list" in line:
        return ["RPUSH", key, *(_moved_entry(_bytes(each), passed_ms) for each in line["list"])]
    return ["SET", key, _moved(_bytes(line["string"]), passed_ms)]


def _moved(value: bytes, passed_ms: int) -> bytes:
    """Move a moment, which is what every number of 13 digits is here."""
    return b"%d" % (int(value) + passed_ms) if _MOMENT.fullmatch(value) else value


def _moved_entry(entry: bytes, passed_ms: int) -> bytes:
    found = _ENTRY.fullmatch(entry)
    assert found is not None, entry
    number, text = int(found[1], 36) + passed_ms, ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text.encode() + found[2]


def _text(value: bytes) -> str:
    return value.decode("latin-1")


def _bytes(value: str) -> bytes:
    return value.encode("latin-1")
