"""``otp-service serve``."""

import click

from otp_service.cli.server import serve_service
from otp_service.cli.settings import settings_or_exit


@click.command("serve")
def command() -> None:
    """Run the service with the settings of the environment, on the production server."""
    serve_service(settings_or_exit())
