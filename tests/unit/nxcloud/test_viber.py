import hashlib
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from otp_service import data
from otp_service.domain.events import (
    ProviderAnswered,
    ProviderDialectChosen,
    ProviderNeedsAttention,
)
from otp_service.domain.verification import Channel
from otp_service.nxcloud.otp_template import Dialect
from otp_service.nxcloud.reading import REASONS
from otp_service.nxcloud.signing import Algorithm
from otp_service.nxcloud.viber import ViberSender
from otp_service.ports import OutgoingMessage, SendReport, SendVerdict
from tests.unit.nxcloud.fakes import NOW, FixedClock, ListJournal
from tests.unit.nxcloud.scripted_server import (
    ACCEPTED,
    DROP,
    DROP_UNREAD,
    REQUEST_ID,
    SILENCE,
    Received,
    ScriptedServer,
    Step,
    answer,
    code,
    drip,
    http_message,
    raw,
)

MakeSender = Callable[..., ViberSender]
MakeMessage = Callable[..., OutgoingMessage]

TAKEN = SendReport(SendVerdict.ACCEPTED, "code_0", REQUEST_ID)
REFUSED_FIELD = SendReport(SendVerdict.MISCONFIGURED, "code_9000")
ROWS = {row["code"]: row for row in data.load("result_codes.json")["viber"]}
CODES_BY_FAULT = {
    fault: [number for number, row in ROWS.items() if row["fault"] == fault]
    for fault in ("number", "setup", "provider")
}
UNKNOWN_STEPS: list[Any] = [
    pytest.param(DROP_UNREAD, "dropped", id="dropped-unread"),
    pytest.param(DROP, "dropped", id="dropped-after-the-request"),
    pytest.param(SILENCE, "timeout", id="silent"),
    pytest.param(drip(http_message(b"{}" * 100)), "timeout", id="dripped-head"),
    pytest.param(raw(http_message(b'{"co', promised_length=9), keep=False), "dropped", id="half"),
    pytest.param(raw(b"garbage\r\n\r\n", keep=False), "dropped", id="no-http"),
    pytest.param(answer(b" " * 100_000), "too_large", id="100-kilobytes"),
    pytest.param(answer(b""), "bad_answer", id="empty"),
    pytest.param(answer(b"<html>"), "bad_answer", id="no-json"),
    pytest.param(answer(["code", 0]), "bad_answer", id="no-object"),
    pytest.param(answer({"code": "0"}), "bad_answer", id="text-code"),
    pytest.param(answer({"code": 0}), "bad_answer", id="accepted-without-an-id"),
    pytest.param(answer(b"", status=302, headers={"Location": "/"}), "http_3xx", id="redirect"),
    pytest.param(answer(b"<html>", status=404), "http_4xx", id="not-found"),
    pytest.param(answer(b" " * 100_000, status=404), "http_4xx", id="large-not-found"),
    pytest.param(answer(b"<html>", status=502), "http_5xx", id="bad-gateway"),
    pytest.param(answer({"code": -1}, status=500), "http_5xx", id="server-error-with-a-code"),
    pytest.param(answer(ACCEPTED, status=503), "http_5xx", id="server-error-that-accepts"),
]


def spelling_of(request: Received) -> Dialect:
    return Dialect.CURRENT if "templateId" in request.json["messageData"] else Dialect.DOCUMENTED


def takes_only(dialect: Dialect) -> Callable[[Received], Step]:
    return lambda request: answer() if spelling_of(request) is dialect else code(9000)


def reasons_of(journal: ListJournal) -> list[tuple[str, int]]:
    return [(event.reason, event.try_number) for event in journal.of(ProviderAnswered)]


def test_sender_is_of_the_viber_channel(make_sender: MakeSender) -> None:
    assert make_sender().channel is Channel.VIBER


def test_accepted_message_reports_the_providers_id(
    make_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer, journal: ListJournal
) -> None:
    report = make_sender().send(message)

    assert report == TAKEN
    (event,) = journal.events
    assert isinstance(event, ProviderAnswered)
    assert (event.channel, event.reason, event.try_number) == ("viber", "code_0", 1)
    assert timedelta(0) < event.took < timedelta(seconds=5)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_very_bytes_that_were_signed_are_sent(
    algorithm: Algorithm,
    make_sender: MakeSender,
    make_message: MakeMessage,
    server: ScriptedServer,
) -> None:
    make_sender(algorithm=algorithm).send(make_message(3, texts={"business_name": "Банка"}))

    (request,) = server.requests
    ts = str(int(NOW.timestamp() * 1000))
    text = b"accessKey=fme2na3kdi3ki&action=mt&bizType=7&ts=%b&body=%b&accessSecret=abciiiko2k3"
    signature = hashlib.new(algorithm.value, text % (ts.encode(), request.body)).hexdigest()
    assert (request.method, request.path) == ("POST", "/api/viber/mt")
    sent = request.headers
    assert (sent["accessKey"], sent["bizType"], sent["action"]) == ("fme2na3kdi3ki", "7", "mt")
    assert (sent["ts"], sent["sign"]) == (ts, signature)
    assert sent["Content-Type"] == "application/json"


