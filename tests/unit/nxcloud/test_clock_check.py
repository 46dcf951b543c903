from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from otp_service.nxcloud.clock_check import (
    ClockUnread,
    Reminder,
    check_clock,
    offset_in_words,
    offset_of,
)
from otp_service.nxcloud.transport import Answer, Transport
from otp_service.ports import Clock
from tests.unit.nxcloud.scripted_server import DROP, SILENCE, ScriptedServer, answer, raw

MakeTransport = Callable[..., Transport]
NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def answered(date: str | None, took: timedelta = timedelta(0)) -> Answer:
    return Answer(status=200, body=b"", date=date, took=took)


@pytest.mark.parametrize(
    ("date", "took", "offset"),
    [
        pytest.param("Sun, 01 Mar 2026 12:00:00 GMT", 0, -0.5, id="the-same-second"),
        pytest.param("Sun, 01 Mar 2026 11:58:00 GMT", 0, 119.5, id="we-are-ahead"),
        pytest.param("Sun, 01 Mar 2026 12:02:00 GMT", 0, -120.5, id="we-are-behind"),
        pytest.param("Sun, 01 Mar 2026 12:00:03 GMT", 7, 0, id="slow-answer"),
        pytest.param("Sun, 01 Mar 2026 12:00:00 -0000", 1, 0, id="zone-unstated-is-utc"),
        pytest.param("Sun, 01 Mar 2026 14:00:00 +0200", 1, 0, id="another-zone"),
    ],
)
def test_offset_is_from_middle_to_middle(date: str, took: int, offset: float) -> None:
    found = offset_of(answered(date, timedelta(seconds=took)), asked_at=NOON)

    assert found == timedelta(seconds=offset)


@pytest.mark.parametrize(
    "date",
    [
        None,
        "",
        "soon",
        "Sun, 01 Mar",
        "Sun, 99 Mar 2026 12:00:00 GMT",
        "Sun, 01 Mar 99999 12:00:00 GMT",
        "Sun, 01 Mar 2026 12:00:00 +9999999999",
        "1772366400",
    ],
)
def test_date_that_cannot_be_read_gives_no_offset(date: str | None) -> None:
    assert offset_of(answered(date), asked_at=NOON) is None


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (timedelta(seconds=95.4), "this machine's clock is 95 s ahead of the provider's"),
        (timedelta(hours=-2), "this machine's clock is 7200 s behind the provider's"),
    ],
    ids=["ahead", "behind"],
)
def test_offset_is_said_in_words(offset: timedelta, words: str) -> None:
    assert words in offset_in_words(offset)


@pytest.mark.parametrize("status", [200, 404, 503])
def test_any_dated_answer_tells_the_providers_time(
    status: int, make_transport: MakeTransport, server: ScriptedServer, clock: Clock
) -> None:
    server.script(answer(b"", status=status, date=clock.now() - timedelta(minutes=2)))

    offset = check_clock(make_transport(), clock)

    assert isinstance(offset, timedelta)
    assert timedelta(seconds=118) < offset < timedelta(seconds=122)


def test_asking_for_the_time_is_unsigned_and_sends_nothing(
    make_transport: MakeTransport, server: ScriptedServer, clock: Clock
) -> None:
    check_clock(make_transport(), clock)

    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("GET", "/", b"")
    assert not {"accessKey", "sign", "ts"} & request.headers.keys()


@pytest.mark.parametrize(
    ("step", "reason", "words"),
    [
        pytest.param(answer(b""), "no_date", "without a Date header", id="no-date"),
        pytest.param(DROP, "dropped", "the line dropped", id="dropped"),
        pytest.param(SILENCE, "timeout", "no answer within", id="silent"),
        pytest.param(raw(b"?", keep=False), "dropped", "the line dropped", id="rubbish"),
    ],
)
def test_answer_without_the_time_is_said_in_words(
    step: object,
    reason: str,
    words: str,
    *,
    make_transport: MakeTransport,
    server: ScriptedServer,
    clock: Clock,
) -> None:
    server.script(step)

    unread = check_clock(make_transport(read_timeout=timedelta(seconds=1)), clock)

    assert isinstance(unread, ClockUnread)
    assert unread.reason == reason
    assert words in unread.words


def test_provider_out_of_reach_is_said_in_words(
    make_transport: MakeTransport, server: ScriptedServer, clock: Clock
) -> None:
    transport = make_transport()
    server.close()

    unread = check_clock(transport, clock)

    assert unread == ClockUnread("refused", "the connection is refused")


def test_reminder_is_due_at_most_once_a_minute() -> None:
    reminder = Reminder()
    seconds = [0, 1, 59, 60, 61, 119, 120]

    due = [second for second in seconds if reminder.is_due(NOON + timedelta(seconds=second))]

    assert due == [0, 60, 120]


def test_clock_that_was_set_back_does_not_silence_the_reminder() -> None:
    reminder = Reminder()
    reminder.is_due(NOON)

    assert reminder.is_due(NOON - timedelta(hours=1))
