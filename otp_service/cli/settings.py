"""Settings for a command, or its end with every problem named."""

import click

from otp_service.settings import Settings, SettingsError, load_settings


def settings_or_exit() -> Settings:
    """Give the settings; else print what is wrong with them, one a line, and exit 1."""
    try:
        return load_settings()
    except SettingsError as error:
        for problem in error.problems:
            click.echo(f"problem: {problem}", err=True)
        raise SystemExit(1) from None
