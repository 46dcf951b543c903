from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.rate import Billing
from otp_service.domain.session import Chat, SessionBar, SessionKind, SessionSend, judge

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
MILLISECOND = timedelta(milliseconds=1)
TEXT = SessionKind.TEXT


class Talk:
    """One number's chat as it goes on: each step is judged and takes the chat further."""

    def __init__(self) -> None:
        self.chat = Chat()
        self.now = NOON

    def send(self, kind: SessionKind = TEXT) -> Billing | SessionBar:
        judged = judge(self.chat, self.now, kind)
        if isinstance(judged, SessionBar):
            return judged
        self.chat = judged.chat
        return judged.billing

    def reply(self) -> None:
        self.chat = self.chat.after_reply()

    def pass_time(self, span: timedelta) -> None:
        self.now += span

    def fill_session(self) -> None:
        """Send 60 messages of one session, the user answering each but the last."""
        self.reply()
        for _ in range(59):
            self.send()
            self.reply()
        self.send()


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
def session(talk: Talk) -> Talk:
    """A talk whose session begins with this moment's message."""
    talk.reply()
    assert talk.send() is Billing.SESSION
    return talk


def sent(judged: SessionSend | SessionBar) -> SessionSend:
    assert isinstance(judged, SessionSend)
    return judged


@pytest.mark.parametrize(
    ("kind", "billing"),
    [
        (SessionKind.TEXT, Billing.TRANSACTIONAL),
        (SessionKind.FILE, Billing.TRANSACTIONAL),
        (SessionKind.IMAGE, Billing.PROMOTIONAL),
    ],
)
def test_message_outside_of_a_session_is_billed_by_its_type(
    talk: Talk, kind: SessionKind, billing: Billing
) -> None:
    assert talk.send(kind) is billing


@pytest.mark.parametrize("kind", SessionKind)
def test_first_message_after_the_users_begins_a_session(talk: Talk, kind: SessionKind) -> None:
    talk.reply()

    assert talk.send(kind) is Billing.SESSION
    assert talk.send(kind) is Billing.FREE


def test_session_begins_with_our_message_however_late(talk: Talk) -> None:
    talk.reply()
    talk.pass_time(timedelta(days=7))

    assert talk.send() is Billing.SESSION
    talk.pass_time(DAY - MILLISECOND)
    assert talk.send() is Billing.FREE


def test_session_ends_24_hours_after_its_first_message(session: Talk) -> None:
    session.pass_time(DAY - MILLISECOND)
    assert session.send() is Billing.FREE

    session.pass_time(MILLISECOND)
    assert session.send() is Billing.TRANSACTIONAL


def test_message_in_a_session_does_not_make_it_longer(session: Talk) -> None:
    session.pass_time(timedelta(hours=23))
    session.reply()
    session.send()

    session.pass_time(timedelta(hours=1))

    assert session.send() is Billing.TRANSACTIONAL


def test_user_who_wrote_since_our_last_makes_the_next_message_a_new_session(session: Talk) -> None:
    session.reply()
    session.pass_time(DAY)

    assert session.send() is Billing.SESSION
    assert session.send() is Billing.FREE


def test_sixth_message_in_a_row_is_refused_outside_of_a_session(talk: Talk) -> None:
    assert [talk.send() for _ in range(5)] == [Billing.TRANSACTIONAL] * 5

    assert talk.send() is SessionBar.UNANSWERED


def test_sixth_message_in_a_row_is_refused_in_a_session(session: Talk) -> None:
    assert [session.send() for _ in range(4)] == [Billing.FREE] * 4

    assert session.send() is SessionBar.UNANSWERED


def test_messages_in_a_row_count_across_the_end_of_a_session(session: Talk) -> None:
    session.send()
    session.pass_time(DAY)

    assert [session.send() for _ in range(3)] == [Billing.TRANSACTIONAL] * 3
    assert session.send() is SessionBar.UNANSWERED


def test_time_alone_lets_no_sixth_message_through(talk: Talk) -> None:
    for _ in range(5):
        talk.send()

    talk.pass_time(timedelta(days=29))

    assert talk.send() is SessionBar.UNANSWERED


def test_answer_lets_five_more_through(talk: Talk) -> None:
    for _ in range(5):
        talk.send()
    talk.reply()

    assert [talk.send() for _ in range(5)] == [Billing.SESSION] + [Billing.FREE] * 4
    assert talk.send() is SessionBar.UNANSWERED