@pytest.mark.parametrize("dialect", Dialect)
def test_fixed_dialect_is_used_and_never_changed(
    dialect: Dialect,
    make_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
    journal: ListJournal,
) -> None:
    server.script(code(9000))
    sender = make_sender(dialect=dialect)

    reports = [sender.send(message), sender.send(message)]

    assert reports == [REFUSED_FIELD, TAKEN]
    assert [spelling_of(request) for request in server.requests] == [dialect, dialect]
    assert journal.of(ProviderDialectChosen) == []


@pytest.mark.parametrize(("step", "reason"), UNKNOWN_STEPS)
@pytest.mark.parametrize("dialect", [None, *Dialect], ids=["auto", *Dialect])
def test_unknown_outcome_is_reported_and_never_sent_again(
    step: Step,
    reason: str,
    dialect: Dialect | None,
    *,
    make_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
    journal: ListJournal,
) -> None:
    server.script(step)
    sender = make_sender(dialect=dialect, read_timeout=timedelta(milliseconds=500))

    report = sender.send(message)

    assert report == SendReport(SendVerdict.UNKNOWN, reason)
    assert reasons_of(journal) == [(reason, 1)]
    assert server.exchanges == 1
    assert server.connections == 1


def test_connection_kept_too_long_is_unknown_and_not_sent_again(
    make_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer
) -> None:
    server.script(answer(), DROP)
    sender = make_sender()

    reports = [sender.send(message), sender.send(message)]

    assert reports == [TAKEN, SendReport(SendVerdict.UNKNOWN, "dropped")]
    assert server.exchanges == 2


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(answer(b"", status=302, headers={"Location": "/"}), id="redirect"),
        pytest.param(answer(b"<html>", status=404), id="not-found"),
    ],
)
def test_answer_that_is_not_the_apis_asks_to_check_the_address(
    step: Step,
    make_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
    journal: ListJournal,
) -> None:
    server.script(step)

    report = make_sender().send(message)

    (event,) = journal.of(ProviderNeedsAttention)
    assert (event.channel, event.reason) == ("viber", report.reason)
    assert "OTP_NXCLOUD_BASE_URL" in event.advice


@pytest.mark.parametrize("number", CODES_BY_FAULT["number"])
def test_refused_number_is_reported_and_not_tried_again(
    number: int,
    make_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
    journal: ListJournal,
) -> None:
    server.script(code(number))

    report = make_sender(dialect=None).send(message)

    assert report == SendReport(SendVerdict.NUMBER_REFUSED, f"code_{number}")
    assert server.exchanges == 1
    assert journal.of(ProviderNeedsAttention) == []


@pytest.mark.parametrize("number", CODES_BY_FAULT["setup"])
def test_fault_in_our_setup_is_said_in_words_and_not_tried_again(
    number: int,
    make_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
    journal: ListJournal,
) -> None:
    server.script(code(number, status=401))

    report = make_sender().send(message)

    assert report == SendReport(SendVerdict.MISCONFIGURED, f"code_{number}")
    assert server.exchanges == 1
    (event,) = journal.of(ProviderNeedsAttention)
    assert event.reason == ("clock" if number == 1004 else f"code_{number}")
    assert ROWS[number]["advice"] in event.advice


@pytest.mark.parametrize("number", [*CODES_BY_FAULT["provider"], 1, 31337])
def test_providers_passing_failure_is_tried_again_once(
    number: int,
    make_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
    journal: ListJournal,
) -> None:
    server.script(code(number))

    report = make_sender().send(message)

    word = f"code_{number}" if number in ROWS else "code_other"
    assert report == TAKEN
    assert reasons_of(journal) == [(word, 1), ("code_0", 2)]


@pytest.mark.parametrize("number", [*CODES_BY_FAULT["provider"], 31337])
def test_providers_lasting_failure_is_reported_after_one_retry(
    number: int, make_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer
) -> None:
    server.script(code(number), code(number))

    report = make_sender(dialect=None).send(message)

    assert report.verdict is SendVerdict.FAILED
    assert server.exchanges == 2


def test_retry_is_signed_anew(
    make_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer, clock: FixedClock
) -> None:
    def answer_late(request: Received) -> Step:
        clock.time += timedelta(seconds=1)
        return code(-1) if len(server.requests) == 1 else answer()

    server.default = answer_late

    make_sender().send(message)

    first, second = server.requests
    assert second.body == first.body
    assert int(second.headers["ts"]) - int(first.headers["ts"]) == 1000
    assert second.headers["sign"] != first.headers["sign"]


