import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from support.verifications import PLAN, RULES, SilentJournal

from otp_service.domain.circuit import Circuit, CircuitRules
from otp_service.domain.events import CircuitTurned
from otp_service.domain.pin import Pin
from otp_service.domain.verification import Channel
from otp_service.nxcloud.reading import NOT_ASKED, NOT_REACHED
from otp_service.ports import OutgoingMessage, SendReport, SendVerdict
from otp_service.service.breaker import Breaker, _monotonic

MESSAGE = OutgoingMessage(phone="+380671234567", pin=Pin("123456"), plan=PLAN, life=RULES.life)
RULES_OF_TWO = CircuitRules(
    failures=2, open_for=timedelta(seconds=5), probe_lasts=timedelta(seconds=30)
)
ACCEPTED = SendReport(SendVerdict.ACCEPTED, "code_0", "id")
TIMED_OUT = SendReport(SendVerdict.UNKNOWN, "timeout")
NOT_TRIED = SendReport(SendVerdict.NOT_TRIED, "circuit_open")


class Sender:
    """Gives the report it was told to, or breaks; may hold every message at a gate."""

    channel = Channel.VIBER

    def __init__(self) -> None:
        self.report: SendReport | Exception = ACCEPTED
        self.messages: list[OutgoingMessage] = []
        self.gate = threading.Event()
        self.gate.set()

    @property
    def sent(self) -> int:
        return len(self.messages)

    def send(self, message: OutgoingMessage) -> SendReport:
        self.messages.append(message)
        report = self.report
        assert self.gate.wait(30)
        if isinstance(report, Exception):
            raise report
        return report


class Desk:
    """A breaker over a sender and a clock of the test's own."""

    def __init__(self, rules: CircuitRules = RULES_OF_TWO) -> None:
        self.sender = Sender()
        self.journal = SilentJournal()
        self.now = timedelta(hours=1)
        self.breaker = Breaker(
            self.sender,
            Circuit(rules),
            not_reached=NOT_REACHED,
            not_asked=NOT_ASKED,
            journal=self.journal,
            now=lambda: self.now,
        )

    def send(self, *reports: SendReport) -> list[SendReport]:
        given = []
        for report in reports:
            self.sender.report = report
            given.append(self.breaker.send(MESSAGE))
        return given

    def open(self) -> None:
        self.send(TIMED_OUT, TIMED_OUT)
        assert self.breaker.wait()

    def turns(self) -> list[str]:
        return [event.turn for event in self.journal.events if isinstance(event, CircuitTurned)]


@pytest.mark.parametrize(
    "report",
    [
        *[SendReport(SendVerdict.UNKNOWN, reason) for reason in ("timeout", "dropped", "http_5xx")],
        *[SendReport(SendVerdict.UNKNOWN, reason) for reason in ("bad_answer", "too_large")],
        *[SendReport(SendVerdict.UNKNOWN, reason) for reason in ("http_3xx", "http_4xx")],
        *[SendReport(SendVerdict.FAILED, reason) for reason in ("dns", "refused", "tls")],
        *[SendReport(SendVerdict.FAILED, reason) for reason in ("unreachable", "connect_timeout")],
    ],
    ids=lambda report: report.reason,
)
def test_what_is_no_answer_opens(report: SendReport) -> None:
    desk = Desk()

    assert desk.send(report, report, report) == [report, report, NOT_TRIED]
    assert desk.sender.sent == 2
    assert desk.breaker.wait() == timedelta(seconds=5)


@pytest.mark.parametrize(
    "report",
    [
        ACCEPTED,
        SendReport(SendVerdict.NUMBER_REFUSED, "code_9002"),
        SendReport(SendVerdict.MISCONFIGURED, "code_9000"),
        SendReport(SendVerdict.FAILED, "code_-1"),
        SendReport(SendVerdict.FAILED, "code_9999"),
        SendReport(SendVerdict.FAILED, "unsendable"),
    ],
    ids=lambda report: report.reason,
)
def test_an_answer_of_any_code_opens_nothing(report: SendReport) -> None:
    desk = Desk()

    assert desk.send(*[report] * 50) == [report] * 50
    assert not desk.breaker.wait()


def test_text_that_cannot_be_sent_is_no_sign_of_life() -> None:
    desk = Desk()
    unsendable = SendReport(SendVerdict.FAILED, "unsendable")

    desk.send(*[unsendable] * 5, TIMED_OUT, TIMED_OUT)

    assert desk.breaker.wait()


def test_closes_by_itself_once_the_provider_answers() -> None:
    desk = Desk()
    desk.open()

    desk.now += timedelta(seconds=5)

    assert desk.send(ACCEPTED, ACCEPTED) == [ACCEPTED, ACCEPTED]
    assert desk.turns() == ["opened", "closed"]


def test_probe_that_fails_is_no_further_opening() -> None:
    desk = Desk()
    desk.open()

    desk.now += timedelta(seconds=5)

    assert desk.send(TIMED_OUT, ACCEPTED) == [TIMED_OUT, NOT_TRIED]
    assert desk.turns() == ["opened"]


def test_sender_that_breaks_gives_the_probe_s_place_back() -> None:
    desk = Desk()
    desk.open()
    desk.now += timedelta(seconds=5)
    desk.sender.report = RuntimeError("broken")

    with pytest.raises(RuntimeError):
        desk.breaker.send(MESSAGE)

    assert desk.send(ACCEPTED) == [ACCEPTED]
    assert desk.turns() == ["opened", "closed"]


def test_of_many_threads_one_is_the_probe_and_none_of_the_others_waits() -> None:
    desk = Desk()
    desk.open()
    desk.now += timedelta(seconds=5)
    desk.sender.report = ACCEPTED
    desk.sender.gate.clear()
    before = desk.sender.sent

    with ThreadPoolExecutor(32) as pool:
        sending = [pool.submit(desk.breaker.send, MESSAGE) for _ in range(32)]
        refused = 0
        while refused < 31:
            refused = sum(each.done() for each in sending)
        desk.sender.gate.set()
        reports = [each.result(30) for each in sending]

    assert (reports.count(ACCEPTED), reports.count(NOT_TRIED)) == (1, 31)
    assert desk.sender.sent == before + 1


def test_many_threads_that_time_out_open_it_once() -> None:
    desk = Desk()
    desk.sender.report = TIMED_OUT
    desk.sender.gate.clear()

    with ThreadPoolExecutor(16) as pool:
        sending = [pool.submit(desk.breaker.send, MESSAGE) for _ in range(16)]
        while desk.sender.sent < 16:
            pass
        desk.sender.gate.set()
        assert {each.result(30) for each in sending} == {TIMED_OUT}

    assert desk.turns() == ["opened"]
    assert desk.breaker.send(MESSAGE) == NOT_TRIED


def test_success_of_a_message_that_went_before_it_opened_does_not_close_it() -> None:
    desk = Desk()
    desk.sender.gate.clear()

    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(desk.breaker.send, MESSAGE)
        while not desk.sender.sent:
            pass
        slow, desk.sender.gate = desk.sender.gate, threading.Event()
        desk.sender.gate.set()
        desk.open()
        slow.set()
        assert early.result(30) == ACCEPTED

    assert desk.breaker.wait()
    assert desk.turns() == ["opened"]


def test_clock_of_the_machine_may_be_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _monotonic()
    monkeypatch.setattr("time.time", lambda: 0.0)

    assert before <= _monotonic() < before + timedelta(hours=1)
