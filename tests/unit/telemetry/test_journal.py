import io
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from typing import get_args, get_type_hints

import pytest

from otp_service.domain import events
from otp_service.domain.events import (
    Event,
    FraudGuardJudged,
    GuessJudged,
    MessageSent,
    ProofChecked,
    ProviderAnswered,
    ProviderDialectChosen,
    ProviderNeedsAttention,
    RequestServed,
    ResendJudged,
    StartJudged,
    StoreAnswered,
    TokenMinted,
    VerificationCalledOff,
)
from otp_service.telemetry import TelemetryJournal
from otp_service.telemetry.logs import configure_logs

TOOK = timedelta(milliseconds=12.3456)
RAW_PHONE = "+380671234567"

EVENTS = get_args(Event)
BY_NAME = [pytest.param(event_class, id=event_class.__name__) for event_class in EVENTS]


def filled(event_class, text):
    """Give an event of a class with one text in every field that takes a text."""
    kinds = {timedelta: TOOK, int: 7, int | None: 7, Decimal: Decimal("0.0125")}
    hints = get_type_hints(event_class)
    return event_class(
        **{field.name: kinds.get(hints[field.name], text) for field in fields(event_class)}
    )


@pytest.mark.parametrize("event_class", BY_NAME)
def test_event_is_measured_or_logged_without_a_failure(journal, lines, exposed, event_class):
    before = exposed()

    journal.record(filled(event_class, "word"))

    assert lines() or exposed() != before
    assert "otp_telemetry_failures_total" not in exposed()


@pytest.mark.parametrize("event_class", BY_NAME)
def test_event_that_carries_a_full_number_shows_it_nowhere(
    journal, stream, lines, exposed, event_class
):
    journal.record(filled(event_class, RAW_PHONE))

    assert lines()
    assert "1234567" not in stream.getvalue()
    assert "1234567" not in exposed()


@pytest.mark.parametrize("event_class", BY_NAME)
def test_event_that_tries_to_break_its_line_does_not(journal, lines, event_class):
    journal.record(filled(event_class, '"}\n{"event":"forged"}\r\x00\ud800'))

    assert len(lines()) == 1
    assert lines()[0]["event"] != "forged"


@pytest.mark.parametrize("event_class", BY_NAME)
def test_event_with_ever_new_words_adds_no_new_series(journal, exposed, event_class):
    journal.record(filled(event_class, "not a word"))
    series = len(exposed().splitlines())

    for number in range(200):
        journal.record(filled(event_class, f"not a word {number}"))

    assert len(exposed().splitlines()) == series
    assert "not a word" not in exposed()


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            StartJudged("shop", "started", "UA", "+380*******67", "id"),
            'otp_starts_total{application="shop",country="UA",outcome="started",reason="none"}',
        ),
        (
            StartJudged("shop", "too_many_requests", detail="number_starts_per_hour"),
            (
                'otp_starts_total{application="shop",country="none",outcome="too_many_requests",'
                'reason="number_starts_per_hour"}'
            ),
        ),
        (
            ResendJudged("shop", "resent", "UA"),
            'otp_resends_total{application="shop",country="UA",outcome="resent",reason="none"}',
        ),
        (
            MessageSent("shop", "viber", "UA", 3, "uk", "accepted", "code_0"),
            (
                'otp_messages_total{application="shop",channel="viber",country="UA",language="uk",'
                'outcome="accepted",reason="code_0",template="3"}'
            ),
        ),
        (
            GuessJudged("bank", "approved", "BR", "+55*******67", 2, "br", "viber", "id"),
            (
                'otp_guesses_total{application="bank",channel="viber",country="BR",language="br",'
                'outcome="approved",template="2"}'
            ),
        ),
        (
            VerificationCalledOff("shop", "canceled"),
            'otp_cancels_total{application="shop",outcome="canceled"}',
        ),
        (
            ProofChecked("shop", "inactive"),
            'otp_proofs_total{application="shop",outcome="inactive"}',
        ),
        (
            TokenMinted("shop", "minted", "web", "A1b2C3d4E5f6G7h8"),
            'otp_client_tokens_total{application="shop",outcome="minted"}',
        ),
        (
            ProviderNeedsAttention("viber", "code_9002", "Do this."),
            'otp_provider_attention_total{channel="viber",reason="code_9002"}',
        ),
        (
            ProviderAnswered("viber", "timeout", TOOK, 1),
            'otp_provider_exchange_seconds_count{channel="viber",outcome="no_answer"}',
        ),
        (
            StoreAnswered("verify", "ok", TOOK),
            'otp_store_operation_seconds_count{operation="verify",outcome="ok"}',
        ),
        (
            events.TestNumberUsed("shop", "verify", "approved", "app-review", "web"),
            'otp_test_number_uses_total{application="shop",outcome="approved",use="verify"}',
        ),
        (
            RequestServed("/otp/start", "POST", 201, TOOK),
            'otp_http_request_seconds_count{method="POST",route="/otp/start",status="201"}',
        ),
    ],
)
def test_event_moves_its_metric(journal, exposed, event, expected):
    journal.record(event)

    assert f"{expected} 1.0" in exposed().splitlines()


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (StartJudged("shop", "started"), "info"),
        (ResendJudged("shop", "resend_too_soon"), "info"),
        (GuessJudged("shop", "code_incorrect"), "info"),
        (MessageSent("shop", "viber", "UA", 3, "uk", "accepted", "code_0"), "info"),
        (MessageSent("shop", "viber", "UA", 3, "uk", "number_refused", "code_9002"), "info"),
        (MessageSent("shop", "viber", "UA", 3, "uk", "unknown", "timeout"), "warning"),
        (ProviderAnswered("viber", "code_0", TOOK, 1), "debug"),
        (ProviderNeedsAttention("viber", "code_1003", "Do this."), "error"),
        (ProviderDialectChosen("current"), "info"),
        (StoreAnswered("start", "unavailable", TOOK, "TimeoutError"), "error"),
        (events.TestNumberUsed("shop", "start", "started"), "warning"),
        (RequestServed("/otp/start", "POST", 429, TOOK), "info"),
        (RequestServed("/otp/start", "POST", 503, TOOK), "warning"),
    ],
)
def test_event_is_as_grave_as_it_is(journal, lines, event, level):
    journal.record(event)

    assert [line["level"] for line in lines()] == [level]


