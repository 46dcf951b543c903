"""Profiles: the settings held to the clauses of a standard."""

from collections.abc import Iterator

from otp_service.domain.clauses import Finding, Profile, broken
from otp_service.settings.applications import ApplicationSettings
from otp_service.settings.model import Settings, variable
from otp_service.settings.problems import Problem

_BUDGETS = "budgets"
# What the most wrong guesses of a day follow from, beside the budgets.
_SHAPES_GUESSES = frozenset(
    {_BUDGETS, "attempts", "sends", "life_seconds", "resend_cooldown_seconds"}
)


def codes_break_profile(settings: Settings) -> Iterator[Problem]:
    """Name every setting, but for the budgets, that breaks a clause of a chosen profile."""
    return (problem for problem, finding in _broken(settings) if finding.setting != _BUDGETS)


def budgets_break_profile(settings: Settings) -> Iterator[Problem]:
    """Name the budgets that break a clause of a chosen profile."""
    return (problem for problem, finding in _broken(settings) if finding.setting == _BUDGETS)


def _broken(settings: Settings) -> Iterator[tuple[Problem, Finding]]:
    # The service's own rules are held to it even while every application has others: the next
    # application may not.
    tables = {"": ApplicationSettings(), **settings.applications}
    for profile in dict.fromkeys(settings.profile):
        for application_id, table in tables.items():
            application = table.to_domain(application_id, defaults=settings)
            fixed_pins = fixed_pins_at_stake(table)
            for finding in broken(application, profile, fixed_pins=fixed_pins):
                yield _problem(finding, application_id, table), finding


def _problem(finding: Finding, application_id: str, table: ApplicationSettings) -> Problem:
    setting = finding.setting
    reads = _SHAPES_GUESSES if setting == _BUDGETS else frozenset({setting})
    if application_id and not reads.isdisjoint(table.model_fields_set):
        name = f"applications.{application_id}.{setting}"
    else:
        name = setting if setting == _BUDGETS else variable(setting)
    return Problem(name, f"breaks {clause_name(finding.profile, finding.clause)}: {finding.why}")


def clause_name(profile: Profile, clause: str) -> str:
    """Give a clause's name in what operators read: ``nist-800-63b section 3.1.3.2``."""
    return f"{profile} section {clause}"


def fixed_pins_at_stake(table: ApplicationSettings) -> int:
    """Give how many fixed PINs open something real: those of a live application."""
    return len(table.test_numbers) if table.mode == "live" else 0
