"""``otp-service support``."""

from collections.abc import Sequence

import click


@click.command("support")
@click.argument("number")
@click.option("--country", help="The number's, such as UA, where it is typed without +.")
@click.option("--json", "as_json", is_flag=True, help="Print it for a program.")
@click.option("--unlock", is_flag=True, help="Lift what is charged to the number.")
@click.option(
    "--application",
    "applications",
    multiple=True,
    metavar="ID",
    help="Whose limits to lift, as its table is called; repeat it. Everybody's by default.",
)
def command(
    number: str,
    country: str | None,
    applications: tuple[str, ...],
    *,
    as_json: bool,
    unlock: bool,
) -> None:
    """Show one number's timeline, limits and verifications, or lift its limits.

    NUMBER has its + and country code, unless --country is given; - reads it from standard input.
    No code, no whole verification id and no address is shown.
    """
    if applications and not unlock:
        raise click.UsageError("--application goes with --unlock.")
    if as_json and unlock:
        raise click.UsageError("--json does not go with --unlock.")
    # What only the work itself needs, so that a mistyped option is told at once.
    from otp_service.cli.number_json import file_as_json  # noqa: PLC0415
    from otp_service.cli.number_report import file_in_words  # noqa: PLC0415
    from otp_service.cli.one_number import fail, files_or_exit, number_or_exit  # noqa: PLC0415
    from otp_service.cli.settings import settings_or_exit  # noqa: PLC0415
    from otp_service.errors import StoreUnavailable  # noqa: PLC0415

    settings = settings_or_exit()
    phone = number_or_exit(number, country)
    chosen = _chosen(applications, tuple(settings.domain_applications()))
    files = files_or_exit(settings)
    try:
        if unlock:
            lifted = {each: files.unlock(phone.e164, [each]) for each in chosen}
            click.echo(_lifted_in_words(phone.masked, lifted))
            return
        file = files.read(phone.e164)
    except StoreUnavailable as failure:
        raise fail(f"Redis does not answer ({type(failure.__cause__).__name__}).") from None
    if as_json:
        click.echo(file_as_json(phone, file))
        return
    for line in file_in_words(phone, file, kept_days=settings.audit_retention_days):
        click.echo(line)


def _chosen(applications: Sequence[str], known: Sequence[str]) -> Sequence[str]:
    from otp_service.cli.one_number import fail  # noqa: PLC0415

    if not set(applications) <= set(known):
        raise fail(f"--application must be one of {', '.join(known)}")
    return applications or known


def _lifted_in_words(masked: str, lifted: dict[str, int]) -> str:
    freed = [application for application, counters in lifted.items() if counters]
    if not freed:
        return f"{masked}: nothing is charged to it, so there was nothing to lift"
    return f"{masked}: lifted what {', '.join(freed)} had charged to it"
