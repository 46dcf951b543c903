"""``otp-service simulator``."""

from typing import Any

import click
from click.core import ParameterSource

from otp_service.cli.server import serve_simulator
from otp_service.cli.simulator_faults import fault, faults
from otp_service.cli.worker import serve_simulator_with
from otp_service.simulator.callbacks import InvalidCallbackUrl, LoopbackPost
from otp_service.simulator.terms import InvalidTerms, Terms, changed

_THREADS = 32
_MAX_DELIVERY_MS = 600_000
_OPTION_OF = {
    "no_quotation": "--no-quotation",
    "no_route": "--no-route",
    "registered_texts": "--registered-text",
    "allowed_ips": "--allowed-ip",
    "prices": "--price",
}


def _limit(value: str) -> int | str:
    """Read an integer, or ``none`` as it is, which is not the same as nothing given."""
    try:
        return value if value == "none" else int(value)
    except ValueError:
        raise click.BadParameter("must be an integer or none") from None


@click.group("simulator", invoke_without_command=True)
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
@click.option(
    "--callback-url",
    envvar="OTP_SIMULATOR_CALLBACK_URL",
    show_envvar=True,
    help="Where receipts and replies go, at this machine: .../callbacks/nxcloud/SECRET. Best in "
    "the environment: a command line is shown to everybody.",
)
@click.option(
    "--delivery-ms",
    type=click.IntRange(0, _MAX_DELIVERY_MS),
    default=300,
    show_default=True,
    help="Until a message is on its phone.",
)
@click.option("--balance", metavar="AMOUNT", help="What the account has. [default: 1000000]")
@click.option("--currency", metavar="ISO", help="Of balance and prices. [default: USD]")
@click.option(
    "--price",
    "prices",
    metavar="TYPE=AMOUNT",
    multiple=True,
    help="Of Transactional, Promotional, Session, OtpTemplate or SMS; may be repeated.",
)
@click.option(
    "--no-quotation",
    metavar="COUNTRY",
    multiple=True,
    help="A country without a price: 9004; may be repeated.",
)
@click.option(
    "--no-route",
    metavar="COUNTRY",
    multiple=True,
    help="A country no message reaches: 9005; may be repeated.",
)
@click.option("--disabled", is_flag=True, help="Begin with the account disabled: 1100, SMS 102.")
@click.option(
    "--registered-text",
    "registered_texts",
    metavar="TEXT",
    multiple=True,
    help="Billed as Transactional in RU, UA, BY; {} stands for any text; may be repeated.",
)
@click.option(
    "--allowed-ip",
    "allowed_ips",
    metavar="ADDRESS",
    multiple=True,
    help="From where SMS are taken, else 9; may be repeated. [default: anywhere]",
)
@click.option(
    "--sms-hourly-limit",
    type=_limit,
    metavar="N|none",
    help="SMS to one number within an hour, then 27; or none. [default: 5]",
)
@click.option(
    "--sms-per-second",
    type=_limit,
    metavar="N|none",
    help="SMS within a second, then 28; or none. [default: none]",
)
@click.option(
    "--cost-receipt",
    type=click.Choice(["success", "delivered"]),
    help="Which receipt carries the cost. [default: success]",
)
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    host: str,
    port: int,
    dialect: str,
    callback_url: str | None,
    delivery_ms: int,
    **account: Any,
) -> None:
    """Run the provider simulator alone.

    Its account, sim_access with sim_secret and sim_app, exists on this machine only. The commands
    below talk to a simulator that runs already.
    """
    if context.invoked_subcommand is not None:
        _refuse_options(context)
        return
    if callback_url is not None:
        _check_url(callback_url)
    serve_simulator_with(
        dialect=dialect,
        callback_url=callback_url,
        delivery_seconds=delivery_ms / 1_000,
        terms=_terms(account).as_json(),
    )
    serve_simulator(host=host, port=port, threads=_THREADS)


command.add_command(fault)
command.add_command(faults)


def _refuse_options(context: click.Context) -> None:
    for name in context.params:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"options before '{context.invoked_subcommand}' are for running the simulator; "
                "say which one is meant with --url after it"
            )


def _check_url(url: str) -> None:
    try:
        LoopbackPost(url)
    except InvalidCallbackUrl as invalid:
        raise click.BadParameter(str(invalid), param_hint="--callback-url") from None


def _terms(account: dict[str, Any]) -> Terms:
    """Read the account's options as the simulator's API reads the same properties."""
    prices = dict(_price(each) for each in account.pop("prices"))
    is_disabled = account.pop("disabled")
    given = {name: value for name, value in account.items() if value not in {None, ()}}
    given = {name: None if value == "none" else value for name, value in given.items()}
    try:
        return changed(Terms(), {**given, "prices": prices, "is_enabled": not is_disabled})
    except InvalidTerms as invalid:
        name = str(invalid.field).partition(".")[0]
        option = _OPTION_OF.get(name, "--" + name.replace("_", "-"))
        raise click.BadParameter(invalid.detail, param_hint=option) from None


def _price(given: str) -> tuple[str, str]:
    name, is_separated, amount = given.partition("=")
    if not is_separated:
        raise click.BadParameter("must be TYPE=AMOUNT", param_hint="--price")
    return name, amount
