"""What ``otp-service check`` says of test numbers: where they open a door, and which are over."""

from collections.abc import Iterable, Iterator

from otp_service.cli.findings import Finding
from otp_service.domain.test_number import chance_to_guess
from otp_service.nxcloud.system_clock import SystemClock
from otp_service.settings import FixedPinSettings, Settings


def examine_test_numbers(settings: Settings) -> Iterator[Finding]:
    """Say where a fixed PIN opens a live application, and which entries are over."""
    now = SystemClock().now()
    domain = settings.domain_applications()
    for application_id, table in settings.applications.items():
        ended = [entry for entry in table.test_numbers if entry.until <= now]
        open_now = [entry for entry in table.test_numbers if entry.until > now]
        if open_now and table.mode == "live":
            chances = [
                f"{_named([entry])}: found by then with a chance of at most {chance:.2%}"
                for entry in open_now
                for chance in [chance_to_guess(domain[application_id], entry.to_domain(), now)]
            ]
            words = (
                f"warning: {application_id} is live and lets in whoever knows or guesses the fixed "
                f"PIN of a test number: {'; '.join(chances)}"
            )
            yield Finding(words, is_problem=False)
        if ended:
            words = (
                f"warning: {application_id} has test numbers whose time is over, so that they get "
                f"messages as any other: {_named(ended)}"
            )
            yield Finding(words, is_problem=False)


def _named(entries: Iterable[FixedPinSettings]) -> str:
    return ", ".join(f"{entry.id} (until {entry.until:%Y-%m-%d})" for entry in entries)
