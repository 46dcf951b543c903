import pytest
from support.fakes import AWAY, SilentJournal
from support.verifications import PHONE, REQUEST_ID

from otp_service.domain.events import ReplyReceived
from otp_service.domain.receipt import Reply
from otp_service.errors import StoreUnavailable
from otp_service.service.hear import HearReply

REPLY = Reply(PHONE, REQUEST_ID)


class Sessions:
    """Notes who wrote, or is away."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.heard: list[str] = []

    def note_reply(self, phone: str) -> None:
        if self.away:
            raise AWAY
        self.heard.append(phone)


def test_reply_is_noted_for_its_number() -> None:
    sessions, journal = Sessions(), SilentJournal()

    HearReply(sessions=sessions, journal=journal)(REPLY)  # type: ignore[arg-type]

    assert sessions.heard == [PHONE]
    assert journal.events == [ReplyReceived(outcome="noted")]


def test_reply_that_cannot_be_noted_is_told_so_that_it_comes_again() -> None:
    journal = SilentJournal()

    with pytest.raises(StoreUnavailable):
        HearReply(sessions=Sessions(away=True), journal=journal)(REPLY)  # type: ignore[arg-type]

    assert journal.events == []


def test_no_representation_shows_the_number() -> None:
    assert PHONE not in repr(REPLY)
