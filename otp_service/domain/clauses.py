"""Which clause of which standard each setting meets, and what is left to the caller."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from math import log2

from otp_service.domain.application import Application
from otp_service.domain.explain import Guessing, guessing
from otp_service.domain.verification import Channel


class Profile(StrEnum):
    """A standard whose clauses the settings can be held to."""

    NIST = "nist-800-63b"
    ASVS = "asvs-l2"

    @property
    def edition(self) -> str:
        """Its name and edition."""
        return _EDITIONS[self]


_EDITIONS = {
    Profile.NIST: "NIST SP 800-63B-4 (2025)",
    Profile.ASVS: "OWASP ASVS 5.0.0, level 2",
}


class Verdict(StrEnum):
    """How a clause stands.

    ``IN_PART``: the rest is the caller's. ``CALLERS``: all of it is. ``OUTSIDE``: it is about
    something else than these codes.
    """

    MET = "met"
    IN_PART = "in part"
    NOT_MET = "not met"
    CALLERS = "the caller's"
    OUTSIDE = "not concerned"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one setting of one application stands to one clause.

    Args:
        setting: a field of the rules, ``budgets``, ``channels``, ``test_numbers``; empty where no
            setting can change it.
        value: what it is set to, as operators read it.
        clause: the section's number.
        why: what the verdict rests on, or what remains to do.
    """

    profile: Profile
    clause: str
    setting: str
    value: str
    verdict: Verdict
    why: str


NIST_DIGITS = 6
"""Source: NIST SP 800-63B-4 section 3.1.3.2."""

NIST_LIFE = timedelta(minutes=10)
"""Source: NIST SP 800-63B-4 section 3.1.3.2."""

NIST_FAILURES = 100
"""Source: NIST SP 800-63B-4 section 3.2.2."""

ASVS_DIGITS = 6
"""Source: OWASP ASVS 5.0.0, 6.5.4: by its own words 6 random digits do, which are 19.93 bits."""

ASVS_LIFE = timedelta(minutes=10)
"""Source: OWASP ASVS 5.0.0, 6.5.5."""

_BY_DESIGN = ""


def findings(application: Application, *, fixed_pins: int = 0) -> tuple[Finding, ...]:
    """Say how an application's settings stand to every clause on codes sent out of band.

    Args:
        fixed_pins: how many test numbers it lists, each with a PIN that stays.

    Source:
        NIST SP 800-63B-4 sections 3.1.3.1 to 3.1.3.3 and 3.2.2; OWASP ASVS 5.0.0, 6.5.1 to 6.5.5
        and 6.6.1 to 6.6.3.
    """
    bounds = guessing(application)
    return (
        *_nist(application, bounds, fixed_pins),
        *_asvs(application, bounds, fixed_pins),
    )


def broken(
    application: Application, profile: Profile, *, fixed_pins: int = 0
) -> tuple[Finding, ...]:
    """Give what keeps an application from a profile."""
    return tuple(
        finding
        for finding in findings(application, fixed_pins=fixed_pins)
        if finding.profile is profile and finding.verdict is Verdict.NOT_MET
    )


_Say = Callable[[str, str, str, Verdict, str], Finding]


def _nist(application: Application, bounds: Guessing, fixed_pins: int) -> Iterator[Finding]:
    say: _Say = partial(Finding, Profile.NIST)
    rules = application.rules
    yield say("3.1.3.1", "channels", _channels(application), *_nist_channel(application))
    yield say(
        "3.1.3.2",
        "pin_digits",
        str(rules.pin_digits),
        _met(rules.pin_digits >= NIST_DIGITS),
        f"at least {NIST_DIGITS} digits are due; drawn evenly from the system's random generator. "
        "Whether that one is approved is the platform's to prove",
    )
    yield say(
        "3.1.3.2",
        "life_seconds",
        _seconds(rules.life),
        _met(rules.life <= NIST_LIFE),
        "at most 600 s are due; each PIN is good for that long from its own message and no longer",
    )
    yield say(
        "3.1.3.2", _BY_DESIGN, "", Verdict.MET, "a code is accepted once: one step uses it up"
    )
    yield say(
        "3.1.3.2",
        _BY_DESIGN,
        "",
        Verdict.MET,
        "no resend and no new verification resets the count of wrong guesses",
    )
    yield from _no_fixed_pins(say, "3.1.3.2", fixed_pins)
    yield say("3.2.2", "budgets", _guesses(bounds), *_nist_failures(bounds))
    if bounds.accounts > 1:
        yield say(
            "3.2.2",
            "owner_addresses",
            str(bounds.accounts - 1),
            Verdict.IN_PART,
            "each owner address that was verified from is counted apart, as one that the person is "
            f"known by; with all of them {_number(bounds.day_with(bounds.accounts - 1).guesses)} a "
            "day. 0 counts everybody together",
        )
    yield say("3.1.3.3", "channels", _channels(application), *_restricted(application))


