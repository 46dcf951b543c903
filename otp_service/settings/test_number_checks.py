"""Rules about test numbers between settings."""

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from otp_service.domain.keys import MIN_SECRET_BYTES
from otp_service.domain.test_number import LONGEST_LIFE
from otp_service.settings.applications import ApplicationSettings
from otp_service.settings.model import Settings, variable
from otp_service.settings.problems import Problem

_EVERY_SEAL = frozenset(map(variable, ("number_key", "pin_digits")))


def live_applications_have_none(settings: Settings, faulty: Collection[str]) -> Iterator[Problem]:
    """Name every live application with test numbers that is not flagged for them.

    Args:
        faulty: names whose values are mere defaults; nothing is judged by them.
    """
    for name, application_id, table in _lists(settings):
        reads = {f"applications.{application_id}.{key}" for key in ("mode", "allow_test_numbers")}
        if table.mode == "live" and not table.allow_test_numbers and reads.isdisjoint(faulty):
            detail = (
                "a live application has none, unless its table says allow_test_numbers = true: "
                "each lets in whoever knows its PIN; one for tests says mode = 'test'"
            )
            yield Problem(name, detail)


def each_is_told_apart(settings: Settings) -> Iterator[Problem]:
    """Name every application where two test numbers share a name, or are one."""
    for name, _, table in _lists(settings):
        for field, words in (("id", "an id that names two"), ("number_tag", "a number twice")):
            uses = Counter(getattr(entry, field) for entry in table.test_numbers)
            if max(uses.values()) > 1:
                yield Problem(name, f"holds {words}")


def each_has_its_seal(settings: Settings, faulty: Collection[str]) -> Iterator[Problem]:
    """Name every entry that was not made for this application and with this number key.

    Such a number would get messages as any other, or take its PIN for a wrong one.

    Args:
        faulty: names whose values are mere defaults; nothing is judged by them.
    """
    number_key = settings.number_key_bytes()
    if len(number_key) < MIN_SECRET_BYTES or not _EVERY_SEAL.isdisjoint(faulty):
        return
    for name, application_id, table in _lists(settings):
        if f"applications.{application_id}.pin_digits" in faulty:
            continue
        digits = table.to_domain(application_id, defaults=settings).rules.pin_digits
        for place, entry in enumerate(table.test_numbers, start=1):
            if not entry.is_sealed(number_key, application_id, pin_digits=digits):
                detail = (
                    f"entry {place}: was not made for this application with this OTP_NUMBER_KEY "
                    f"and a PIN of {digits} digits; `otp-service test-numbers new` makes it anew"
                )
                yield Problem(name, detail)


def each_ends_in_time(settings: Settings) -> Iterator[Problem]:
    """Name every entry that ends too far ahead."""
    latest = datetime.now(UTC) + LONGEST_LIFE
    for name, _, table in _lists(settings):
        for place, entry in enumerate(table.test_numbers, start=1):
            if entry.until > latest:
                detail = f"entry {place}: until: must be at most {LONGEST_LIFE.days} days ahead"
                yield Problem(name, detail)


def _lists(settings: Settings) -> Iterator[tuple[str, str, ApplicationSettings]]:
    """Give every list of test numbers that holds any: its name, its application's id and table."""
    for application_id, table in settings.applications.items():
        if table.test_numbers:
            yield f"applications.{application_id}.test_numbers", application_id, table
