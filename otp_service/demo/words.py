"""What the service answers, in words for the person who signs up."""

from otp_service.demo.otp_client import Refused

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400

_NOT_SET_UP = "This page is not set up right. Please tell whoever runs it."
_START_AGAIN = "This sign-up is over. Please start again."

# Every code of the service's list, which is closed.
SENTENCES = {
    "invalid_request": "That cannot be read. Please check it.",
    "phone_invalid": "There is no such phone number. Please check the number and its country.",
    "code_incorrect": "That is not the code.",
    "unauthenticated": _NOT_SET_UP,
    "forbidden": _NOT_SET_UP,
    "destination_not_allowed": "We cannot send codes to numbers of this kind. "
    "Please use a mobile number.",
    "verification_not_found": _START_AGAIN,
    "not_found": _NOT_SET_UP,
    "method_not_allowed": _NOT_SET_UP,
    "payload_too_large": "That is too long. Please check it.",
    "unsupported_media_type": _NOT_SET_UP,
    "request_in_progress": "We are still working on it. Please try again in a moment.",
    "verification_expired": "The code has run out. Please start again.",
    "verification_exhausted": "That was one wrong code too many. Please start again.",
    "verification_approved": "This code was used already. A code works once.",
    "verification_canceled": "This sign-up was called off. Please start again.",
    "phone_unreachable": "We cannot reach this number. Please check it, or use another one.",
    "idempotency_key_reused": _NOT_SET_UP,
    "resend_too_soon": "The last message is on its way.",
    "send_limit_reached": "We have sent as many messages as we may.",
    "too_many_requests": "That was tried too often.",
    "provider_failed": "The message could not be sent. Please try again.",
    "provider_misconfigured": "Messages cannot be sent at the moment. Please come back later.",
    "store_unavailable": "We did not get an answer in time. Please try again.",
    "service_busy": "There is a lot going on here right now.",
}
_NOT_REACHED = "Our service cannot be reached at the moment. Please try again shortly."

_ENDINGS = {
    "approved": SENTENCES["verification_approved"],
    "expired": SENTENCES["verification_expired"],
    "exhausted": SENTENCES["verification_exhausted"],
    "canceled": SENTENCES["verification_canceled"],
}
ENDED = frozenset({"verification_not_found", *(f"verification_{how}" for how in _ENDINGS)})
"""The codes after which nothing but a new start helps."""


def sentence_of(refused: Refused, *, unreadable: str = "") -> str:
    """Say why something was not done and, where it helps, what to wait for.

    Args:
        unreadable: what to say where the service could not read what was entered.
    """
    sentences = SENTENCES | ({"invalid_request": unreadable} if unreadable else {})
    said = [sentences.get(refused.code or "", _NOT_REACHED)]
    if refused.attempts_left is not None:
        said.append(f"You have {counted(refused.attempts_left, 'attempt')} left.")
    if refused.retry_after is not None:
        said.append(f"Please try again in {span(refused.retry_after)}.")
    return " ".join(said)


def ending_of(status: str) -> str:
    """Say how a verification ended."""
    return _ENDINGS.get(status, _START_AGAIN)


def span(seconds: int) -> str:
    """Say how long that is, in the largest unit that fits, rounded up."""
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds > unit or (seconds == unit and unit > _MINUTE):
            return counted(-(-seconds // unit), name)
    return counted(seconds, "second")


def counted(number: int, thing: str) -> str:
    """Say how many there are: ``1 attempt``, ``2 attempts``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
