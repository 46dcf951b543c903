"""From sources to settings that hold together, with every problem named at once."""

import copy
import os
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from otp_service.settings.checks import broken_rules
from otp_service.settings.model import Settings, variable
from otp_service.settings.problems import Problem, SettingsError
from otp_service.settings.sources import FILE_SUFFIX, TABLES, Given, read_sources

_APPLICATIONS = "applications"

# What pydantic reports of a default that could not be worked out since it hangs on a value that
# is wrong itself.
_CONSEQUENCE = "default_factory_not_called"
_UNKNOWN = "extra_forbidden"
_MISSING = "missing"
_NO_TABLE = frozenset({"dict_type", "model_type"})

_Place = tuple[int | str, ...]


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Give the settings of an environment; of this process's own if none is passed.

    Raises:
        SettingsError: names everything that is wrong, and shows no value.
    """
    given = read_sources(os.environ if environ is None else environ)
    settings, invalid = _validate(given)
    problems = [*given.problems, *invalid]
    problems += broken_rules(settings, faulty=_with_parents(problems))
    if problems:
        raise SettingsError(problems)
    return settings


def holding(settings: Settings, fixed: Mapping[str, Any]) -> Settings:
    """Give these settings with some values that cannot be changed, by the fields' names.

    Raises:
        SettingsError: they do not go together.
    """
    held = settings.model_copy(update=fixed)
    if problems := list(broken_rules(held, faulty=frozenset())):
        raise SettingsError(problems)
    return held


def _validate(given: Given) -> tuple[Settings, list[Problem]]:
    """Give what is valid, the rest at its default, and what is wrong with the rest.

    So the rules between settings are checked too, however many values are wrong by themselves.
    """
    values = copy.deepcopy(given.values)
    problems: list[Problem] = []
    while True:
        try:
            return Settings(**values), problems
        except ValidationError as error:
            # No input: it may be a secret.
            found = error.errors(include_url=False, include_input=False, include_context=False)
        own = [one for one in found if one["type"] != _CONSEQUENCE]
        problems += (_problem(one["loc"], kind=one["type"], message=one["msg"]) for one in own)
        for place in sorted({_to_take_out(one["loc"]) for one in own}, key=len, reverse=True):
            _take_out(values, place)


def _problem(place: _Place, *, kind: str, message: str) -> Problem:
    detail = message.removeprefix("Value error, ").replace("Input should", "should", 1)
    if kind == _UNKNOWN:
        detail = "there is no such setting"
    if kind == _MISSING:
        detail = "is required"
    if kind in _NO_TABLE:
        detail = "must be a table"
    if place[-1] == "[key]":
        detail = "an application's id has 1 to 32 of a-z, 0-9, _ and -"
        place = place[:-1]
    name, within = _split_at_entry(place)
    if within:
        detail = f"{_entry_in_words(within)} {detail}"
    if name[0] in TABLES:
        return Problem(".".join(map(str, name)), detail)
    return Problem(variable(str(name[0])), detail)


def _split_at_entry(place: _Place) -> tuple[_Place, _Place]:
    """Give the setting's own place, and the place within it if it is a list."""
    for at, step in enumerate(place):
        if isinstance(step, int):
            return place[:at], place[at:]
    return place, ()


def _entry_in_words(place: _Place) -> str:
    """Give ``entry 2: scopes: entry 1`` for ``(1, "scopes", 0)``."""
    return ": ".join(f"entry {step + 1}" if isinstance(step, int) else step for step in place)


def _to_take_out(place: _Place) -> _Place:
    """Give what a problem is about: a setting, an application, or one key of an application."""
    if place[0] != _APPLICATIONS:
        return place[:1]
    return place[:2] if place[-1] == "[key]" else place[:3]


def _take_out(values: dict[str, Any], place: _Place) -> None:
    *parents, last = place
    for parent in parents:
        values = values[str(parent)]
    del values[str(last)]


def _with_parents(problems: list[Problem]) -> frozenset[str]:
    """Give the names of the settings that have problems, and of the tables they are in."""
    names = set()
    for problem in problems:
        parts = problem.name.removesuffix(FILE_SUFFIX).split(".")
        names |= {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
    return frozenset(names)
