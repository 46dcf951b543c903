from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from support.fakes import AWAY

from otp_service.domain.rate import Billing, RateType
from otp_service.domain.session import Chat, SessionBar, SessionKind, SessionSend
from otp_service.domain.viber_message import File, Image, Text, ViberMessage
from otp_service.errors import InvalidRequest, StoreUnavailable
from otp_service.ports import SendReport, SendVerdict
from otp_service.service.send_message import SendMessage

PHONE, UKRAINIAN = "+12015550123", "+380671234567"
LINK = "https://example.com/a"
SESSION_TEXT = Text(text="Hello", rate_type=RateType.SESSION)
SESSION_MESSAGES = {
    SessionKind.TEXT: SESSION_TEXT,
    SessionKind.IMAGE: Image(image=LINK, rate_type=RateType.SESSION),
    SessionKind.FILE: File(
        file_name="a.pdf", file_link=LINK, file_type="pdf", rate_type=RateType.SESSION
    ),
}
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class FakeLine:
    def __init__(self, verdict: SendVerdict = SendVerdict.ACCEPTED) -> None:
        self._verdict = verdict
        self.sent: list[tuple[str, ViberMessage]] = []

    def hand_over(self, phone: str, message: ViberMessage) -> SendReport:
        self.sent.append((phone, message))
        return SendReport(self._verdict, "as_told", "id" if self._verdict == "accepted" else None)


class FakeSessions:
    """Judges as it is told to; an exception is raised."""

    def __init__(self, judged: Any = None, *, taking_back: Exception | None = None) -> None:
        self.judged = judged or SessionSend(Billing.SESSION, Chat(1, 1, NOW, 1))
        self.taking_back = taking_back
        self.asked: list[tuple[object, ...]] = []

    def _judge(self) -> Any:
        if isinstance(self.judged, Exception):
            raise self.judged
        return self.judged

    def count(self, phone: str, kind: SessionKind) -> Any:
        self.asked.append(("count", phone, kind))
        return self._judge()

    def preview(self, phone: str, kind: SessionKind) -> Any:
        self.asked.append(("preview", phone, kind))
        return self._judge()

    def take_back(self, phone: str, sent: SessionSend) -> None:
        self.asked.append(("take_back", phone, sent))
        if self.taking_back:
            raise self.taking_back

    def note_reply(self, phone: str) -> None:
        raise AssertionError("the user writes elsewhere")


def outside(billing: Billing) -> FakeSessions:
    return FakeSessions(SessionSend(billing, Chat(0, 1)))


@pytest.mark.parametrize("kind", SessionKind)
def test_session_message_is_counted_before_it_is_sent(kind: SessionKind) -> None:
    line, sessions = FakeLine(), FakeSessions()

    result = SendMessage(line=line, sessions=sessions)(PHONE, SESSION_MESSAGES[kind])

    assert sessions.asked == [("count", PHONE, kind)]
    assert line.sent == [(PHONE, SESSION_MESSAGES[kind])]
    assert (result.request_id, result.billing) == ("id", Billing.SESSION)


def test_message_of_another_rate_asks_no_session() -> None:
    sessions = FakeSessions()

    SendMessage(line=FakeLine(), sessions=sessions)(PHONE, Text(text="Hello"))

    assert sessions.asked == []


@pytest.mark.parametrize(
    ("bar", "words"),
    [(SessionBar.UNANSWERED, "the last 5 "), (SessionBar.FULL, "its 60 messages")],
)
def test_session_message_that_may_not_go_out_is_refused_unsent(bar: SessionBar, words: str) -> None:
    line = FakeLine()

    with pytest.raises(InvalidRequest) as refused:
        SendMessage(line=line, sessions=FakeSessions(bar))(PHONE, SESSION_TEXT)

    (problem,) = refused.value.problems
    assert problem.pointer == "/rate_type"
    assert words in problem.detail
    assert line.sent == []


def test_message_with_problems_is_not_counted() -> None:
    sessions = FakeSessions()

    with pytest.raises(InvalidRequest):
        SendMessage(line=FakeLine(), sessions=sessions)(PHONE, replace(SESSION_TEXT, text=""))

    assert sessions.asked == []


