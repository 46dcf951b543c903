"""A number's timeline in words that a support person understands."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from otp_service.domain.audit import Decision, Entry, NumberFile
from otp_service.domain.limits import Charge
from otp_service.domain.verification import Channel, DeliveryState, Status
from otp_service.nxcloud.result_codes import Fault, meaning_of_reason

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

CHARGES = {
    Charge.START: ("start", "starts"),
    Charge.MESSAGE: ("message", "messages"),
    Charge.WRONG_GUESS: ("wrong guess", "wrong guesses"),
    Charge.TEST_START: ("start as a test number", "starts as a test number"),
}
_CHANNELS = {Channel.VIBER: "Viber", Channel.SMS: "SMS"}

REASONS: Mapping[str, str] = {
    "too_soon": "the last message was too recent",
    "no_sends_left": "the verification had no messages left",
    "denied_country": "no codes are sent to its country: denied_countries in the settings",
    "denied_prefix": "no codes are sent to its range: denied_prefixes in the settings",
    "denied_number": "no codes are sent to this number: denied_numbers in the settings",
    "country_not_allowed": "its country is not among allowed_countries in the settings",
    "number_kind": "no codes are sent to its kind of number",
    "too_many_requests": "a budget that many numbers share was used up",
    "store_unavailable": "the store did not answer",
    "seal_broken": "a secret that sealed the number was removed from the settings",
    "circuit_open": "the provider had failed too often just before; nothing was tried",
    "bad_answer": "the provider's answer could not be read",
    "http_3xx": "something other than the provider's API answered (a redirect)",
    "http_4xx": "something other than the provider's API answered (HTTP 4xx)",
    "http_5xx": "the provider answered with an error of its own (HTTP 5xx)",
    "unsendable": "the message could not be written as the provider wants it",
    "clock": "our clock is too far from the provider's",
    "dns": "the provider's name could not be looked up",
    "refused": "the provider's machine took no connection",
    "unreachable": "there was no way to the provider's machine",
    "connect_timeout": "the provider's machine did not take the connection in time",
    "tls": "the provider's certificate was not accepted",
    "timeout": "the provider did not answer in time",
    "dropped": "the line to the provider broke",
    "too_large": "the provider's answer was longer than is read",
    "code_other": "the provider gave a code that it does not document",
    "sms_code_other": "the provider gave a code that it does not document",
}
"""Reasons in words, all but the provider's documented codes."""

_ENDED = {
    Status.APPROVED: "its code was already used",
    Status.EXPIRED: "it had expired",
    Status.EXHAUSTED: "its guesses were used up",
    Status.CANCELED: "the caller had canceled it",
}
_TOLD = {
    DeliveryState.ACCEPTED: "has been taken on",
    DeliveryState.DELIVERED: "has arrived",
    DeliveryState.SEEN: "has been seen",
    DeliveryState.FAILED: "did not arrive",
    DeliveryState.EXPIRED: "did not arrive in time",
}


_ENTRIES: Mapping[Decision, str] = {
    Decision.STARTED: "started; {message} is to go out",
    Decision.START_REFUSED: "start refused: {refusal}",
    Decision.RESENT: "asked for again; {message} is to go out",
    Decision.RESEND_REFUSED: "another message refused: {refusal}",
    Decision.FELL_BACK: "a message did not arrive; {message} is to go out instead",
    Decision.FALL_BACK_REFUSED: "nothing goes out for one that did not arrive: {refusal}",
    Decision.MESSAGE_TAKEN: "{taken}",
    Decision.MESSAGE_UNKNOWN: "nobody knows whether {message} went out{because}",
    Decision.MESSAGE_NOT_SENT: "{message} was not sent{because}",
    Decision.MESSAGE_REPLACED: "{message} was not sent, another takes its place{because}",
    Decision.RECEIPT: "the provider says that {message} {told}",
    Decision.CODE_RIGHT: "the code of message {send} was typed right",
    Decision.CODE_WRONG: "a wrong code was typed; {guesses} left",
    Decision.CODE_WRONG_LAST: "a wrong code was typed; it was the last guess",
    Decision.GUESS_REFUSED: "a code was typed too late: {end}",
    Decision.CANCELED: "canceled by the caller",
    Decision.CANCEL_REFUSED: "could not be canceled: {end}",
    Decision.UNLOCKED: "limits lifted from the command line",
}
# The rest says nothing of whether a message arrived.
_OUTCOMES: Mapping[Decision, str] = {
    Decision.STARTED: "the last message was prepared; what became of it is not written down",
    Decision.START_REFUSED: "the last message asked for was refused: {why}",
    Decision.RESENT: "the last message was prepared; what became of it is not written down",
    Decision.RESEND_REFUSED: "the last message asked for was refused: {why}",
    Decision.FELL_BACK: "the last message was prepared; what became of it is not written down",
    Decision.FALL_BACK_REFUSED: "the last message did not arrive, and none went out for it: {why}",
    Decision.MESSAGE_TAKEN: "{taken_last}",
    Decision.MESSAGE_UNKNOWN: "nobody knows whether the last message went out{because}",
    Decision.MESSAGE_NOT_SENT: "the last message was not sent{because}",
    Decision.RECEIPT: "the provider says that the last message {told}",
    Decision.CODE_RIGHT: "the last code arrived, and was typed right",
    Decision.UNLOCKED: "its own limits were lifted since; what many numbers share was not",
}


