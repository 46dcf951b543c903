"""``otp-service policy``."""

import json

import click


@click.group("policy")
def command() -> None:
    """Say what the settings allow a guesser and a spender, and which clauses they meet."""


@command.command("explain")
@click.option(
    "--application",
    "only",
    metavar="ID",
    help="That one alone.  [default: every application]",
)
@click.option("--json", "as_json", is_flag=True, help="The figures as JSON.")
def explain(only: str | None, *, as_json: bool) -> None:
    """Print the chance of a guesser, the most messages and money of a day, and the clauses met.

    All of it follows from the settings alone; no store and no provider is asked.
    """
    from otp_service.cli.policy_figures import figures  # noqa: PLC0415 - "--help" is quick
    from otp_service.cli.policy_words import words  # noqa: PLC0415
    from otp_service.cli.settings import settings_or_exit  # noqa: PLC0415
    from otp_service.nxcloud.system_clock import SystemClock  # noqa: PLC0415

    settings = settings_or_exit()
    if only is not None and only not in settings.applications:
        raise click.BadParameter("there is no such application", param_hint="--application")
    found = figures(settings, SystemClock().now(), only=only)
    click.echo(json.dumps(found, indent=2) if as_json else "\n".join(words(found)))