@pytest.mark.parametrize(
    "verdict", [SendVerdict.NUMBER_REFUSED, SendVerdict.FAILED, SendVerdict.MISCONFIGURED]
)
def test_message_that_definitely_was_not_sent_is_taken_back(verdict: SendVerdict) -> None:
    sessions = FakeSessions()

    result = SendMessage(line=FakeLine(verdict), sessions=sessions)(PHONE, SESSION_TEXT)

    assert sessions.asked[1:] == [("take_back", PHONE, sessions.judged)]
    assert result.verdict is verdict


@pytest.mark.parametrize("verdict", [SendVerdict.ACCEPTED, SendVerdict.UNKNOWN])
def test_message_that_may_have_been_sent_stays_counted(verdict: SendVerdict) -> None:
    sessions = FakeSessions()

    SendMessage(line=FakeLine(verdict), sessions=sessions)(PHONE, SESSION_TEXT)

    assert [operation for operation, *_ in sessions.asked] == ["count"]


def test_message_whose_session_cannot_be_judged_is_not_sent() -> None:
    line = FakeLine()

    with pytest.raises(StoreUnavailable):
        SendMessage(line=line, sessions=FakeSessions(AWAY))(PHONE, SESSION_TEXT)

    assert line.sent == []


def test_count_that_cannot_be_taken_back_does_not_hide_what_became_of_the_message() -> None:
    sessions = FakeSessions(taking_back=AWAY)

    send = SendMessage(line=FakeLine(SendVerdict.NUMBER_REFUSED), sessions=sessions)

    assert send(PHONE, SESSION_TEXT).verdict is SendVerdict.NUMBER_REFUSED


@pytest.mark.parametrize(
    ("phone", "registered", "judged", "billing"),
    [
        (PHONE, False, Billing.TRANSACTIONAL, Billing.TRANSACTIONAL),
        (UKRAINIAN, False, Billing.TRANSACTIONAL, Billing.PROMOTIONAL),
        (UKRAINIAN, True, Billing.TRANSACTIONAL, Billing.TRANSACTIONAL),
        (UKRAINIAN, False, Billing.SESSION, Billing.SESSION),
        (UKRAINIAN, False, Billing.FREE, Billing.FREE),
    ],
    ids=["elsewhere", "template-country", "registered", "first-of-session", "later-of-session"],
)
def test_text_outside_of_a_session_is_billed_as_its_country_bills_plain_text(
    phone: str,
    registered: bool,  # noqa: FBT001
    judged: Billing,
    billing: Billing,
) -> None:
    send = SendMessage(line=FakeLine(), sessions=outside(judged))

    result = send(phone, SESSION_TEXT, registered_template=registered)

    assert result.billing is billing


def test_file_outside_of_a_session_is_billed_alike_everywhere() -> None:
    send = SendMessage(line=FakeLine(), sessions=outside(Billing.TRANSACTIONAL))

    assert send(UKRAINIAN, SESSION_MESSAGES[SessionKind.FILE]).billing is Billing.TRANSACTIONAL


@pytest.mark.parametrize(
    "phone", ["2015550123", "+1 201", "+12015550123 ext 4", "", "+442079460000"]
)
def test_number_that_takes_no_message_is_named_with_the_rest(phone: str) -> None:
    send = SendMessage(line=FakeLine(), sessions=None)

    with pytest.raises(InvalidRequest) as refused:
        send(phone, Text(text=""))

    assert [problem.pointer for problem in refused.value.problems] == ["/phone", "/text"]


def test_forecast_counts_and_sends_nothing() -> None:
    line, sessions = FakeLine(), FakeSessions()

    forecast = SendMessage(line=line, sessions=sessions).foretell("+1 201 555 0123", SESSION_TEXT)

    assert (forecast.phone, forecast.billing) == (PHONE, Billing.SESSION)
    assert sessions.asked == [("preview", PHONE, SessionKind.TEXT)]
    assert line.sent == []
    assert "555" not in repr(forecast)


def test_forecast_of_a_message_without_a_session_asks_nobody() -> None:
    sessions = FakeSessions()

    forecast = SendMessage(line=FakeLine(), sessions=sessions).foretell(PHONE, Image(image=LINK))

    assert forecast.billing is Billing.PROMOTIONAL
    assert sessions.asked == []


def test_forecast_refuses_what_sending_would() -> None:
    send = SendMessage(line=FakeLine(), sessions=FakeSessions(SessionBar.FULL))

    with pytest.raises(InvalidRequest, match="/rate_type"):
        send.foretell(PHONE, SESSION_TEXT)
