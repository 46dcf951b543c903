"""What commands about one number share: the number as it is typed, and the store's file of it."""

import sys

import click

from otp_service.cli.no_journal import NoJournal
from otp_service.domain.phone import PhoneNumber, read_country, read_phone
from otp_service.errors import DestinationNotAllowed, InvalidRequest, PhoneInvalid
from otp_service.redis_store import NumberFiles
from otp_service.settings import Settings
from otp_service.wiring import wire_number_files, wire_store


def number_or_exit(text: str, country: str | None) -> PhoneNumber:
    """Give the number; else print what is wrong with it and exit 1.

    Args:
        text: as typed, or ``-`` for a line of standard input, which no list of processes shows.
    """
    if text == "-":
        text = sys.stdin.readline().rstrip("\r\n")
    try:
        return read_phone(text, country=read_country(country) if country is not None else None)
    except InvalidRequest as refusal:
        problem = f"--country {refusal.problems[0].detail}"
    except (PhoneInvalid, DestinationNotAllowed) as refusal:
        problem = refusal.detail
    raise fail(problem)


def files_or_exit(settings: Settings) -> NumberFiles:
    """Give the files of the settings' store; exit 1 where no other process can see into it."""
    if settings.has_embedded_store:
        raise fail("only the service itself sees into its embedded store")
    return wire_number_files(settings, wire_store(settings), NoJournal())


def fail(problem: str) -> SystemExit:
    """Print what is wrong and give the command's end."""
    click.echo(f"problem: {problem}", err=True)
    return SystemExit(1)