@pytest.mark.parametrize(
    ("second", "verdict"),
    [
        pytest.param(SILENCE, SendVerdict.UNKNOWN, id="unknown"),
        pytest.param(code(9002), SendVerdict.NUMBER_REFUSED, id="number"),
        pytest.param(code(1102), SendVerdict.MISCONFIGURED, id="setup"),
    ],
)
def test_retrys_own_outcome_is_what_counts(
    second: Step,
    verdict: SendVerdict,
    make_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
) -> None:
    server.script(code(9001), second)

    report = make_sender(read_timeout=timedelta(milliseconds=500)).send(message)

    assert report.verdict is verdict
    assert server.exchanges == 2


def test_refused_connection_is_tried_once_more_and_reported(
    make_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer, journal: ListJournal
) -> None:
    sender = make_sender()
    server.close()

    report = sender.send(message)

    assert report == SendReport(SendVerdict.FAILED, "refused")
    assert reasons_of(journal) == [("refused", 1), ("refused", 2)]


def test_search_settles_on_the_documented_spelling_at_the_first_success(
    make_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer, journal: ListJournal
) -> None:
    sender = make_sender(dialect=None)

    sender.send(message)
    sender.send(message)

    assert journal.of(ProviderDialectChosen) == [ProviderDialectChosen("documented")]


def test_search_finds_the_current_spelling_and_stays_with_it(
    make_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer, journal: ListJournal
) -> None:
    server.default = takes_only(Dialect.CURRENT)
    sender = make_sender(dialect=None)

    reports = [sender.send(message) for _ in range(3)]

    assert reports == [TAKEN] * 3
    assert [spelling_of(request) for request in server.requests] == [
        Dialect.DOCUMENTED,
        Dialect.CURRENT,
        Dialect.CURRENT,
        Dialect.CURRENT,
    ]
    assert journal.of(ProviderDialectChosen) == [ProviderDialectChosen("current")]
    assert journal.of(ProviderNeedsAttention) == []


def test_message_refused_in_both_spellings_leaves_the_search_open(
    make_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer, journal: ListJournal
) -> None:
    server.script(code(9000), code(9000))
    server.default = takes_only(Dialect.CURRENT)
    sender = make_sender(dialect=None)

    reports = [sender.send(message), sender.send(message)]

    assert reports == [REFUSED_FIELD, TAKEN]
    assert server.exchanges == 4
    assert len(journal.of(ProviderNeedsAttention)) == 1


@pytest.mark.parametrize("taken", Dialect)
def test_field_refused_after_a_success_is_the_fields_fault(
    taken: Dialect, make_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer
) -> None:
    server.default = takes_only(taken)
    sender = make_sender(dialect=None)
    sender.send(message)
    before = server.exchanges
    server.script(code(9000))

    report = sender.send(message)

    assert report == REFUSED_FIELD
    assert server.exchanges == before + 1


def test_unknown_outcome_in_the_other_spelling_ends_the_message(
    make_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer, journal: ListJournal
) -> None:
    server.script(code(9000), DROP)

    report = make_sender(dialect=None).send(message)

    assert report == SendReport(SendVerdict.UNKNOWN, "dropped")
    assert server.exchanges == 2
    assert journal.of(ProviderDialectChosen) == []


def test_message_has_one_retry_over_both_spellings(
    make_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer, journal: ListJournal
) -> None:
    server.script(code(-1), code(9000), code(-1))

    report = make_sender(dialect=None).send(message)

    assert report == SendReport(SendVerdict.FAILED, "code_-1")
    assert reasons_of(journal) == [("code_-1", 1), ("code_9000", 2), ("code_-1", 2)]


def test_threads_that_search_together_all_get_through_and_find_one_spelling(
    make_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer, journal: ListJournal
) -> None:
    server.default = takes_only(Dialect.CURRENT)
    sender = make_sender(dialect=None)
    together = threading.Barrier(16)

    def send(_: int) -> SendReport:
        together.wait()
        return sender.send(message)

    with ThreadPoolExecutor(16) as threads:
        reports = list(threads.map(send, range(16)))

    assert reports == [TAKEN] * 16
    assert journal.of(ProviderDialectChosen) == [ProviderDialectChosen("current")]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(95, "95 s ahead of"), (-95, "95 s behind")],
    ids=["ahead", "behind"],
)
def test_refused_clock_is_said_with_its_offset(
    seconds: int,
    words: str,
    *,
    make_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
    journal: ListJournal,
) -> None:
    server.script(code(1004, date=NOW - timedelta(seconds=seconds)))

    report = make_sender().send(message)

    assert report == SendReport(SendVerdict.MISCONFIGURED, "code_1004")
    (event,) = journal.of(ProviderNeedsAttention)
    assert event.reason == "clock"
    assert words in event.advice


