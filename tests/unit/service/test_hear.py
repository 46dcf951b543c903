import pytest
from support.fakes import AWAY, SilentJournal
from support.verifications import PHONE, REQUEST_ID

from otp_service.domain.events import ReplyReceived
from otp_service.domain.receipt import Reply
from otp_service.errors import StoreUnavailable
from otp_service.service.hear import HearReply

REPLY = Reply(PHONE, REQUEST_ID)


def test_reply_is_noted_for_its_number() -> None:
    heard: list[str] = []
    journal = SilentJournal()

    HearReply(note=heard.append, journal=journal)(REPLY)

    assert heard == [PHONE]
    assert journal.events == [ReplyReceived(outcome="noted")]


def test_reply_that_cannot_be_noted_is_told_so_that_it_comes_again() -> None:
    journal = SilentJournal()

    def away(_: str) -> None:
        raise AWAY

    with pytest.raises(StoreUnavailable):
        HearReply(note=away, journal=journal)(REPLY)

    assert journal.events == []


def test_no_representation_shows_the_number() -> None:
    assert PHONE not in repr(REPLY)
