"""``otp-service simulator fault`` and ``faults``: what shall go wrong at a simulator that runs."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
import requests

_FAULTS = "/simulator/faults"
_TIMEOUT_SECONDS = 10
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _with_url(command: _Command) -> _Command:
    return click.option(
        "--url",
        default="http://127.0.0.1:8001",
        show_default=True,
        help="Where the simulator answers.",
    )(command)


@click.command("fault")
@click.option("--phone", metavar="NUMBER", help="Whose sends. [default: everybody's]")
@click.option("--channel", type=click.Choice(["viber", "sms"]), help="Which sends. [default: both]")
@click.option("--times", type=int, default=1, show_default=True, help="How many sends.")
@click.option("--code", type=int, help="The provider's code to answer.")
@click.option("--http-status", type=int, help="The HTTP status to answer, with no JSON.")
@click.option("--delay-ms", type=int, help="Wait this long, then answer as usual.")
@click.option("--drop", is_flag=True, default=None, help="Deliver, and lose the answer.")
@click.option("--garbage", is_flag=True, default=None, help="Deliver, and spoil the answer.")
@_with_url
def fault(url: str, **order: Any) -> None:
    """Order what goes wrong with the next sends: one of code, HTTP status, delay, drop, garbage."""
    given = {name: value for name, value in order.items() if value is not None}
    _show(_ask("PUT", url, json=given))


@click.group("faults", invoke_without_command=True)
@_with_url
@click.pass_context
def faults(context: click.Context, url: str) -> None:
    """Show what is still to go wrong."""
    context.obj = url
    if context.invoked_subcommand is None:
        _show(_ask("GET", url))


@faults.command("clear")
@click.pass_obj
def clear(url: str) -> None:
    """Let nothing go wrong any more."""
    _show(_ask("DELETE", url))


def _ask(method: str, url: str, **body: Any) -> list[dict[str, Any]]:
    with requests.Session() as session:
        # What is at this machine is asked for at no proxy.
        session.trust_env = False
        try:
            answer = session.request(
                method, url.rstrip("/") + _FAULTS, timeout=_TIMEOUT_SECONDS, **body
            )
            content = answer.json()
            if answer.ok:
                waiting: list[dict[str, Any]] = content["faults"]
                return waiting
            error, field = content["error"], content.get("field")
        except (requests.RequestException, ValueError, LookupError, TypeError):
            raise click.ClickException(f"no simulator answers at {url}") from None
    option = f"--{field.replace('_', '-')}: " if field else ""
    raise click.ClickException(option + error)


def _show(waiting: list[dict[str, Any]]) -> None:
    if not waiting:
        click.echo("no faults")
    for each in waiting:
        whose = each.pop("phone") or "every number"
        times = each.pop("times")
        channel = each.pop("channel", None)
        ((kind, value),) = each.items()
        what = kind if value is True else f"{kind} {value}"
        only = f", {channel} only" if channel else ""
        click.echo(f"{whose}: {what}, {times} {'time' if times == 1 else 'times'}{only}")
