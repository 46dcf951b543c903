"""The nine templates, and which of them a message takes: filled, true, and the most specific."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from otp_service import data
from otp_service.domain.message_text import BRAND_FIELD, MessageRequest
from otp_service.errors import FieldProblem, InvalidRequest

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_TEMPLATE_POINTER = "/message/template_id"


class ValidityUnit(StrEnum):
    """In what a template counts a code's life."""

    MINUTES = "minutes"
    HOURS = "hours"

    @property
    def span(self) -> timedelta:
        """How long one of it is."""
        return timedelta(**{self.value: 1})


@dataclass(frozen=True, slots=True)
class Validity:
    """What a template says about a code's life.

    Args:
        fixed: the number its text holds; None where it takes the number as a parameter.
    """

    unit: ValidityUnit
    fixed: int | None = None

    @property
    def claim(self) -> str:
        """What it says, in words."""
        return f"{'whole' if self.fixed is None else self.fixed} {self.unit.value}"

    def is_true_of(self, life: timedelta) -> bool:
        """Tell whether a code of this life makes the sentence true."""
        if self.fixed is not None:
            return life == self.fixed * self.unit.span
        return life >= self.unit.span and not life % self.unit.span


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a template.

    Args:
        name: as the provider spells it, such as ``businessPlatformName``.
        placeholder: as it stands in the English text.
        field: our own API's name; None for the PIN and its validity, which no caller gives.
    """

    name: str
    placeholder: str
    field: str | None


@dataclass(frozen=True, slots=True)
class Template:
    """One of the nine.

    Args:
        id: 1 to 9, as the provider numbers them.
        viber_id: the same template's UUID at Viber.
        validity: None where it says nothing about the code's life.
        text: the English text, with ``{{placeholders}}``.
    """

    id: int
    viber_id: str
    parameters: tuple[Parameter, ...]
    validity: Validity | None
    text: str

    @property
    def fields(self) -> tuple[str, ...]:
        """The texts it needs, by the names of our own API."""
        return tuple(p.field for p in self.parameters if p.field is not None)

    def is_true_of(self, life: timedelta) -> bool:
        """Tell whether what it says about a code's life, if anything, is so."""
        return self.validity is None or self.validity.is_true_of(life)


