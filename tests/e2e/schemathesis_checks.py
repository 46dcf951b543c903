"""What Schemathesis cannot know: the refusals of well-formed requests that no schema can tell."""

from collections.abc import Iterable

import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, Response

# Whether a number exists, and what its owner typed, are no matter of form.
_BEYOND_FORM = frozenset({"phone_invalid", "code_incorrect"})
# Nor are these, among the details of what a field may not hold.
_RULES_OF_TEXTS = (
    "must not hold a link",
    "must not be empty",
    "the template",
    "bytes in all",
)


@schemathesis.check
def well_formed_requests_are_refused_for_their_meaning_alone(
    _context: CheckContext, response: Response, case: Case
) -> None:
    """Hold 400, which the check of accepted data is told to expect, to its few good reasons."""
    is_well_formed = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if not is_well_formed or response.status_code != 400:
        return
    problem = response.json()
    if problem["code"] not in _BEYOND_FORM and not _are_rules_of_texts(problem.get("errors", [])):
        raise AssertionError(f"refused: {problem['detail']}")


def _are_rules_of_texts(errors: Iterable[dict[str, str]]) -> bool:
    errors = list(errors)
    fields = ("#/message", "#/context")
    details = [each["detail"] for each in errors if each["pointer"].startswith(fields)]
    return bool(details) and all(
        any(rule in detail.lower() for rule in _RULES_OF_TEXTS) for detail in details
    )
