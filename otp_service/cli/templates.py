"""``otp-service templates``."""

from datetime import timedelta

import click

from otp_service.domain.languages import choose_language
from otp_service.domain.message_text import MessageRequest, check_message
from otp_service.domain.phone import read_country
from otp_service.domain.templates import plan_template, render_english
from otp_service.errors import InvalidRequest

_EXAMPLE_PIN = "123456"


@click.command("templates")
@click.option("--locale", "locales", multiple=True, help="Wanted language; the first goes first.")
@click.option("--country", help="The phone's country, such as UA.")
@click.option("--default-language", help="The application's own language, such as uk.")
@click.option("--business-name")
@click.option("--action")
@click.option("--reason")
@click.option("--pin-type")
@click.option("--template-id", type=int, help="Force one template, 1 to 9.")
@click.option("--brand", help="The application's brand.")
@click.option("--life-seconds", default=300, show_default=True, help="How long a code lives.")
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
    try:
        check_message(request)
        template = plan_template(request, life=life, brand=brand)
        region = read_country(country) if country else None
    except InvalidRequest as refusal:
        for problem in refusal.problems:
            click.echo(f"problem: {problem.pointer}: {problem.detail}", err=True)
        raise SystemExit(1) from None
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
