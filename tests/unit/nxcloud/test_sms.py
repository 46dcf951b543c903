import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from otp_service import data
from otp_service.domain.events import ProviderAnswered, ProviderNeedsAttention
from otp_service.domain.verification import Channel
from otp_service.nxcloud.reading import REASONS
from otp_service.nxcloud.signing import Algorithm
from otp_service.nxcloud.sms import SmsSender
from otp_service.ports import OutgoingMessage, SendReport, SendVerdict
from tests.unit.nxcloud.fakes import NOW, ListJournal
from tests.unit.nxcloud.scripted_server import (
    DROP,
    DROP_UNREAD,
    REQUEST_ID,
    SILENCE,
    SMS_ACCEPTED,
    ScriptedServer,
    Step,
    answer,
    sms_code,
)

MakeSender = Callable[..., SmsSender]

TAKEN = SendReport(SendVerdict.ACCEPTED, "sms_code_0", REQUEST_ID)
ROWS = {row["code"]: row for row in data.load("result_codes.json")["sms"]}
CODES_BY_FAULT = {
    fault: [number for number, row in ROWS.items() if row["fault"] == fault]
    for fault in ("setup", "provider")
}
UNKNOWN_STEPS: list[Any] = [
    pytest.param(DROP_UNREAD, "dropped", id="dropped-unread"),
    pytest.param(DROP, "dropped", id="dropped-after-the-request"),
    pytest.param(SILENCE, "timeout", id="silent"),
    pytest.param(answer(b"<html>"), "bad_answer", id="no-json"),
    pytest.param(answer({"code": 0}), "bad_answer", id="number-code"),
    pytest.param(answer({"code": "0"}), "bad_answer", id="accepted-without-an-id"),
    pytest.param(answer(b"<html>", status=404), "http_4xx", id="not-found"),
    pytest.param(answer(SMS_ACCEPTED, status=502), "http_5xx", id="bad-gateway"),
]


@pytest.fixture
def server(server: ScriptedServer) -> ScriptedServer:
    server.default = lambda _: answer(SMS_ACCEPTED)
    return server


def reasons_of(journal: ListJournal) -> list[tuple[str, str, int]]:
    return [
        (event.channel, event.reason, event.try_number) for event in journal.of(ProviderAnswered)
    ]


def test_sender_is_of_the_sms_channel(make_sms_sender: MakeSender) -> None:
    assert make_sms_sender().channel is Channel.SMS


def test_accepted_message_reports_the_providers_id(
    make_sms_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
    journal: ListJournal,
) -> None:
    report = make_sms_sender().send(message)

    assert report == TAKEN
    assert reasons_of(journal) == [("sms", "sms_code_0", 1)]


@pytest.mark.parametrize("algorithm", Algorithm)
def test_very_bytes_that_were_signed_are_sent(
    algorithm: Algorithm,
    make_sms_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
) -> None:
    make_sms_sender(algorithm=algorithm).send(message)

    (request,) = server.requests
    ts = str(int(NOW.timestamp() * 1000))
    text = b"accessKey=fme2na3kdi3ki&action=mtsend&bizType=3&ts=%b&body=%b&accessSecret=abciiiko2k3"
    signature = hashlib.new(algorithm.value, text % (ts.encode(), request.body)).hexdigest()
    assert (request.method, request.path) == ("POST", "/api/sms/mtsend_v2")
    assert (request.headers["bizType"], request.headers["action"]) == ("3", "mtsend")
    assert request.headers["sign"] == signature
    assert request.body.isascii()


@pytest.mark.parametrize(
    ("source_address", "more"),
    [(None, {}), ("Nova2024", {"sourceAddress": "Nova2024"})],
    ids=["without", "with"],
)
def test_body_has_the_fields_of_the_page_and_asks_for_no_receipt(
    source_address: str | None,
    more: dict[str, str],
    make_sms_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
) -> None:
    make_sms_sender(source_address=source_address).send(message)

    body = server.requests[0].json
    assert re.fullmatch(r"[0-9a-zA-Z-]{10,50}", body.pop("sysMessageId"))
    assert body == {
        "appKey": "pem28kje",
        "phone": "380671234567",
        "content": "048213: код",
        **more,
    }


def test_each_message_has_an_id_of_its_own(
    make_sms_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer
) -> None:
    sender = make_sms_sender()

    for _ in range(3):
        sender.send(message)

    assert len({request.json["sysMessageId"] for request in server.requests}) == 3


@pytest.mark.parametrize("source_address", ["", "a" * 21, "Nova Shop", "+380", "Нова"])
def test_source_address_of_another_form_is_refused(
    source_address: str, make_sms_sender: MakeSender
) -> None:
    with pytest.raises(ValueError, match="1 to 20 letters or digits"):
        make_sms_sender(source_address=source_address)


