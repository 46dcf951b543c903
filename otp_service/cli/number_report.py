"""One number's file as ``otp-service support`` prints it."""

from collections.abc import Iterator

from otp_service.cli.number_words import (
    CHARGES,
    entry_in_words,
    moment_in_words,
    outcome_in_words,
    span_in_words,
    window_in_words,
)
from otp_service.domain.audit import BudgetStanding, Entry, NumberFile, Standing
from otp_service.domain.phone import PhoneNumber
from otp_service.domain.verification import Status, Verification


def file_in_words(phone: PhoneNumber, file: NumberFile, *, kept_days: int) -> Iterator[str]:
    """Give the lines of the report: the outcome, the timeline, limits, verifications.

    Args:
        kept_days: how long a timeline remembers; 0 for none being kept.
    """
    yield f"{phone.masked} ({phone.country}), {moment_in_words(file.read_at)}"
    yield f"in short: {outcome_in_words(file)}"
    if file.viber_refuses_for:
        left = span_in_words(file.viber_refuses_for)
        yield (
            f"Viber refuses this number; for {left} more, messages go over another channel where "
            "the application has one"
        )
    yield from _section("timeline, newest last", list(_timeline(file, kept_days)))
    yield from _section("limits of the number", list(_limits(file)))
    yield from _section("verifications", list(_verifications(file)))
    if file.owners:
        yield from _section("addresses that verified it", list(_owners(file)))


def _section(title: str, lines: list[str]) -> Iterator[str]:
    yield ""
    yield f"{title}:"
    for line in lines:
        yield f"  {line}"


def _timeline(file: NumberFile, kept_days: int) -> Iterator[str]:
    for entry in file.entries:
        yield f"{moment_in_words(entry.at)}  {_origin(entry)}  {entry_in_words(entry)}"
    if file.unreadable:
        yield f"({file.unreadable} of another version of the service)"
    if not file.entries:
        kept = f"in {kept_days} d" if kept_days else "for OTP_AUDIT_RETENTION_DAYS is 0"
        yield f"nothing is written down {kept}"


def _origin(entry: Entry) -> str:
    """Say who asked, for which verification, from where; what is not known is left out."""
    asked = f"{entry.application_id}/{entry.key_id}" if entry.key_id else entry.application_id
    parts = [asked, entry.verification, entry.address_tag and f"from {entry.address_tag}"]
    return " ".join(part for part in parts if part)


def _limits(file: NumberFile) -> Iterator[str]:
    for standing in file.standings:
        for budget in standing.budgets:
            if budget.used:
                yield f"{_account(standing)}: {_budget(budget, file)}"
    if not file.standings:
        yield "nothing is charged to it"


def _account(standing: Standing) -> str:
    if standing.address_tag is None:
        return standing.application_id
    return f"{standing.application_id} from {standing.address_tag}"


def _budget(budget: BudgetStanding, file: NumberFile) -> str:
    one, many = CHARGES[budget.charge]
    words = f"{budget.used} of {budget.limit} {one if budget.limit == 1 else many}"
    words += f" {window_in_words(budget.window)}"
    if not budget.wait:
        return words
    until = moment_in_words(file.read_at + budget.wait)
    return f"{words}: used up for {span_in_words(budget.wait)} more, until {until}"


def _owners(file: NumberFile) -> Iterator[str]:
    for owner in file.owners:
        last = moment_in_words(owner.verified_at)
        yield f"{owner.application_id}  {owner.address_tag}  last {last}"


def _verifications(file: NumberFile) -> Iterator[str]:
    for name, verification in file.verifications.items():
        yield f"{name}  {verification.application_id}  {_standing(verification)}"
    if not file.verifications:
        yield "none is kept"


def _standing(verification: Verification) -> str:
    words = f"purpose {verification.purpose}, {verification.status}"
    if verification.status not in {Status.PENDING, Status.UNDELIVERED}:
        return words
    words += f"; guesses left {verification.attempts_left}, messages left {verification.sends_left}"
    if verification.sends_left and verification.resend_at > verification.read_at:
        words += f" (the next from {moment_in_words(verification.resend_at)})"
    return f"{words}; expires {moment_in_words(verification.expires_at)}"
