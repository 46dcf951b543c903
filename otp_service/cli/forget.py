"""``otp-service forget``."""

import click

_BEYOND = (
    "Not erased, for they are not in the store: logs, which hold masked numbers and ends of "
    "verification ids; what the provider keeps of its messages; lists of numbers in the settings."
)


@click.command("forget")
@click.argument("number")
@click.option("--country", help="The number's, such as UA, where it is typed without +.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(number: str, country: str | None, *, yes: bool) -> None:
    """Erase one number everywhere in the store.

    Its verifications end at once, and its limits with them. NUMBER has its + and country code,
    unless --country is given; - reads it from standard input.
    """
    # What only the work itself needs.
    from otp_service.cli.one_number import fail, files_or_exit, number_or_exit  # noqa: PLC0415
    from otp_service.cli.settings import settings_or_exit  # noqa: PLC0415
    from otp_service.errors import StoreUnavailable  # noqa: PLC0415

    settings = settings_or_exit()
    phone = number_or_exit(number, country)
    files = files_or_exit(settings)
    if not yes:
        click.confirm(
            f"Erase {phone.masked} with its verifications, limits and timeline?", abort=True
        )
    try:
        erased = files.forget(phone.e164)
    except StoreUnavailable as failure:
        reason = type(failure.__cause__).__name__
        raise fail(
            f"Redis does not answer ({reason}). Some of it may be erased: run it again."
        ) from None
    click.echo(
        f"{phone.masked}: erased {_count(erased.number_keys, 'key')} of the number and "
        f"{_count(erased.message_keys, 'record')} of what the provider told of messages to it"
    )
    click.echo(_BEYOND)


def _count(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
