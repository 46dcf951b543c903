"""``otp-service check``."""

from datetime import timedelta

import click

from otp_service.cli.settings import settings_or_exit
from otp_service.nxcloud.clock_check import (
    TOLERANCE,
    ClockUnread,
    check_clock,
    offset_in_words,
)
from otp_service.redis_store import NumberKeyMark, store_problems
from otp_service.settings import Settings
from otp_service.wiring import SystemClock, store_address, wire_store, wire_transport


@click.command("check")
def command() -> None:
    """Read the settings, reach Redis and the provider's clock, and name every problem at once."""
    settings = settings_or_exit()
    problems = [*_store(settings), *_provider(settings)]
    for problem in problems:
        click.echo(f"problem: {problem}", err=True)
    if problems:
        raise SystemExit(1)
    click.echo("ready")


def _store(settings: Settings) -> list[str]:
    connection = wire_store(settings)
    problems = list(store_problems(connection, store_address(settings)))
    if problems:
        return problems
    click.echo("store: answers, and keeps what it is given")
    if NumberKeyMark(connection, settings.number_key_bytes()).is_of_another_key():
        problems.append(
            "OTP_NUMBER_KEY is not the key this store was used with: with it, every counter and "
            "list of numbers, and every verification under way, is forgotten."
        )
    return problems


def _provider(settings: Settings) -> list[str]:
    with wire_transport(settings) as transport:
        found = check_clock(transport, SystemClock())
    if isinstance(found, ClockUnread):
        return [f"The provider's clock at {settings.nxcloud_base_url}: {found.words}."]
    if abs(found) > TOLERANCE:
        return [f"{offset_in_words(found)} Beyond 60 s the provider refuses every message."]
    click.echo(f"provider: answers; clocks differ by {_tenths(found)} s")
    return []


def _tenths(offset: timedelta) -> str:
    return f"{abs(offset).total_seconds():.1f}"
