"""What ``otp-service check`` finds beyond the settings: at the store and at the provider."""

from dataclasses import dataclass

from otp_service.domain.fraud import GuardMode
from otp_service.errors import StoreUnavailable
from otp_service.nxcloud.clock_check import (
    TOLERANCE,
    ClockUnread,
    check_clock,
    offset_in_words,
)
from otp_service.nxcloud.system_clock import SystemClock
from otp_service.redis_store import NumberKeyMark, store_problems
from otp_service.settings import Settings
from otp_service.wiring import store_address, wire_store, wire_transport

_ANOTHER_KEY = (
    "OTP_NUMBER_KEY is not the key this store was last served with: with another, every number's "
    "counters and every verification under way are forgotten, and lists of numbers hold no more."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, in words that show no secret."""

    words: str
    is_problem: bool = True


def examine_store(settings: Settings) -> list[Finding]:
    """Say whether Redis can be trusted with counters, and was served with the same number key."""
    if settings.has_embedded_store:
        return [Finding("store: embedded; it forgets with the process", is_problem=False)]
    connection = wire_store(settings)
    problems = list(store_problems(connection, store_address(settings)))
    try:
        if NumberKeyMark(connection, settings.number_key_bytes()).is_of_another_key():
            problems.append(_ANOTHER_KEY)
    except StoreUnavailable as failure:
        # Once said is enough, and whoever was away at first has been named already.
        if not problems:
            reason = type(failure.__cause__).__name__
            problems.append(f"Redis answers, but its mark of the number key is unread ({reason}).")
    if problems:
        return [Finding(problem) for problem in problems]
    return [Finding("store: answers, and evicts nothing", is_problem=False)]


def examine_provider(settings: Settings) -> list[Finding]:
    """Say whether the provider answers, and how far its clock is from this machine's."""
    with wire_transport(settings) as transport:
        found = check_clock(transport, SystemClock())
    if isinstance(found, ClockUnread):
        return [Finding(f"The provider's clock at {settings.nxcloud_base_url}: {found.words}.")]
    if abs(found) > TOLERANCE:
        consequence = "Beyond 60 s the provider refuses every message."
        return [Finding(f"{offset_in_words(found)} {consequence}")]
    apart = abs(found).total_seconds()
    return [Finding(f"provider: answers; clocks differ by {apart:.1f} s", is_problem=False)]


def examine_surfaces(settings: Settings) -> list[Finding]:
    """Say what nobody can see of the service for want of an operator's key."""
    if settings.demo or settings.operator_keys_sha256:
        return []
    words = "operators: /metrics is closed; OTP_OPERATOR_KEYS_SHA256 opens it"
    return [Finding(words, is_problem=False)]


def examine_callbacks(settings: Settings) -> list[Finding]:
    """Say which applications would fall back by receipt, if receipts could come in."""
    waiting = sorted(
        application_id
        for application_id, table in settings.applications.items()
        if len(table.channels) > 1
    )
    if settings.nxcloud_callback_secrets or not waiting:
        return []
    words = (
        f"callbacks: closed, so that {', '.join(waiting)} cannot fall back where a message does "
        "not arrive; OTP_NXCLOUD_CALLBACK_SECRETS opens them"
    )
    return [Finding(words, is_problem=False)]


def examine_profile(settings: Settings) -> list[Finding]:
    """Say to which profiles the settings hold; with others they would not have loaded."""
    words = [f"profile: {profile} holds" for profile in dict.fromkeys(settings.profile)]
    return [Finding(one, is_problem=False) for one in words]


def examine_destinations(settings: Settings) -> list[Finding]:
    """Say which applications may send to every country, as whoever pumps messages would want it."""
    open_to_all = sorted(
        application_id
        for application_id, application in settings.domain_applications().items()
        if not application.destinations.allowed_countries
    )
    if settings.demo or not open_to_all:
        return []
    words = (
        f"warning: destinations: {', '.join(open_to_all)} may send to every country; "
        "allowed_countries names those that are needed"
    )
    return [Finding(words, is_problem=False)]


def examine_guard(settings: Settings) -> list[Finding]:
    """Say which applications have no fraud guard that refuses anything."""
    lax = sorted(
        f"{application_id} ({application.fraud.mode})"
        for application_id, application in settings.domain_applications().items()
        if application.fraud.mode is not GuardMode.ON
    )
    if settings.demo or not lax:
        return []
    words = f"warning: fraud guard: refuses nothing for {', '.join(lax)}"
    return [Finding(words, is_problem=False)]
