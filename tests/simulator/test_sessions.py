from datetime import UTC, datetime, timedelta

import pytest

from otp_service.simulator.answer import Refused
from otp_service.simulator.sessions import Session, after_reply, after_send

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
INSTANT = timedelta(microseconds=1)


class Talk:
    """A reader and an account that write to each other."""

    def __init__(self) -> None:
        self.session = Session()

    def reply(self) -> None:
        self.session = after_reply(self.session)

    def send(self, *, at: datetime = NOW) -> str:
        place, self.session = after_send(self.session, at=at)
        return place

    def refusal(self, *, at: datetime = NOW) -> str:
        with pytest.raises(Refused) as caught:
            self.send(at=at)
        assert caught.value.code == 9000
        return caught.value.reason

    def send_answered(self, times: int) -> None:
        for _ in range(times):
            self.send()
            self.reply()


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
def full_session(talk: Talk) -> Talk:
    """Sixty messages, the last of them not answered."""
    talk.reply()
    talk.send_answered(59)
    talk.send()
    return talk


def test_message_to_a_reader_who_never_wrote_is_outside(talk):
    assert [talk.send() for _ in range(5)] == ["outside"] * 5


def test_first_message_after_the_readers_begins_a_session(talk):
    talk.reply()

    assert [talk.send() for _ in range(3)] == ["first", "later", "later"]


def test_sixth_in_a_row_is_refused_in_a_session_and_out_of_one(talk):
    outside = Talk()
    talk.reply()
    for each in (talk, outside):
        for _ in range(5):
            each.send()

    assert talk.refusal() == outside.refusal() == "5 session messages in a row have no answer"


def test_sixth_in_a_row_is_refused_after_the_session_too(talk):
    talk.reply()
    for _ in range(5):
        talk.send()

    assert talk.refusal(at=NOW + 2 * DAY) == "5 session messages in a row have no answer"


def test_row_ends_with_an_answer(talk):
    talk.reply()
    for _ in range(5):
        talk.send()
    talk.reply()

    assert talk.send() == "later"
    assert talk.session.in_a_row == 1


def test_refused_message_counts_for_nothing(talk):
    for _ in range(5):
        talk.send()
    before = talk.session

    talk.refusal()

    assert talk.session == before


def test_session_lives_for_24_hours_from_our_first_message(talk):
    talk.reply()
    talk.send()

    assert talk.send(at=NOW + DAY - INSTANT) == "later"
    assert talk.send(at=NOW + DAY) == "outside"


def test_answer_within_a_session_makes_it_no_longer(talk):
    talk.reply()
    talk.send()
    talk.reply()
    talk.send(at=NOW + DAY - INSTANT)

    assert talk.send(at=NOW + DAY) == "outside"


def test_answer_that_was_not_answered_in_its_session_begins_another(talk):
    talk.reply()
    talk.send()
    talk.reply()

    assert talk.send(at=NOW + DAY) == "first"


def test_sixtieth_of_a_session_goes(full_session):
    assert full_session.session.sent == 60


def test_sixty_first_of_a_session_is_refused(full_session):
    assert full_session.refusal() == "this session has had its 60 messages"


def test_sixty_first_begins_another_session_once_the_reader_wrote(full_session):
    full_session.reply()

    assert full_session.send() == "first"
    assert full_session.session.sent == 1


def test_message_after_the_life_of_a_full_session_is_outside(full_session):
    assert full_session.send(at=NOW + DAY) == "outside"
