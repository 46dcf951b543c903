"""The scripts: read once from their files, sent by their digest, never sent twice."""

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

from otp_service.redis_store.connection import Connection

Argument = str | int | bytes

_NEEDS = re.compile(r"^-- needs +(.+)$", re.MULTILINE)


class Script:
    """One operation. Parts named in its ``needs`` line are put in front of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._body = _body(name)
        self._sha = hashlib.sha1(self._body.encode(), usedforsecurity=False).hexdigest()

    def run(
        self, connection: Connection, keys: Sequence[str], arguments: Sequence[Argument]
    ) -> Any:
        """Run it in one round trip and give its answer.

        A server that does not know the script says so without having run it; then, and only then,
        the text itself is sent.
        """
        try:
            return connection.execute("EVALSHA", self._sha, len(keys), *keys, *arguments)
        except NoScriptError:
            return connection.execute("EVAL", self._body, len(keys), *keys, *arguments)


def _body(name: str) -> str:
    operation = _read(name)
    needed = _NEEDS.search(operation)
    parts = needed[1].split(", ") if needed else []
    return "\n".join([*(_read(part) for part in parts), operation])


@cache
def _read(name: str) -> str:
    return files(__package__).joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")
