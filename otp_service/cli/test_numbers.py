"""``otp-service test-numbers``."""

import sys
from datetime import UTC, datetime, timedelta

import click

from otp_service.cli.settings import settings_or_exit
from otp_service.domain.api_key import read_key_id
from otp_service.domain.identity import IdScheme
from otp_service.domain.phone import PhoneNumber, read_phone
from otp_service.domain.pin import draw_pin
from otp_service.domain.test_number import LONGEST_LIFE, FixedPinScheme, fixed_pin_problem
from otp_service.errors import DestinationNotAllowed, PhoneInvalid
from otp_service.nxcloud.system_clock import SystemClock
from otp_service.settings import Settings
from otp_service.settings.test_numbers import DEFAULT_STARTS_PER_DAY, MOST_STARTS_PER_DAY

_DEFAULT_DAYS = 90


@click.group("test-numbers")
def command() -> None:
    """Make a number with a fixed PIN for the settings, or list those they hold."""


@command.command("new")
@click.option("--application", required=True, metavar="ID", help="As its table is called.")
@click.option("--phone", required=True, metavar="NUMBER", help="With + and country calling code.")
@click.option(
    "--id",
    "name",
    metavar="NAME",
    help="Names it in logs and lists; by default its country and last two digits.",
)
@click.option(
    "--ask-pin",
    is_flag=True,
    help="Ask for the PIN, or read it from a pipe, instead of drawing one.",
)
@click.option(
    "--days",
    type=click.IntRange(1, LONGEST_LIFE.days),
    default=_DEFAULT_DAYS,
    show_default=True,
    help="How long it is good, until midnight UTC.",
)
@click.option(
    "--starts-per-day",
    type=click.IntRange(1, MOST_STARTS_PER_DAY),
    default=DEFAULT_STARTS_PER_DAY,
    show_default=True,
    help="Starts in any 24 hours.",
)
def new(
    application: str, phone: str, name: str | None, days: int, starts_per_day: int, *, ask_pin: bool
) -> None:
    """Print the PIN of a test number, this once, and the table for the settings.

    Number and PIN stand in the table as keyed hashes. Both need OTP_NUMBER_KEY, so the settings
    are read; nothing is written anywhere.
    """
    settings = settings_or_exit()
    pin_digits = _pin_digits(settings, application)
    number = _number(phone)
    name = _name(name, number)
    digits = _asked_pin(pin_digits) if ask_pin else _drawn_pin(pin_digits)
    number_key = settings.number_key_bytes()
    hashed = FixedPinScheme(number_key).make(
        application, IdScheme(number_key).number_tag(number.e164), digits=digits
    )
    if not ask_pin:
        click.echo(digits)
        click.echo()
        click.echo("# The PIN above is shown this once. It opens this application for as long as")
        click.echo("# the settings, in the file that OTP_CONFIG names, have this table:")
    click.echo(f"[[applications.{application}.test_numbers]]")
    click.echo(f'id = "{name}"')
    click.echo(f'number_tag = "{hashed.number_tag}"')
    click.echo(f'pin_hmac = "{hashed.pin_hash}"')
    click.echo(f'seal = "{hashed.seal}"')
    click.echo(f"until = {_end(SystemClock().now(), days):%Y-%m-%dT%H:%M:%SZ}")
    click.echo(f"starts_per_day = {starts_per_day}")


@command.command("list")
def show() -> None:
    """List the test numbers of the settings, by their names, with their ends."""
    now = SystemClock().now()
    for application_id, table in settings_or_exit().applications.items():
        for entry in table.test_numbers:
            over = " (over)" if entry.until <= now else ""
            end = f"until {entry.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC{over}"
            budget = f"{entry.starts_per_day} starts a day"
            click.echo(f"{application_id} ({table.mode})  {entry.id}  {budget}  {end}")


def _pin_digits(settings: Settings, application: str) -> int:
    if settings.demo and "number_key" not in settings.model_fields_set:
        raise click.ClickException("OTP_NUMBER_KEY is not set: the demo draws its own each time.")
    known = settings.domain_applications()
    if application not in known:
        raise click.BadParameter(
            f"there is none but {', '.join(known)}", param_hint="--application"
        )
    return known[application].rules.pin_digits


def _number(text: str) -> PhoneNumber:
    try:
        return read_phone(text, country=None)
    except (PhoneInvalid, DestinationNotAllowed) as refusal:
        raise click.BadParameter(refusal.detail, param_hint="--phone") from None


def _name(given: str | None, number: PhoneNumber) -> str:
    try:
        return read_key_id(given or f"{number.country.lower()}-{number.e164[-2:]}")
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--id") from None


def _asked_pin(pin_digits: int) -> str:
    # Never an argument: every user of the machine can read those.
    if sys.stdin.isatty():
        digits: str = click.prompt("PIN", hide_input=True, err=True)
    else:
        # A prompt without echo would ask the terminal and leave the pipe unread.
        digits = sys.stdin.readline().rstrip("\r\n")
    if problem := fixed_pin_problem(digits, pin_digits=pin_digits):
        raise click.ClickException(f"The PIN {problem}.")
    return digits


def _drawn_pin(pin_digits: int) -> str:
    while fixed_pin_problem(digits := draw_pin(pin_digits).digits, pin_digits=pin_digits):
        continue
    return digits


def _end(now: datetime, days: int) -> datetime:
    return (now + timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
