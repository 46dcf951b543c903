"""Every entry, reason and span in words."""

from datetime import UTC, datetime, timedelta

import pytest

from otp_service.cli.number_words import (
    REASONS,
    entry_in_words,
    outcome_in_words,
    reason_in_words,
    span_in_words,
    window_in_words,
)
from otp_service.domain.audit import Decision, Entry, NumberFile, UsedUp
from otp_service.domain.limits import Charge
from otp_service.domain.verification import Channel, DeliveryState, Status
from otp_service.nxcloud.reading import REASONS as PROVIDERS_REASONS
from otp_service.nxcloud.result_codes import meaning_of_reason

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def entry(decision: Decision, **details: object) -> Entry:
    return Entry(NOW, decision, "shop", **details)  # type: ignore[arg-type]


def outcome(*entries: Entry, read_at: datetime = NOW) -> str:
    return outcome_in_words(NumberFile(read_at, entries, ()))


FULL = {
    "send": 2,
    "channel": Channel.SMS,
    "request_id": "abc-1",
    "reason": "timeout",
    "wait": timedelta(minutes=34),
    "attempts_left": 1,
    "ended": Status.EXPIRED,
    "state": DeliveryState.SEEN,
    "lifted": 1,
}


@pytest.mark.parametrize("decision", Decision, ids=str)
def test_every_decision_has_words_without_a_gap(decision: Decision) -> None:
    words = entry_in_words(entry(decision, **FULL))

    assert words
    assert "None" not in words
    assert "{" not in words


@pytest.mark.parametrize("reason", sorted(PROVIDERS_REASONS))
def test_every_reason_of_the_provider_s_side_has_words(reason: str) -> None:
    assert reason in REASONS or meaning_of_reason(reason)
    assert "budget" not in reason_in_words(reason)


@pytest.mark.parametrize("state", sorted(set(DeliveryState) - {DeliveryState.UNKNOWN}), ids=str)
def test_every_state_that_a_receipt_tells_has_words(state: DeliveryState) -> None:
    words = entry_in_words(entry(Decision.RECEIPT, send=1, state=state))

    _, _, told = words.partition("the provider says that message 1 ")
    assert told


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            entry(
                Decision.START_REFUSED,
                used_up=UsedUp(Charge.START, 5, HOUR),
                wait=timedelta(minutes=34),
            ),
            "start refused: 5 starts an hour to this number are used up; to wait: 34 min",
        ),
        (
            entry(Decision.START_REFUSED, reason="address_starts", wait=timedelta(seconds=9)),
            "start refused: the budget address_starts is used up; to wait: 9 s",
        ),
        (
            entry(Decision.START_REFUSED, reason="denied_number", wait=timedelta(0)),
            "start refused: no codes are sent to this number: denied_numbers in the settings",
        ),
        (
            entry(Decision.MESSAGE_NOT_SENT, send=1, channel=Channel.VIBER, reason="code_9002"),
            (
                "message 1 over Viber was not sent: the provider refuses this number (Phone "
                "number error): is it right, and in use?"
            ),
        ),
        (
            entry(Decision.GUESS_REFUSED, ended=Status.APPROVED),
            "a code was typed too late: its code was already used",
        ),
        (
            entry(Decision.CODE_WRONG, attempts_left=1),
            "a wrong code was typed; 1 guess left",
        ),
    ],
    ids=["own budget", "another budget", "destination", "provider", "too late", "wrong"],
)
def test_entry_says_what_happened(given: Entry, words: str) -> None:
    assert entry_in_words(given) == words


def test_reason_that_the_operator_can_mend_comes_with_advice() -> None:
    assert "NTP" in reason_in_words("code_1004")


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=0.4), "1 s"),
        (timedelta(seconds=119), "119 s"),
        (timedelta(seconds=121), "3 min"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=2), "2 d"),
    ],
    ids=str,
)
def test_span_is_rounded_up_in_its_unit(span: timedelta, words: str) -> None:
    assert span_in_words(span) == words


def test_window_reads_as_people_say_it() -> None:
    windows = [HOUR, timedelta(days=1), timedelta(minutes=10)]

    assert [window_in_words(w) for w in windows] == ["an hour", "a day", "in 10 min"]


def test_outcome_is_that_of_the_newest_message_whatever_was_typed_since() -> None:
    told = outcome(
        entry(Decision.STARTED, send=1),
        entry(Decision.MESSAGE_NOT_SENT, send=1, reason="timeout"),
        entry(Decision.GUESS_REFUSED, ended=Status.EXPIRED),
        entry(Decision.CODE_WRONG, attempts_left=3),
    )

    assert told == "the last message was not sent: the provider did not answer in time"


def test_receipt_for_an_older_message_does_not_hide_a_refused_start() -> None:
    told = outcome(
        entry(Decision.STARTED, verification="one", send=1),
        entry(Decision.MESSAGE_TAKEN, verification="one", send=1, request_id="abc-1"),
        entry(Decision.START_REFUSED, reason="fraud_prefix_per_hour", wait=HOUR),
        entry(Decision.RECEIPT, verification="one", send=1, state=DeliveryState.DELIVERED),
    )

    assert told.startswith(
        "the last message asked for was refused: the fraud guard shut its range or country "
        "(fraud_prefix_per_hour)"
    )


def test_receipt_for_a_message_after_a_refused_start_is_the_outcome() -> None:
    told = outcome(
        entry(Decision.START_REFUSED, reason="fraud_prefix_per_hour", wait=HOUR),
        entry(Decision.STARTED, verification="one", send=1),
        entry(Decision.RECEIPT, verification="one", send=1, state=DeliveryState.DELIVERED),
    )

    assert told == "the provider says that the last message has arrived"


def test_test_number_s_message_is_not_said_to_be_with_the_provider() -> None:
    taken = entry(Decision.MESSAGE_TAKEN, send=1, channel=Channel.VIBER)

    assert entry_in_words(taken) == "message 1 does not go out, as for every test number"
    assert outcome(taken) == "no message goes out, as for every test number"


@pytest.mark.parametrize("charge", Charge, ids=str)
def test_every_kind_of_charge_has_words(charge: Charge) -> None:
    words = entry_in_words(entry(Decision.START_REFUSED, used_up=UsedUp(charge, 5, HOUR)))

    assert words.endswith("an hour to this number are used up")


def test_outcome_of_a_refusal_says_until_when_as_long_as_it_holds() -> None:
    refused = entry(Decision.START_REFUSED, used_up=UsedUp(Charge.START, 5, HOUR), wait=HOUR)

    during, after = outcome(refused), outcome(refused, read_at=NOW + HOUR)

    assert during.endswith("are used up, until 2026-03-01 13:00:00 UTC")
    assert after.endswith("are used up")


def test_outcome_after_an_unlock_is_not_the_refusal_before_it() -> None:
    told = outcome(entry(Decision.START_REFUSED, wait=HOUR), entry(Decision.UNLOCKED, lifted=1))

    assert "lifted" in told


def test_nothing_known_is_said() -> None:
    assert outcome() == "no message is known of"
