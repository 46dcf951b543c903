"""``otp-service keys``."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from otp_service.domain.api_key import (
    KeyKind,
    Scope,
    draw_key,
    hash_key,
    name_of_hash,
    read_key_id,
    read_scope,
)

_Read = TypeVar("_Read")


@click.group("keys")
def command() -> None:
    """Draw an API key, or list those of the settings with their scopes and last use."""


def _reading(
    read: Callable[[str], _Read],
) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Give what lets click read an option, be it given once, several times or not at all."""

    def convert(_context: click.Context, _option: click.Parameter, given: Any) -> Any:
        try:
            if isinstance(given, tuple):
                return tuple(map(read, given))
            return None if given is None else read(given)
        except ValueError as problem:
            raise click.BadParameter(str(problem)) from None

    return convert


@command.command("new")
@click.option(
    "--application",
    metavar="ID",
    callback=_reading(read_key_id),
    help="Whose key it is, as its table is called.",
)
@click.option(
    "--operator",
    "is_operators",
    is_flag=True,
    help="A key of whoever runs the service instead: for /metrics, /docs and /openapi.",
)
@click.option(
    "--live/--test",
    "is_live",
    default=True,
    help="What the key's prefix says, to whoever finds it.  [default: live]",
)
@click.option(
    "--id",
    "key_id",
    metavar="NAME",
    callback=_reading(read_key_id),
    help="Names the key in logs and lists; by default the first 8 digits of its hash.",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    callback=_reading(read_scope),
    help=f"What it is good for: {', '.join(Scope)}; repeat it. Every one by default.",
)
@click.pass_context
def new(
    context: click.Context,
    application: str | None,
    key_id: str | None,
    scopes: tuple[Scope, ...],
    *,
    is_operators: bool,
    is_live: bool,
) -> None:
    """Draw a key and print it, this once, with what goes into the settings.

    Nothing is written anywhere and no settings are read.
    """
    if is_operators:
        _refuse_beside_operator(context)
        _print_operator_key()
        return
    if application is None:
        raise click.UsageError("Missing option '--application', or '--operator'.")
    key = draw_key(KeyKind.LIVE if is_live else KeyKind.TEST)
    key_hash = hash_key(key)
    words = ", ".join(f'"{scope}"' for scope in Scope if scope in scopes or not scopes)
    click.echo(key)
    click.echo()
    click.echo("# The key above is shown this once: put it where its caller keeps secrets.")
    click.echo("# The settings take its hash, in the file that OTP_CONFIG names:")
    click.echo(f"[[applications.{application}.api_keys]]")
    click.echo(f'id = "{key_id or name_of_hash(key_hash)}"')
    click.echo(f'sha256 = "{key_hash}"')
    click.echo(f"scopes = [{words}]")


def _refuse_beside_operator(context: click.Context) -> None:
    """Let no option through that says what an application's key is good for."""
    for option in ("application", "is_live", "key_id", "scopes"):
        if context.get_parameter_source(option) is ParameterSource.COMMANDLINE:
            raise click.UsageError("'--operator' goes with no other option.")


def _print_operator_key() -> None:
    key = draw_key(KeyKind.OPERATOR)
    click.echo(key)
    click.echo()
    click.echo("# The key above is shown this once: put it where monitoring keeps secrets.")
    click.echo("# The settings take its hash, before the first table of the file that OTP_CONFIG")
    click.echo("# names, or in OTP_OPERATOR_KEYS_SHA256:")
    click.echo(f'operator_keys_sha256 = ["{hash_key(key)}"]')


@command.command("list")
def show() -> None:
    """List every key of the settings with its scopes and its last use.

    Of a key only its name is shown.
    """
    # What only this command needs; a new key needs no settings.
    from otp_service.cli.key_list import print_keys  # noqa: PLC0415
    from otp_service.cli.settings import settings_or_exit  # noqa: PLC0415

    print_keys(settings_or_exit())
