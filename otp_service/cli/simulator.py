"""``otp-service simulator``."""

import click

from otp_service.cli.server import serve_simulator
from otp_service.cli.worker import serve_with_dialect

_THREADS = 32


@click.command("simulator")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to answer at.")
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=8001,
    show_default=True,
    help="Port to answer at.",
)
@click.option(
    "--dialect",
    type=click.Choice(["either", "documented", "current"]),
    default="either",
    show_default=True,
    help="Which spelling of the template fields is taken.",
)
def command(host: str, port: int, dialect: str) -> None:
    """Run the provider simulator alone.

    Its account, sim_access with sim_secret and sim_app, exists on this machine only.
    """
    serve_with_dialect(dialect)
    serve_simulator(host=host, port=port, threads=_THREADS)
