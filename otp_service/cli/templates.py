"""``otp-service templates``."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TypeVar

import click

from otp_service.domain.languages import LANGUAGES, choose_language
from otp_service.domain.message_text import MessageRequest, check_message, text_problem
from otp_service.domain.phone import read_country
from otp_service.domain.templates import TemplateChoice, plan_template, render_english
from otp_service.errors import FieldProblem, InvalidRequest

_EXAMPLE_PIN = "123456"
# The widest that settings allow.
SHORTEST_LIFE_SECONDS = 30
LONGEST_LIFE_SECONDS = 3_600

_Read = TypeVar("_Read")


@click.command("templates")
@click.option(
    "--locale",
    "locales",
    multiple=True,
    metavar="TAG",
    help="A language the user reads, such as pt-BR; repeat it, the most wanted first.",
)
@click.option("--country", help="The phone's country, such as UA.")
@click.option("--default-language", metavar="CODE", help="The application's, such as uk.")
@click.option("--brand", help="The application's; it fills business_name where none is given.")
@click.option("--business-name", help="Who asks, as the caller gives it.")
@click.option("--action", help="What the code is for, such as payment.")
@click.option("--reason", help="Why the user gets it.")
@click.option("--pin-type", help="What the code is called, such as login.")
@click.option("--template-id", type=int, help="Force one template, 1 to 9.")
@click.option(
    "--life-seconds",
    type=click.IntRange(SHORTEST_LIFE_SECONDS, LONGEST_LIFE_SECONDS),
    default=300,
    show_default=True,
    help="How long a code lives.",
)
def command(
    locales: tuple[str, ...],
    country: str | None,
    default_language: str | None,
    brand: str | None,
    life_seconds: int,
    **message: str | int | None,
) -> None:
    """Show which template and language would be sent and why, and the English text."""
    request = MessageRequest(**message)  # type: ignore[arg-type]
    life = timedelta(seconds=life_seconds)
    problems = [*_application_problems(brand, default_language)]
    region = _read(problems, lambda: None if country is None else read_country(country))
    template = _read(problems, lambda: _plan(request, life=life, brand=brand))
    if problems or template is None:
        for problem in problems:
            click.echo(f"problem: {problem.pointer.rpartition('/')[2]}: {problem.detail}", err=True)
        raise SystemExit(1)
    language = choose_language(locales, country=region, default=default_language)
    click.echo(f"template: {template.template_id}")
    for reason in template.reasons:
        click.echo(f"  {reason}")
    if template.unused:
        click.echo(f"  not held by it: {', '.join(template.unused)}")
    click.echo(f"language: {language.code}")
    click.echo(f"  {language.detail}")
    text = render_english(template.template_id, template.texts, life=life, pin=_EXAMPLE_PIN)
    click.echo(f"in English: {text}")


def _read(problems: list[FieldProblem], reading: Callable[[], _Read]) -> _Read | None:
    """Give what is read, or None with what is wrong with it added to the problems."""
    try:
        return reading()
    except InvalidRequest as refusal:
        problems.extend(refusal.problems)
        return None


def _application_problems(brand: str | None, language: str | None) -> Iterator[FieldProblem]:
    """Judge what the settings have judged for the service."""
    if brand is not None and (problem := text_problem(brand)):
        yield FieldProblem("/brand", problem)
    if language is not None and language not in LANGUAGES:
        yield FieldProblem("/default_language", f"must be one of {', '.join(LANGUAGES)}")


def _plan(request: MessageRequest, *, life: timedelta, brand: str | None) -> TemplateChoice:
    check_message(request)
    return plan_template(request, life=life, brand=brand)
