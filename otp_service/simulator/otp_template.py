"""The nine OTP templates: which were asked for, with what, and what the reader sees.

Source:
    NXCloud, 'Send Message' (Viber), tables 'OTP Template' and 'OTP Template Lang', and the later
    edition of the same page for the second spelling of the fields.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from publicsuffixlist import PublicSuffixList

from otp_service.data import load
from otp_service.simulator.answer import REQUEST_PARAMETER_ERROR, Refused
from otp_service.simulator.field import is_text

Dialect = Literal["either", "documented", "current"]
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)

MAX_TEXT_CHARACTERS = 50
MAX_INTEGER = 2**31 - 1

_TEMPLATES: list[dict[str, Any]] = load("templates.json")["templates"]
_LANGUAGES = frozenset(entry["code"] for entry in load("languages.json")["languages"])
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_LINK_START = re.compile(r"[a-z][a-z0-9+.-]*://|\bwww\.", re.IGNORECASE)
_NAME_BEFORE_SLASH = re.compile(r"([^\s/:@]+\.[^\s/:@.]+)/")
_PUBLIC_SUFFIXES = PublicSuffixList(accept_unknown=False)


@dataclass(frozen=True, kw_only=True)
class _Spelling:
    """One edition's names for the three fields, and how it names a template."""

    template: str
    parameters: str
    language: str
    template_key: str
    parameters_are_text: bool

    def fields(self) -> tuple[str, str, str]:
        return (self.template, self.parameters, self.language)


# 'temolate' is the provider's own spelling.
_DOCUMENTED = _Spelling(
    template="temolateId",
    parameters="temolateParams",
    language="temolateLang",
    template_key="id",
    parameters_are_text=True,
)
_CURRENT = _Spelling(
    template="templateId",
    parameters="templateParams",
    language="templateLang",
    template_key="viber_id",
    parameters_are_text=False,
)


@dataclass(frozen=True, kw_only=True, repr=False)
class FilledTemplate:
    """A template with its parameters in place.

    Args:
        text: English, whatever the language: how Viber translates is not published.
    """

    template_id: int
    language: str
    text: str
    pin: str


def fill(data: Mapping[str, Any], dialect: Dialect) -> FilledTemplate:
    """Read the template fields of ``messageData``.

    Raises:
        Refused: With 9000, for anything that is missing, unknown, of another type or too long.
    """
    spelling = _spelling(data, dialect)
    for name in spelling.fields():
        if name not in data:
            raise _refused(f"{name} is missing")
    template = _template(data[spelling.template], spelling)
    language = data[spelling.language]
    if not isinstance(language, str) or language not in _LANGUAGES:
        raise _refused(f"{spelling.language} is none of the template languages")
    values = _parameters(data[spelling.parameters], spelling)
    _check_parameters(values, template)
    placeholders = {entry["placeholder"]: entry["name"] for entry in template["parameters"]}
    # One pass, so that a value that looks like a placeholder stays what it is.
    text = _PLACEHOLDER.sub(lambda m: str(values[placeholders[m.group(1)]]), template["text"])
    return FilledTemplate(
        template_id=template["id"], language=language, text=text, pin=values["pin"]
    )


def _spelling(data: Mapping[str, Any], dialect: Dialect) -> _Spelling:
    documented = any(name in data for name in _DOCUMENTED.fields())
    current = any(name in data for name in _CURRENT.fields())
    if documented and current:
        raise _refused("messageData mixes the two spellings of the template fields")
    if dialect == "documented" or (dialect == "either" and not current):
        return _DOCUMENTED
    return _CURRENT


def _template(given: object, spelling: _Spelling) -> dict[str, Any]:
    for template in _TEMPLATES:
        if isinstance(given, str) and given == str(template[spelling.template_key]):
            return template
    raise _refused(f"{spelling.template} is none of the nine templates")


def _parameters(given: object, spelling: _Spelling) -> dict[str, Any]:
    if spelling.parameters_are_text:
        if not isinstance(given, str):
            raise _refused(f"{spelling.parameters} is not a String of JSON")
        try:
            given = json.loads(given)
        except (ValueError, RecursionError) as error:
            raise _refused(f"{spelling.parameters} is not a String of JSON") from error
    if not isinstance(given, dict):
        raise _refused(f"{spelling.parameters} is no JSON object")
    return given


def _check_parameters(values: Mapping[str, Any], template: Mapping[str, Any]) -> None:
    known = {entry["name"]: entry["type"] for entry in template["parameters"]}
    if not values.keys() <= known.keys():
        raise _refused("a template parameter is not one of this template's")
    for name, kind in known.items():
        if name not in values:
            raise _refused(f"the template parameter {name} is missing")
        if kind == "integer":
            _check_integer(name, values[name])
        else:
            _check_text(name, values[name])


def _check_integer(name: str, value: object) -> None:
    if type(value) is not int or not 0 < value <= MAX_INTEGER:
        raise _refused(f"the template parameter {name} is no positive integer sent as a number")


def _check_text(name: str, value: object) -> None:
    if not is_text(value) or len(value) > MAX_TEXT_CHARACTERS:
        raise _refused(f"the template parameter {name} is no text of 1 to 50 characters")
    if _holds_link(value):
        raise _refused(f"the template parameter {name} holds a link")


def _holds_link(text: str) -> bool:
    if _LINK_START.search(text):
        return True
    names = _NAME_BEFORE_SLASH.findall(text)
    return any(_PUBLIC_SUFFIXES.publicsuffix(name) is not None for name in names)


def _refused(reason: str) -> Refused:
    return Refused(REQUEST_PARAMETER_ERROR, reason)
