"""The command line. Each command's parts are imported when it runs, so that ``--help`` is quick."""

from importlib import import_module

import click

from otp_service.cli.loading import quick_loading

_COMMANDS = {
    "serve": "Run the service with the settings of the environment, on the production server.",
    "check": "Read the settings, reach Redis and the provider's clock, name every problem at once.",
    "keys": "Draw an API key, or list those of the settings with their scopes and last use.",
    "policy": "Say what the settings allow a guesser and a spender, and which clauses they meet.",
    "fraud": "Show what the fraud guard shut, why and until when, and open it.",
    "test-numbers": "Make a number with a fixed PIN for the settings, or list those they hold.",
    "templates": "Show which template and language would be sent and why, and the English text.",
    "support": "Show one number's timeline, limits and verifications, or lift its limits.",
    "forget": "Erase one number everywhere in the store.",
    "send": "Send one Viber message of any type, or show what would be sent.",
    "simulator": "Run the provider simulator alone.",
    "demo": "Run service and simulator together on this machine, without Redis or an account.",
}


class _Commands(click.Group):
    """Knows every command by name and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        with quick_loading():
            module = import_module(f"otp_service.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(cls=_Commands)
@click.version_option(package_name="otp-service", prog_name="otp-service")
def main() -> None:
    """One-time codes over Viber: start a verification, check what was typed."""
