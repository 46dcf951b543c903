"""``otp-service check``."""

import os

import click

from otp_service.cli.settings import settings_or_exit

_MULTIPROCESS_METRICS = "PROMETHEUS_MULTIPROC_DIR"


@click.command("check")
def command() -> None:
    """Read the settings, reach Redis and the provider's clock, name every problem at once."""
    settings = settings_or_exit()
    # What is looked at is wired as in the service, but must not be counted among its workers.
    # prometheus_client looks for their directory when it is first imported.
    os.environ.pop(_MULTIPROCESS_METRICS, None)
    from otp_service.cli.findings import (  # noqa: PLC0415
        examine_callbacks,
        examine_destinations,
        examine_guard,
        examine_profile,
        examine_provider,
        examine_store,
        examine_surfaces,
    )
    from otp_service.cli.test_number_findings import examine_test_numbers  # noqa: PLC0415

    findings = [
        *examine_profile(settings),
        *examine_store(settings),
        *examine_provider(settings),
        *examine_callbacks(settings),
        *examine_test_numbers(settings),
        *examine_destinations(settings),
        *examine_guard(settings),
        *examine_surfaces(settings),
    ]
    for finding in findings:
        if finding.is_problem:
            click.echo(f"problem: {finding.words}", err=True)
        else:
            click.echo(finding.words)
    if any(finding.is_problem for finding in findings):
        raise SystemExit(1)
    click.echo("ready")
