"""Key names: ``otp1:{tag}:…``, the tag being the number's, so that one slot holds all of it.

There are two exceptions, which know of no number: what a provider tells of a message, under its own
id of the message, and when an API key was last used.

The figure after ``otp`` is the schema's version.
"""

from otp_service.domain.identity import VerificationId

_PREFIX = "otp1"
# Of the 22 random characters of an id as many as tell the verifications of one number apart.
_CHARGE_CHARS = 11


def record_key(vid: VerificationId) -> str:
    """Name the hash that holds one verification."""
    return f"{_PREFIX}:{{{vid.number_tag}}}:v:{vid.random}"


def log_key(vid: VerificationId, application_id: str) -> str:
    """Name the sorted set of what was charged to the number by one application."""
    return log_key_of(vid.number_tag, application_id)


def log_key_of(number_tag: str, application_id: str) -> str:
    """Name the same by the number's tag."""
    return f"{_PREFIX}:{{{number_tag}}}:n:{application_id}"


def refusal_key(number_tag: str) -> str:
    """Name the mark that Viber refuses the number, whichever application sent to it."""
    return f"{_PREFIX}:{{{number_tag}}}:w"


def message_key(request_id: str) -> str:
    """Name the hash that holds what is known of a message under the provider's id of it."""
    return f"{_PREFIX}:m:{request_id}"


def key_use_key(fingerprint: str) -> str:
    """Name the moment at which an API key was last used."""
    return f"{_PREFIX}:k:{fingerprint}"


def chat_key(number_tag: str) -> str:
    """Name the hash of what has passed between us and the number over Viber."""
    return f"{_PREFIX}:{{{number_tag}}}:chat"


def timeline_key(number_tag: str) -> str:
    """Name the list of what was decided about the number, whichever application asked."""
    return f"{_PREFIX}:{{{number_tag}}}:t"


def every_key_of(number_tag: str) -> str:
    """Give the pattern of every key of one number; no character of a tag means more than itself."""
    return f"{_PREFIX}:{{{number_tag}}}:*"


def name_within(key: str) -> str:
    """Give what a key of a number is called after the number's tag."""
    return key.partition("}:")[2]


EVERY_MESSAGE = f"{_PREFIX}:m:*"
"""The pattern of every key that ``message_key`` gives."""


def charge_name(vid: VerificationId) -> str:
    """Name a verification's charges within its number's log."""
    return vid.random[:_CHARGE_CHARS]
