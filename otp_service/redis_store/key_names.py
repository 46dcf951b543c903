"""Key names: ``otp1:{tag}:…``, the tag being the number's, so that one slot holds all of it.

The exceptions know of no number: what a provider tells of a message, under its own id of the
message; when an API key was last used; the claim of a start's Idempotency-Key, which is looked for
before there is a verification; and what many numbers share, such as an address' budgets, in the
slot of whom it is about.

The figure after ``otp`` is the schema's version.
"""

from otp_service.domain.budget_row import Counted, Scope
from otp_service.domain.identity import VerificationId
from otp_service.domain.policy import Line, Place

_PREFIX = "otp1"
# Of the 22 random characters of an id as many as tell the verifications of one number apart.
_CHARGE_CHARS = 11
_COUNTED = {
    Counted.STARTS: "s",
    Counted.SENDS: "m",
    Counted.WRONG_GUESSES: "g",
    Counted.MONEY: "c",
}


def record_key(vid: VerificationId) -> str:
    """Name the hash that holds one verification."""
    return f"{_PREFIX}:{{{vid.number_tag}}}:v:{vid.random}"


def log_key(vid: VerificationId, application_id: str) -> str:
    """Name the sorted set of what was charged to the number by one application."""
    return log_key_of(vid.number_tag, application_id)


def log_key_of(number_tag: str, application_id: str) -> str:
    """Name the same by the number's tag."""
    return f"{_PREFIX}:{{{number_tag}}}:n:{application_id}"


def owners_key(vid: VerificationId, application_id: str) -> str:
    """Name the sorted set of the addresses that verified the number for one application."""
    return f"{_PREFIX}:{{{vid.number_tag}}}:o:{application_id}"


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

EVERY_CLAIM = f"{_PREFIX}:{{i:*}}"
"""The same for ``claim_key``; counters of addresses begin alike, and do not end so."""


def charge_name(vid: VerificationId) -> str:
    """Name a verification's charges within its number's log."""
    return vid.random[:_CHARGE_CHARS]


def application_tag(application_id: str) -> str:
    """Give the hash tag of what is counted of one application as a whole."""
    return f"a:{application_id}"


def counter_tag(place: Place, line: Line) -> str:
    """Give the hash tag of a budget's counter: one for all that can be charged in one slot."""
    match line.row.scope:
        case Scope.ALL:
            return "all"
        case Scope.ADDRESS:
            return f"i:{place.application.id}:{line.subject}"
        case Scope.TOKEN:
            return f"t:{line.subject}"
        case Scope.NUMBER:
            return line.subject
        case _:
            return application_tag(place.application.id)


def counter_key(place: Place, line: Line) -> str:
    """Name the counter of a budget: of whom, of what, over how many seconds."""
    row = line.row
    # The tag says the rest of whose it is. A number's is of one application too.
    whose = {
        Scope.PREFIX: f"p:{line.subject}:",
        Scope.COUNTRY: f"r:{line.subject}:",
        Scope.NUMBER: f"b:{place.application.id}:",
    }.get(row.scope, "")
    window_seconds = int(row.window.total_seconds())
    tag = counter_tag(place, line)
    return f"{_PREFIX}:{{{tag}}}:{whose}{_COUNTED[row.counted]}{window_seconds}"


def given_back_key(tag: str, charge_id: str) -> str:
    """Name the mark that a charge was given back."""
    return f"{_PREFIX}:{{{tag}}}:x:{charge_id}"