def span_in_words(span: timedelta) -> str:
    """Give a span in its one fitting unit, rounded up: ``34 min``."""
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if span >= 2 * unit:
            return f"{-(-span // unit)} {name}"
    return f"{-(-span // timedelta(seconds=1))} s"


def window_in_words(window: timedelta) -> str:
    """Give a window as in ``5 starts an hour``."""
    return {_HOUR: "an hour", _DAY: "a day"}.get(window, f"in {span_in_words(window)}")


def moment_in_words(moment: datetime) -> str:
    """Give a moment to the second, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def reason_in_words(reason: str) -> str:
    """Say what a reason means: a word of ours, a code of the provider or a budget's name."""
    if reason in REASONS:
        return REASONS[reason]
    if reason.startswith("fraud_"):
        return f"the fraud guard shut its range or country ({reason}): see `otp-service fraud`"
    meaning = meaning_of_reason(reason)
    if meaning is None:
        return f"the budget {reason} is used up"
    if meaning.fault is Fault.NUMBER:
        return f"the provider refuses this number ({meaning.message}): is it right, and in use?"
    advice = f". {meaning.advice}" if meaning.advice else ""
    return f"the provider answered: {meaning.message}{advice}"


def entry_in_words(entry: Entry) -> str:
    """Say what an entry tells."""
    return _ENTRIES[entry.decision].format_map(_parts(entry))


def outcome_in_words(file: NumberFile) -> str:
    """Say why no code arrived, or that it did, as far as the newest entries tell."""
    for at, entry in reversed(list(enumerate(file.entries))):
        if entry.decision in _OUTCOMES and not _is_of_an_older_start(file.entries, at):
            until = entry.at + (entry.wait or timedelta())
            held = f", until {moment_in_words(until)}" if until > file.read_at else ""
            return _OUTCOMES[entry.decision].format_map(_parts(entry)) + held
    return "no message is known of"


def _is_of_an_older_start(entries: Sequence[Entry], at: int) -> bool:
    """Tell whether a receipt's message was asked for before a start that was refused."""
    receipt = entries[at]
    if receipt.decision is not Decision.RECEIPT:
        return False
    for entry in reversed(entries[:at]):
        if entry.decision is Decision.START_REFUSED:
            return True
        if entry.decision is not Decision.RECEIPT and (entry.verification, entry.send) == (
            receipt.verification,
            receipt.send,
        ):
            return False
    return False


def _taken(entry: Entry) -> tuple[str, str]:
    """Say what became of a message, and of the last: without an id it is a test number's."""
    if entry.request_id is None:
        none = "as for every test number"
        return f"message {entry.send} does not go out, {none}", f"no message goes out, {none}"
    over = f" over {_CHANNELS[entry.channel]}" if entry.channel else ""
    return (
        f"the provider took message {entry.send}{over}, its id {entry.request_id}",
        "the provider took the last message, and has not said that it arrived",
    )


def _parts(entry: Entry) -> dict[str, str]:
    """Give what the sentences are filled with; each takes what its kind of entry has."""
    over = f" over {_CHANNELS[entry.channel]}" if entry.channel else ""
    why = _why(entry)
    taken, taken_last = _taken(entry)
    return {
        "message": f"message {entry.send}{over}",
        "send": str(entry.send),
        "taken": taken,
        "taken_last": taken_last,
        "because": f": {reason_in_words(entry.reason)}" if entry.reason else "",
        "why": why,
        "refusal": f"{why}; to wait: {span_in_words(entry.wait)}" if entry.wait else why,
        "end": _ENDED.get(entry.ended, "") if entry.ended else "",
        "guesses": f"{entry.attempts_left} {'guess' if entry.attempts_left == 1 else 'guesses'}",
        "told": _TOLD.get(entry.state, "") if entry.state else "",
    }


def _why(entry: Entry) -> str:
    if entry.used_up:
        _, many = CHARGES[entry.used_up.charge]
        limit, window = entry.used_up.limit, window_in_words(entry.used_up.window)
        return f"{limit} {many} {window} to this number are used up"
    if entry.ended:
        return _ENDED.get(entry.ended, "the verification had ended")
    return reason_in_words(entry.reason or "")
