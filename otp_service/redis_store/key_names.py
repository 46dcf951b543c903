"""Key names: ``otp1:{tag}:…``, the tag being the number's, so that one slot holds all of it.

There are three exceptions, which know of no number: what a provider tells of a message, under its
own id of the message, when an API key was last used, and the claim of a start's Idempotency-Key,
which is looked for before there is a verification.

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
    return f"{_PREFIX}:{{{vid.number_tag}}}:n:{application_id}"


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


def entry_key(vid: VerificationId, name: str) -> str:
    """Name the hash that keeps what was answered to a request with an Idempotency-Key."""
    return f"{_PREFIX}:{{{vid.number_tag}}}:i:{name}"


def claim_key(name: str) -> str:
    """Name the hash that says which verification an Idempotency-Key of a start stands for."""
    return f"{_PREFIX}:{{i:{name}}}"


def charge_name(vid: VerificationId) -> str:
    """Name a verification's charges within its number's log."""
    return vid.random[:_CHARGE_CHARS]
