"""What the fraud guard shut, as a table or as JSON."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from otp_service.cli.no_journal import NoJournal
from otp_service.cli.table import print_table
from otp_service.domain.fraud import GuardMode, GuardScope
from otp_service.redis_store import RedisFraudLedger, ShutArea
from otp_service.settings import Settings
from otp_service.wiring import wire_store

_HEAD = (
    "application",
    "area",
    "country",
    "guard",
    "budget",
    "unverified",
    "verified",
    "opens",
    "opened until",
)


def ledger_of(settings: Settings) -> RedisFraudLedger:
    """Give what shows and opens; exit 1 where the store is one that nobody else sees into."""
    if settings.has_embedded_store:
        click.echo("problem: only the service itself sees into its embedded store", err=True)
        raise SystemExit(1)
    return RedisFraudLedger(wire_store(settings), NoJournal())


def print_shut(settings: Settings, *, is_json: bool) -> None:
    """Print every area that is over a budget of its application's guard, with its figures.

    Raises:
        StoreUnavailable: Redis did not answer; nothing was printed.
    """
    ledger = ledger_of(settings)
    applications = settings.domain_applications()
    shut = [area for each in applications.values() for area in ledger.shut(each)]
    modes = {application.id: application.fraud.mode for application in applications.values()}
    if is_json:
        told = [_told(area, modes[area.application_id]) for area in shut]
        click.echo(json.dumps(told, indent=2))
    elif shut:
        rows = [row for area in shut for row in _rows(area, modes[area.application_id])]
        print_table([_HEAD, *rows])
    else:
        click.echo("nothing is shut")


def _rows(area: ShutArea, mode: GuardMode) -> Iterator[tuple[str, ...]]:
    for shut in area.budgets:
        yield (
            area.application_id,
            area.subject,
            area.country,
            mode,
            shut.budget.name,
            f"{shut.tally.unverified} of {shut.limit}",
            str(shut.tally.verified),
            _minute(shut.opens_at),
            _minute(area.opened_until) if area.opened_until else "-",
        )


def _told(area: ShutArea, mode: GuardMode) -> dict[str, object]:
    return {
        "application": area.application_id,
        "scope": area.scope,
        "country": area.country,
        "prefix_tag": area.subject if area.scope is GuardScope.PREFIX else None,
        "guard": mode,
        "budgets": [
            {
                "name": shut.budget.name,
                "started": shut.tally.started,
                "verified": shut.tally.verified,
                "unverified": shut.tally.unverified,
                "limit": shut.limit,
                "opens_at": _exact(shut.opens_at),
            }
            for shut in area.budgets
        ],
        "opens_at": _exact(area.opens_at),
        "opened_until": _exact(area.opened_until) if area.opened_until else None,
    }


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _exact(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
