"""The API keys of the settings as a table, each with its last use as the store knows it."""

from collections.abc import Sequence
from datetime import UTC, datetime

import click

from otp_service.cli.no_journal import NoJournal
from otp_service.cli.table import print_table
from otp_service.errors import StoreUnavailable
from otp_service.nxcloud.system_clock import SystemClock
from otp_service.redis_store import RedisKeyUses
from otp_service.settings import ApiKeySettings, Settings
from otp_service.wiring import wire_store

_HEAD = ("application", "key", "scopes", "last use", "expires")
_UNKNOWN = "unknown"


def print_keys(settings: Settings) -> None:
    """Print a line a key: application, name, scopes, last use and end; no key and no whole hash.

    Exits 1 if the store could not say when the keys were used.
    """
    keys = [
        (application_id, key)
        for application_id, table in settings.applications.items()
        for key in table.every_key
    ]
    uses, problem = _last_uses(settings, [key.fingerprint for _, key in keys])
    now = SystemClock().now()
    rows = [
        (application_id, key.id, ",".join(key.scopes), use, _end(key, now))
        for (application_id, key), use in zip(keys, uses, strict=True)
    ]
    print_table([_HEAD, *rows])
    if problem:
        click.echo(f"problem: {problem}", err=True)
        raise SystemExit(1)


def _last_uses(settings: Settings, fingerprints: Sequence[str]) -> tuple[list[str], str | None]:
    """Give each last use in words, and what is wrong if they are unknown."""
    unknown = [_UNKNOWN] * len(fingerprints)
    if settings.has_embedded_store:
        click.echo("note: only the service itself sees into its embedded store", err=True)
        return unknown, None
    try:
        uses = RedisKeyUses(wire_store(settings), NoJournal()).last_uses(fingerprints)
    except StoreUnavailable as failure:
        return unknown, f"Redis does not answer ({type(failure.__cause__).__name__})."
    return [_minute(use) if use else "never seen" for use in uses], None


def _end(key: ApiKeySettings, now: datetime) -> str:
    if key.expires is None:
        return "never"
    return _minute(key.expires) + (" (over)" if key.expires <= now else "")


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
