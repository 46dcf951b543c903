"""``otp-service fraud``."""

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import click

from otp_service.domain.destinations import NumberHashes
from otp_service.domain.number_prefix import PrefixScheme
from otp_service.domain.phone import read_country, read_phone
from otp_service.errors import InvalidRequest, OtpError, PhoneInvalid, StoreUnavailable
from otp_service.settings import Settings

_DEFAULT_HOURS = 24
_MOST_HOURS = 168
_TAG = re.compile(r"[A-Za-z0-9_-]{8}")
_ANY_LAST_DIGITS = "0000"

_as_json = click.option("--json", "is_json", is_flag=True, help="Print JSON, for programs.")
# A tag may begin with a hyphen, and no command here has a one-letter option.
_takes_tags = {"ignore_unknown_options": True}


@click.group("fraud", invoke_without_command=True)
@_as_json
@click.pass_context
def command(context: click.Context, *, is_json: bool) -> None:
    """Show what the fraud guard shut, why and until when, and open it.

    Of a range of numbers its tag is shown, for nothing else of it is kept: `otp-service fraud
    prefix` prints the tag of a number's range.
    """
    if context.invoked_subcommand is not None:
        return
    from otp_service.cli.fraud_list import print_shut  # noqa: PLC0415 - brings the store along

    settings = _settings()
    with _told_of_the_store():
        print_shut(settings, is_json=is_json)


@command.command("open", context_settings=_takes_tags)
@click.argument("application")
@click.argument("area")
@click.option(
    "--hours",
    type=click.IntRange(1, _MOST_HOURS),
    default=_DEFAULT_HOURS,
    show_default=True,
    help="For how long. What was counted until now has left every window after a day.",
)
@_as_json
def open_area(application: str, area: str, hours: int, *, is_json: bool) -> None:
    """Let starts of AREA, a country or a range's tag, pass for a while. They still count."""
    from otp_service.cli.fraud_list import ledger_of  # noqa: PLC0415 - brings the store along

    settings = _settings()
    application, subject = _known(settings, application), _subject(area)
    with _told_of_the_store():
        ledger_of(settings).open(application, subject, span=timedelta(hours=hours))
    if is_json:
        _echo_json(application=application, area=subject, opened_for_seconds=hours * 3_600)
    else:
        click.echo(f"{application}: {subject} is open for {hours} h")


@command.command("close", context_settings=_takes_tags)
@click.argument("application")
@click.argument("area")
@_as_json
def close_area(application: str, area: str, *, is_json: bool) -> None:
    """Leave AREA, a country or a range's tag, to the guard again."""
    from otp_service.cli.fraud_list import ledger_of  # noqa: PLC0415 - brings the store along

    settings = _settings()
    application, subject = _known(settings, application), _subject(area)
    with _told_of_the_store():
        was_open = ledger_of(settings).close(application, subject)
    if is_json:
        _echo_json(application=application, area=subject, was_open=was_open)
    else:
        state = "left to the guard again" if was_open else "was not open"
        click.echo(f"{application}: {subject} {state}")


@command.command("hash")
@click.argument("numbers", nargs=-1)
def print_hashes(numbers: tuple[str, ...]) -> None:
    """Print what allowed_numbers and denied_numbers take for numbers in E.164.

    Without any, numbers are read from standard input, one a line, which keeps them out of the
    shell's history and the list of processes.
    """
    hashes = NumberHashes(_settings().number_key_bytes())
    _print_each(numbers, lambda text: hashes.hash(read_phone(text, country=None).e164))


@command.command("prefix")
@click.argument("numbers", nargs=-1)
def print_tags(numbers: tuple[str, ...]) -> None:
    """Print the tags of ranges: each a number in E.164, or one without its last 4 digits.

    Without any, they are read from standard input, one a line.
    """
    prefixes = PrefixScheme(_settings().number_key_bytes())
    _print_each(numbers, lambda text: prefixes.tag(_number_of_range(text)))


def _number_of_range(text: str) -> str:
    try:
        return read_phone(text, country=None).e164
    except PhoneInvalid:
        return read_phone(text.strip() + _ANY_LAST_DIGITS, country=None).e164


def _print_each(numbers: Sequence[str], convert: Callable[[str], str]) -> None:
    """Print what each number comes to, or name all that cannot be by their place; exit 1 then."""
    lines = numbers or [line for line in sys.stdin if line.strip()]
    is_wrong = False
    for place, text in enumerate(lines, start=1):
        try:
            click.echo(convert(text.rstrip("\r\n")))
        except OtpError as problem:
            is_wrong = True
            click.echo(f"problem: number {place}: {problem.detail}", err=True)
    if is_wrong:
        raise SystemExit(1)


def _settings() -> Settings:
    from otp_service.cli.settings import settings_or_exit  # noqa: PLC0415 - help needs none

    return settings_or_exit()


def _known(settings: Settings, application: str) -> str:
    if application in settings.applications:
        return application
    raise click.BadParameter(
        f"there is no such application, only {', '.join(sorted(settings.applications))}",
        param_hint="APPLICATION",
    )


def _subject(area: str) -> str:
    if _TAG.fullmatch(area):
        return area
    try:
        return read_country(area)
    except InvalidRequest:
        raise click.BadParameter(
            "must be a country's two letters or a range's tag of 8 characters, as `otp-service "
            "fraud` and `otp-service fraud prefix` print it",
            param_hint="AREA",
        ) from None


def _echo_json(**told: object) -> None:
    click.echo(json.dumps(told))


@contextmanager
def _told_of_the_store() -> Iterator[None]:
    """Say in a line that the store is away."""
    try:
        yield
    except StoreUnavailable as failure:
        reason = type(failure.__cause__).__name__
        click.echo(f"problem: Redis does not answer ({reason}).", err=True)
        raise SystemExit(1) from None