def _nist_channel(application: Application) -> tuple[Verdict, str]:
    if Channel.SMS in application.channels:
        why = "SMS goes over the telephone network, see 3.1.3.3; Viber is an encrypted messenger"
    else:
        why = "Viber is an encrypted messenger"
    return Verdict.IN_PART, (
        f"{why}. Whether a number is still that person's is for the caller to judge"
    )


def _nist_failures(bounds: Guessing) -> tuple[Verdict, str]:
    most = bounds.day.guesses
    if most is None or most > NIST_FAILURES:
        return Verdict.NOT_MET, (
            f"at most {NIST_FAILURES} in a row are due; {_number(most)} are possible in one day"
        )
    return Verdict.IN_PART, (
        f"at most {NIST_FAILURES} in a row are due; here a day's count slides on, and nothing "
        f"disables a number for good: who must count beyond a day disables it himself"
    )


def _restricted(application: Application) -> tuple[Verdict, str]:
    if Channel.SMS not in application.channels:
        return Verdict.OUTSIDE, "nothing is sent over the public telephone network"
    return Verdict.CALLERS, (
        "SMS is restricted: another authenticator for everybody, telling people of the risk, and "
        "looking for changed SIM cards and ported numbers"
    )


def _asvs(application: Application, bounds: Guessing, fixed_pins: int) -> Iterator[Finding]:
    say: _Say = partial(Finding, Profile.ASVS)
    rules = application.rules
    yield say("6.5.1", _BY_DESIGN, "", Verdict.MET, "a code is accepted once: one step uses it up")
    yield from _no_fixed_pins(say, "6.5.1", fixed_pins)
    yield say(
        "6.5.2",
        _BY_DESIGN,
        "",
        Verdict.OUTSIDE,
        "it is about look-up secrets, which live long. Codes are kept as HMAC-SHA-256 under a key "
        "outside the store, bound to verification and purpose, and go with their end; a salted "
        "password hash without a key falls to a million guesses",
    )
    yield say(
        "6.5.3", _BY_DESIGN, "", Verdict.MET, "drawn evenly from the system's random generator"
    )
    yield say(
        "6.5.4",
        "pin_digits",
        str(rules.pin_digits),
        _met(rules.pin_digits >= ASVS_DIGITS),
        f"{ASVS_DIGITS} random digits are due, by its own words for 20 bits; these are "
        f"{rules.pin_digits * log2(10):.2f} bits",
    )
    yield say(
        "6.5.5",
        "life_seconds",
        _seconds(rules.life),
        _met(rules.life <= ASVS_LIFE),
        "at most 600 s are due",
    )
    yield say("6.6.1", "channels", _channels(application), *_phone_alone(application))
    yield say(
        "6.6.2",
        _BY_DESIGN,
        "",
        Verdict.MET,
        "a code is good at its own verification and for its own purpose alone. That a "
        "verification is that of the caller's request is for the caller to hold",
    )
    yield say("6.6.3", "budgets", _guesses(bounds), *_asvs_rate(bounds))


def _phone_alone(application: Application) -> tuple[Verdict, str]:
    if Channel.SMS not in application.channels:
        return Verdict.OUTSIDE, "nothing is sent over the public telephone network"
    return Verdict.CALLERS, (
        "for numbers validated before alone, beside stronger ways such as TOTP, and with word of "
        "the risk"
    )


def _asvs_rate(bounds: Guessing) -> tuple[Verdict, str]:
    if bounds.day.chance(bounds.pin_digits) >= 1:
        return Verdict.NOT_MET, "a limit is due that a guesser meets before he has tried every code"
    return Verdict.MET, (
        "attempts of a verification and the number's budgets. Codes of 64 bits, which it has one "
        "consider, are nothing to type"
    )


def _no_fixed_pins(say: _Say, clause: str, fixed_pins: int) -> Iterator[Finding]:
    if fixed_pins:
        yield say(
            clause,
            "test_numbers",
            str(fixed_pins),
            Verdict.NOT_MET,
            "a fixed PIN is no random one and is accepted again and again",
        )


def _met(is_met: bool) -> Verdict:  # noqa: FBT001 - the one thing it is about
    return Verdict.MET if is_met else Verdict.NOT_MET


def _channels(application: Application) -> str:
    return ", ".join(application.channels)


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f}"


def _guesses(bounds: Guessing) -> str:
    return f"{_number(bounds.day.guesses)} wrong guesses a day"


def _number(figure: int | None) -> str:
    return "no limit of" if figure is None else str(figure)