@pytest.mark.parametrize(("length", "exchanges"), [(0, 0), (1, 1), (1_000, 1), (1_001, 0)], ids=str)
def test_text_that_no_sms_holds_fails_unsent(
    length: int,
    exchanges: int,
    *,
    make_sms_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
    journal: ListJournal,
) -> None:
    report = make_sms_sender(compose=lambda _: "x" * length).send(message)

    assert server.exchanges == exchanges
    if not exchanges:
        assert report == SendReport(SendVerdict.FAILED, "unsendable")
        (event,) = journal.of(ProviderNeedsAttention)
        assert (event.channel, event.reason) == ("sms", "unsendable")
        assert event.advice == "A message was not sent: its text has not 1 to 1000 characters."


@pytest.mark.parametrize(("step", "reason"), UNKNOWN_STEPS)
def test_unknown_outcome_is_reported_and_never_sent_again(
    step: Step,
    reason: str,
    make_sms_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
) -> None:
    server.script(step)

    report = make_sms_sender(read_timeout=timedelta(milliseconds=500)).send(message)

    assert report == SendReport(SendVerdict.UNKNOWN, reason)
    assert server.exchanges == 1


def test_refused_number_is_reported_and_not_tried_again(
    make_sms_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
    journal: ListJournal,
) -> None:
    server.script(sms_code(6))

    report = make_sms_sender().send(message)

    assert report == SendReport(SendVerdict.NUMBER_REFUSED, "sms_code_6")
    assert server.exchanges == 1
    assert journal.of(ProviderNeedsAttention) == []


@pytest.mark.parametrize("number", CODES_BY_FAULT["setup"])
def test_fault_in_our_setup_is_said_in_words_and_not_tried_again(
    number: int,
    make_sms_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
    journal: ListJournal,
) -> None:
    server.script(sms_code(number))

    report = make_sms_sender().send(message)

    assert report == SendReport(SendVerdict.MISCONFIGURED, f"sms_code_{number}")
    assert server.exchanges == 1
    (event,) = journal.of(ProviderNeedsAttention)
    assert event.channel == "sms"
    assert event.reason == ("clock" if number == 1004 else f"sms_code_{number}")
    assert ROWS[number]["advice"] in event.advice


@pytest.mark.parametrize("number", [*(set(CODES_BY_FAULT["provider"]) - {27}), 31337])
def test_providers_passing_failure_is_tried_again_once_with_the_same_bytes(
    number: int, make_sms_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer
) -> None:
    server.script(sms_code(number))

    report = make_sms_sender().send(message)

    assert report == TAKEN
    first, second = server.requests
    assert second.body == first.body


def test_providers_lasting_failure_is_reported_after_one_retry(
    make_sms_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
    journal: ListJournal,
) -> None:
    server.script(sms_code(88), sms_code(99))

    report = make_sms_sender().send(message)

    assert report == SendReport(SendVerdict.FAILED, "sms_code_99")
    assert reasons_of(journal) == [("sms", "sms_code_88", 1), ("sms", "sms_code_99", 2)]


def test_number_that_had_its_five_an_hour_is_not_tried_again_at_once(
    make_sms_sender: MakeSender, message: OutgoingMessage, server: ScriptedServer
) -> None:
    server.script(sms_code(27))

    report = make_sms_sender().send(message)

    assert report == SendReport(SendVerdict.FAILED, "sms_code_27")
    assert server.exchanges == 1


def test_refused_connection_is_tried_once_more_and_reported(
    make_sms_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
    journal: ListJournal,
) -> None:
    sender = make_sms_sender()
    server.close()

    report = sender.send(message)

    assert report == SendReport(SendVerdict.FAILED, "refused")
    assert reasons_of(journal) == [("sms", "refused", 1), ("sms", "refused", 2)]


@pytest.mark.parametrize("number", [*ROWS, 31337])
def test_events_hold_words_of_the_closed_set_and_no_secret(
    number: int,
    *,
    make_sms_sender: MakeSender,
    message: OutgoingMessage,
    server: ScriptedServer,
    journal: ListJournal,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    server.default = lambda request: answer(
        {"result": request.body.decode(), "code": str(number), "messageid": REQUEST_ID}
    )
    sender = make_sms_sender()

    report = sender.send(message)

    assert {report.reason, *(event.reason for event in journal.events)} <= REASONS
    shown = f"{report!r} {journal.events!r} {sender!r} {caplog.text}"
    for hidden in ("048213", "671234567", "abciiiko2k3", "fme2na3kdi3ki", "pem28kje"):
        assert hidden not in shown