def test_61st_message_of_a_session_is_refused(talk: Talk) -> None:
    talk.fill_session()

    assert talk.chat.session_sent == 60
    assert talk.send() is SessionBar.FULL


def test_61st_message_begins_a_new_session_if_the_user_wrote(talk: Talk) -> None:
    talk.fill_session()
    talk.pass_time(timedelta(hours=1))
    talk.reply()

    assert talk.send() is Billing.SESSION
    talk.pass_time(DAY - MILLISECOND)
    assert talk.send() is Billing.FREE


def test_full_session_that_is_over_refuses_nothing(talk: Talk) -> None:
    talk.fill_session()
    talk.pass_time(DAY)

    assert talk.send() is Billing.TRANSACTIONAL


def test_refused_message_changes_nothing(talk: Talk) -> None:
    for _ in range(5):
        talk.send()
    before = talk.chat

    talk.send()

    assert talk.chat == before


@pytest.mark.parametrize("earlier", range(4))
def test_message_taken_back_at_once_leaves_what_comes_as_it_was(earlier: int) -> None:
    talk, other = Talk(), Talk()
    for each in (talk, other):
        each.reply()
        for _ in range(earlier):
            each.send()

    failed = sent(judge(talk.chat, talk.now, TEXT))
    talk.chat = failed.chat.without(failed)

    assert [talk.send() for _ in range(6)] == [other.send() for _ in range(6)]


def test_message_that_began_a_session_is_taken_back_with_it(talk: Talk) -> None:
    talk.reply()
    failed = sent(judge(talk.chat, talk.now, TEXT))

    talk.chat = failed.chat.without(failed)

    assert talk.send() is Billing.SESSION


def test_session_that_others_used_outlives_its_first_message(talk: Talk) -> None:
    talk.reply()
    failed = sent(judge(talk.chat, talk.now, TEXT))
    talk.chat = failed.chat
    talk.send()

    talk.chat = talk.chat.without(failed)

    assert (talk.chat.session_sent, talk.chat.unanswered) == (1, 1)
    assert talk.send() is Billing.FREE


def test_message_taken_back_after_an_answer_leaves_the_new_row_alone(talk: Talk) -> None:
    failed = sent(judge(talk.chat, talk.now, TEXT))
    talk.chat = failed.chat
    talk.reply()
    talk.send()

    talk.chat = talk.chat.without(failed)

    assert (talk.chat.unanswered, talk.chat.session_sent) == (1, 1)


def test_message_of_an_earlier_session_leaves_the_later_one_alone(session: Talk) -> None:
    failed = sent(judge(session.chat, session.now, TEXT))
    session.chat = failed.chat
    session.reply()
    session.pass_time(DAY)
    session.send()

    session.chat = session.chat.without(failed)

    assert session.chat.session_sent == 1


def test_message_outside_of_a_session_is_none_of_the_one_before(session: Talk) -> None:
    session.pass_time(DAY)
    failed = sent(judge(session.chat, session.now, TEXT))

    session.chat = failed.chat.without(failed)

    assert (session.chat.session_sent, session.chat.unanswered) == (1, 1)


def test_message_taken_back_from_a_chat_that_is_gone_changes_nothing(session: Talk) -> None:
    failed = sent(judge(session.chat, session.now, TEXT))

    assert Chat().without(failed) == Chat()
    gone_since = replace(Chat(), replies=failed.chat.replies)
    assert gone_since.without(failed) == gone_since


@given(order=st.permutations(range(4)), replied=st.booleans(), earlier=st.integers(0, 1))
def test_messages_that_all_fail_leave_no_trace_in_whatever_order(
    order: list[int],
    replied: bool,  # noqa: FBT001
    earlier: int,
) -> None:
    talk, other = Talk(), Talk()
    for each in (talk, other):
        if replied:
            each.reply()
        for _ in range(earlier):
            each.send()
    failed = []
    for _ in order:
        failed.append(sent(judge(talk.chat, talk.now, TEXT)))
        talk.chat = failed[-1].chat

    for at in order:
        talk.chat = talk.chat.without(failed[at])

    assert [talk.send() for _ in range(6)] == [other.send() for _ in range(6)]