def test_store_that_answers_is_measured_and_not_logged(journal, lines):
    journal.record(StoreAnswered("start", "ok", TOOK))

    assert lines() == []


def test_line_has_the_events_own_fields_and_no_empty_ones(journal, lines):
    journal.record(RequestServed("/otp/start", "POST", 201, TOOK))

    (line,) = lines()
    del line["timestamp"]
    assert line == {
        "level": "info",
        "event": "request_served",
        "route": "/otp/start",
        "method": "POST",
        "status": 201,
        "took_ms": 12.346,
    }


def test_line_of_a_request_names_the_key_and_its_metric_does_not(journal, lines, exposed):
    journal.record(RequestServed("/otp/start", "POST", 201, TOOK, application="shop", key="web-2"))

    (line,) = lines()
    assert (line["application"], line["key"]) == ("shop", "web-2")
    assert "web-2" not in exposed()


def test_alert_can_see_the_first_call_for_attention(journal, instruments):
    shown = instruments.render()[0].decode()

    assert 'otp_provider_attention_total{channel="viber",reason="timeout"} 0.0' in shown


def test_log_that_fails_keeps_neither_the_caller_nor_the_count(instruments, exposed, stream):
    broken = io.StringIO()
    configure_logs("info", stream=broken)
    journal = TelemetryJournal(applications=["shop"], reasons=[], instruments=instruments)
    broken.close()

    journal.record(ProofChecked("shop", "active"))

    assert 'otp_proofs_total{application="shop",outcome="active"} 1.0' in exposed()
    assert "otp_telemetry_failures_total 1.0" in exposed()


def test_what_is_no_event_is_a_counted_failure(journal, exposed):
    journal.record("no event")

    assert "otp_telemetry_failures_total 2.0" in exposed()


def test_journal_whose_counters_fail_still_logs(journal, instruments, lines):
    instruments.proofs = instruments.failures = None

    journal.record(ProofChecked("shop", "active"))

    assert [line["event"] for line in lines()] == ["proof_checked"]


def test_start_over_the_fraud_guard_is_counted_by_bounded_labels_and_warned_of(
    journal, lines, exposed
):
    journal.record(
        FraudGuardJudged("shop", "blocked", "prefix", "UA", "fraud_prefix_per_hour", "Ab3dE_f-")
    )

    (line,) = lines()
    assert (line["level"], line["event"]) == ("warning", "fraud_guard_judged")
    assert (line["budget"], line["prefix_tag"]) == ("fraud_prefix_per_hour", "Ab3dE_f-")
    series = 'application="shop",country="UA",outcome="blocked",scope="prefix"'
    assert f"otp_fraud_guard_total{{{series}}} 1.0" in exposed()
    assert "Ab3dE_f-" not in exposed()
