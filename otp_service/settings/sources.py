"""Where settings come from: the environment, files of secrets, one TOML file.

Everything is read as far as it can be, and what cannot be is named; nothing is converted here.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import SecretStr

from otp_service.settings.model import PREFIX, Settings, variable
from otp_service.settings.problems import Problem

CONFIG_VARIABLE = "OTP_CONFIG"
FILE_SUFFIX = "_FILE"
TABLES = frozenset({"applications", "budgets", "prices"})
"""What only the TOML file can give."""

# The end of tomllib's error texts. What stands before may quote the file.
_TOML_PLACE = re.compile(r"\(at [^()]*\)\Z")


@dataclass(frozen=True, slots=True)
class Given:
    """What the sources give, by the names of the fields, and what is wrong with them."""

    values: dict[str, Any]
    problems: tuple[Problem, ...]


def _holds_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(map(_holds_secret, get_args(annotation)))


_FIELDS = {variable(name): name for name in Settings.model_fields if name not in TABLES}
_LISTS = frozenset(
    name for name, field in Settings.model_fields.items() if get_origin(field.annotation) is tuple
)
SECRET_FILES = {
    variable(name) + FILE_SUFFIX: name
    for name, field in Settings.model_fields.items()
    if _holds_secret(field.annotation)
}


def read_sources(environ: Mapping[str, str]) -> Given:
    """Read every source: the environment over files of secrets over the TOML file.

    An empty variable is one that is not given.
    """
    given = {name: text for name, text in environ.items() if name.startswith(PREFIX) and text}
    problems = [*_unknown(given), *_undecodable(given)]
    values: dict[str, Any] = {}
    if path := given.get(CONFIG_VARIABLE):
        values |= _read_toml(path, problems)
    for file_variable, field in SECRET_FILES.items():
        if file_variable not in given:
            continue
        if variable(field) in given:
            problems.append(Problem(variable(field), f"is given as {file_variable} too; drop one"))
        values |= _read_secret(file_variable, given[file_variable], problems)
    for name, text in given.items():
        if name in _FIELDS:
            values[_FIELDS[name]] = _split(_FIELDS[name], text, separator=",")
    return Given(values, tuple(problems))


def _unknown(given: Iterable[str]) -> Iterator[Problem]:
    known = [*_FIELDS, *SECRET_FILES, CONFIG_VARIABLE]
    for name in given:
        if name in map(variable, TABLES):
            word = name.removeprefix(PREFIX).lower()
            yield Problem(name, f"{word} are tables of the file that {CONFIG_VARIABLE} names")
        elif name not in known:
            yield _no_such(name, known)


def _no_such(name: str, known: Iterable[str]) -> Problem:
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    return Problem(name, f"there is no such setting{hint}")


def _undecodable(given: dict[str, str]) -> Iterator[Problem]:
    """Name, and take out, what is no text: bytes that are not UTF-8 arrive as lone surrogates."""
    for name, text in list(given.items()):
        if any("\ud800" <= character <= "\udfff" for character in text):
            del given[name]
            yield Problem(name, "is not UTF-8 text")


def _read_toml(path: str, problems: list[Problem]) -> dict[str, Any]:
    try:
        values = tomllib.loads(Path(path).read_bytes().decode())
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        detail = f"the file is not TOML {place.group() if place else ''}".rstrip()
        problems.append(Problem(CONFIG_VARIABLE, detail))
        return {}
    except (OSError, ValueError) as error:
        problems.append(Problem(CONFIG_VARIABLE, _unreadable(error)))
        return {}
    known = Settings.model_fields.keys()
    problems.extend(_no_such(name, known) for name in values.keys() - known)
    return {name: value for name, value in values.items() if name in known}


def _read_secret(name: str, path: str, problems: list[Problem]) -> dict[str, Any]:
    field = SECRET_FILES[name]
    try:
        text = Path(path).read_bytes().decode().strip()
    except (OSError, ValueError) as error:
        problems.append(Problem(name, _unreadable(error)))
        return {}
    if not text:
        problems.append(Problem(name, "the file is empty"))
        return {}
    return {field: _split(field, text, separator="\n")}


def _unreadable(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return f"the file cannot be read: {error.strerror}"
    return "the file is not UTF-8 text, or its name is none"


def _split(field: str, text: str, *, separator: str) -> str | list[str]:
    """Take a list apart; every other setting is one text."""
    if field not in _LISTS:
        return text
    return [part.strip() for part in text.split(separator) if part.strip()]