@dataclass(frozen=True, slots=True)
class TemplateChoice:
    """The template a message takes.

    Args:
        texts: its texts by the names of our own API, a default included; no other.
        unused: what was given and the template does not hold, by the same names.
        reasons: a sentence for each rule that narrowed the choice down, in their order; at least
            one.
    """

    template_id: int
    texts: dict[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A template that is wholly filled and true, beside what was given."""

    template: Template
    given: frozenset[str]

    @property
    def unused_count(self) -> int:
        """How many of the given texts it does not hold."""
        return len(self.given.difference(self.template.fields))

    @property
    def is_silent_on_validity(self) -> bool:
        """Whether it says nothing about the code's life."""
        return self.template.validity is None

    @property
    def is_without_default(self) -> bool:
        """Whether every text it holds was given, so that no default fills one."""
        return self.given.issuperset(self.template.fields)


_ONLY_CANDIDATE = "No other template is wholly filled and true of this code's life."


@dataclass(frozen=True, slots=True)
class Criterion:
    """One rule of preference: the candidates of the least cost stay.

    Args:
        reason: why the rule is there, as a sentence about the template that stays.
    """

    name: str
    cost: Callable[[Candidate], int]
    reason: str


PREFERENCE = (
    Criterion(
        "fewest_unused",
        lambda candidate: candidate.unused_count,
        "It holds the most of what was given: the caller's own words tell the user most.",
    ),
    Criterion(
        "states_validity",
        lambda candidate: candidate.is_silent_on_validity,
        "It says how long the code lives, truly: the user knows when to ask for another.",
    ),
    Criterion(
        "uses_brand",
        lambda candidate: candidate.is_without_default,
        "It names the application's brand: the user knows who asks.",
    ),
    Criterion(
        "lower_id",
        lambda candidate: candidate.template.id,
        "Of equals it has the lowest id: the same request always gets the same message.",
    ),
)


def _read_template(row: dict[str, Any]) -> Template:
    validity = row["validity"]
    return Template(
        id=row["id"],
        viber_id=row["viber_id"],
        parameters=tuple(
            Parameter(p["name"], p["placeholder"], p.get("field")) for p in row["parameters"]
        ),
        validity=validity and Validity(ValidityUnit(validity["unit"]), validity.get("fixed")),
        text=row["text"],
    )


TEMPLATES: Mapping[int, Template] = MappingProxyType(
    {row["id"]: _read_template(row) for row in data.load("templates.json")["templates"]}
)


def plan_template(request: MessageRequest, *, life: timedelta, brand: str | None) -> TemplateChoice:
    """Choose the most specific template that is wholly filled and true.

    Args:
        life: how long the code lives.
        brand: the application's, which fills ``business_name`` where the caller gave none.

    Raises:
        InvalidRequest: ``template_id`` names a template that is not filled, or not true.
    """
    defaults = {} if brand is None else {BRAND_FIELD: brand}
    filled = defaults | request.texts
    if request.template_id is not None:
        template = _forced_template(request.template_id, filled, life)
        return _choice(template, request, filled, ("The caller asked for it by its id.",))
    given = frozenset(request.texts)
    candidates = [
        Candidate(template, given)
        for template in TEMPLATES.values()
        if template.is_true_of(life) and filled.keys() >= set(template.fields)
    ]
    reasons = [_ONLY_CANDIDATE] if len(candidates) == 1 else []
    for criterion in PREFERENCE:
        least = min(map(criterion.cost, candidates))
        kept = [candidate for candidate in candidates if criterion.cost(candidate) == least]
        if len(kept) < len(candidates):
            reasons.append(criterion.reason)
        candidates = kept
    return _choice(candidates[0].template, request, filled, tuple(reasons))


def template_faults(template: Template, texts: Mapping[str, str], *, life: timedelta) -> list[str]:
    """Say what keeps a template from being filled and true, each to follow its name; none if it is.

    Args:
        texts: by the names of our own API; more than it holds are no fault.
    """
    faults = []
    if missing := [name for name in template.fields if name not in texts]:
        faults.append(f"needs {' and '.join(missing)}")
    if template.validity is not None and not template.validity.is_true_of(life):
        claim = template.validity.claim
        faults.append(f"says {claim}, but this code lives {life.total_seconds():g} s")
    return faults


def validity_value(template: Template, life: timedelta) -> int | None:
    """Give the number a template takes for a code's life, in its own unit; None if it takes none.

    Raises:
        ValueError: no such number would be true.
    """
    if template.validity is None or template.validity.fixed is not None:
        return None
    if not template.is_true_of(life):
        raise ValueError(f"template {template.id} cannot tell the truth about {life}")
    return life // template.validity.unit.span


def render_english(template_id: int, texts: Mapping[str, str], *, life: timedelta, pin: str) -> str:
    """Give the English text of a message.

    Args:
        texts: as a ``TemplateChoice`` holds them.
        pin: the digits, or whatever stands for them.
    """
    template = TEMPLATES[template_id]
    values = {p.placeholder: texts[p.field] for p in template.parameters if p.field is not None}
    values |= {"pin": pin, "code_validity_time": str(validity_value(template, life))}
    # In one pass: a placeholder inside a caller's text stays as it is.
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template.text)


def _forced_template(template_id: int, filled: Mapping[str, str], life: timedelta) -> Template:
    template = TEMPLATES.get(template_id)
    if template is None:
        raise InvalidRequest(FieldProblem(_TEMPLATE_POINTER, "must be 1 to 9"))
    if faults := template_faults(template, filled, life=life):
        detail = f"template {template_id} {'; it '.join(faults)}"
        raise InvalidRequest(FieldProblem(_TEMPLATE_POINTER, detail))
    return template


def _choice(
    template: Template,
    request: MessageRequest,
    filled: Mapping[str, str],
    reasons: tuple[str, ...],
) -> TemplateChoice:
    return TemplateChoice(
        template_id=template.id,
        texts={name: filled[name] for name in template.fields},
        unused=tuple(name for name in request.texts if name not in template.fields),
        reasons=reasons,
    )
