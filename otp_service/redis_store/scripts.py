"""The scripts: read once from their files, sent by their digest, never sent twice."""

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

from otp_service.redis_store.connection import Connection
from otp_service.redis_store.exchange import Command

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
            return connection.execute(*self._by_digest(keys, arguments))
        except NoScriptError:
            return connection.execute(*self._by_text(keys, arguments))

    def _by_digest(self, keys: Sequence[str], arguments: Sequence[Argument]) -> Command:
        return ("EVALSHA", self._sha, len(keys), *keys, *arguments)

    def _by_text(self, keys: Sequence[str], arguments: Sequence[Argument]) -> Command:
        return ("EVAL", self._body, len(keys), *keys, *arguments)


Call = tuple[Script, Sequence[str], Sequence[Argument]]


def run_together(connection: Connection, calls: Sequence[Call]) -> list[Any]:
    """Run several in one round trip and give their answers.

    Of those that the server did not know, and of no others, the texts are sent in one more.
    """
    commands = [script._by_digest(keys, arguments) for script, keys, arguments in calls]
    answers = connection.execute_many(commands)
    unknown = [at for at, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
    if unknown:
        texts = [calls[at][0]._by_text(*calls[at][1:]) for at in unknown]
        for at, answer in zip(unknown, connection.execute_many(texts), strict=True):
            answers[at] = answer
    if failures := [answer for answer in answers if isinstance(answer, Exception)]:
        raise failures[0]
    return answers


def _body(name: str) -> str:
    operation = _read(name)
    needed = _NEEDS.search(operation)
    parts = needed[1].split(", ") if needed else []
    return "\n".join([*(_read(part) for part in parts), operation])


@cache
def _read(name: str) -> str:
    return files(__package__).joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")