def test_refused_clock_is_said_every_time(
    make_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer, journal: ListJournal
) -> None:
    server.script(code(1004), code(1004))
    sender = make_sender()

    sender.send(message)
    sender.send(message)

    assert [event.reason for event in journal.of(ProviderNeedsAttention)] == ["clock", "clock"]


@pytest.mark.parametrize("status", [200, 502])
def test_clock_that_drifts_is_said_at_most_once_a_minute(
    status: int,
    *,
    make_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
    journal: ListJournal,
    clock: FixedClock,
) -> None:
    server.default = lambda _: answer(status=status, date=clock.time + timedelta(seconds=40))
    sender = make_sender()

    sender.send(message)
    clock.time += timedelta(seconds=59)
    sender.send(message)
    clock.time += timedelta(seconds=1)
    sender.send(message)

    said = journal.of(ProviderNeedsAttention)
    assert [event.reason for event in said] == ["clock", "clock"]
    assert "40 s behind" in said[0].advice
    assert "NTP" in said[0].advice


@pytest.mark.parametrize("seconds", [-29, 0, 29])
def test_clock_within_tolerance_is_not_mentioned(
    seconds: int,
    *,
    make_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
    journal: ListJournal,
) -> None:
    server.script(answer(date=NOW + timedelta(seconds=seconds)))

    make_sender().send(message)

    assert journal.of(ProviderNeedsAttention) == []


def test_message_that_does_not_fill_its_template_fails_unsent(
    make_sender: MakeSender,
    make_message: MakeMessage,
    server: ScriptedServer,
    journal: ListJournal,
) -> None:
    report = make_sender().send(make_message(9, texts={"business_name": "Banka"}))

    assert report == SendReport(SendVerdict.FAILED, "unsendable")
    assert server.exchanges == 0
    (event,) = journal.of(ProviderNeedsAttention)
    assert (event.reason, event.advice) == (
        "unsendable",
        "A message was not sent: /template_id: template 9 needs reason.",
    )


@pytest.mark.parametrize("template_id", [None, 10], ids=["no-template", "no-such-template"])
def test_plan_without_a_template_of_the_nine_fails_unsent(
    template_id: int | None,
    make_sender: MakeSender,
    make_message: MakeMessage,
    server: ScriptedServer,
) -> None:
    report = make_sender().send(make_message(template_id))

    assert report == SendReport(SendVerdict.FAILED, "unsendable")
    assert server.exchanges == 0


@pytest.mark.parametrize(
    ("template_id", "life"),
    [(2, timedelta(seconds=301)), (4, timedelta(seconds=301)), (6, timedelta(minutes=5))],
)
def test_template_that_would_not_tell_the_truth_fails_unsent(
    template_id: int,
    life: timedelta,
    make_sender: MakeSender,
    make_message: MakeMessage,
    server: ScriptedServer,
) -> None:
    texts = {"business_name": "Banka"} if template_id == 6 else {}

    report = make_sender().send(make_message(template_id, texts=texts, life=life))

    assert report == SendReport(SendVerdict.FAILED, "unsendable")
    assert server.exchanges == 0


@pytest.mark.parametrize(
    "step",
    [
        *(code(number) for number in [*ROWS, 31337]),
        *(parameter.values[0] for parameter in UNKNOWN_STEPS),
    ],
    ids=[*map(str, ROWS), "other", *(str(parameter.id) for parameter in UNKNOWN_STEPS)],
)
def test_events_hold_words_of_the_closed_set_and_no_secret(
    step: Step,
    *,
    make_sender: MakeSender,
    make_message: MakeMessage,
    server: ScriptedServer,
    journal: ListJournal,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    server.script(step, step)
    sender = make_sender(dialect=None, read_timeout=timedelta(milliseconds=300))

    report = sender.send(make_message(3, texts={"business_name": "Banka"}))

    events = [event for event in journal.events if not isinstance(event, ProviderDialectChosen)]
    assert {report.reason, *(event.reason for event in events)} <= REASONS
    shown = f"{report!r} {journal.events!r} {sender!r} {caplog.text}"
    for hidden in ("048213", "671234567", "abciiiko2k3", "fme2na3kdi3ki", "pem28kje", "Banka"):
        assert hidden not in shown


def test_echo_of_a_message_reaches_no_event(
    make_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer, journal: ListJournal
) -> None:
    server.default = lambda request: answer(
        {"code": 9000, "message": request.body.decode(), "data": json.loads(request.body)},
        headers={"Date": "048213"},
    )

    report = make_sender().send(message)

    assert "048213" not in repr(report) + repr(journal.events)
