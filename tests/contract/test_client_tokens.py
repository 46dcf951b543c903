"""A client token reaches what it started, and nothing else; an API key reaches everything."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from support.parallel import side_by_side
from support.store_view import StoreView
from support.verifications import BOTH, IDS, PHONE, PIN, WRONG_PIN, Desk, shop

from otp_service.domain.verification import Status, Verification
from otp_service.ports import Ended, Judged, NotTheTokens, Verdict

MINE, ANOTHER = "A1b2C3d4E5f6G7h8", "H8g7F6e5D4c3B2a1"

Ask = Callable[[Desk, Verification], object]
ASKS = [
    pytest.param(lambda desk, at: desk.guess(at.id, PIN), id="right guess"),
    pytest.param(lambda desk, at: desk.guess(at.id, WRONG_PIN), id="wrong guess"),
    pytest.param(lambda desk, at: desk.guess(at.id, PIN, purpose="other"), id="other purpose"),
    pytest.param(lambda desk, at: desk.try_resend(at.id), id="resend"),
    pytest.param(lambda desk, at: desk.try_resend(at.id, channels=BOTH), id="resend over both"),
]


@pytest.fixture
def token(desk: Desk) -> Desk:
    return replace(desk, token_id=MINE)


@pytest.fixture
def stranger(desk: Desk) -> Desk:
    return replace(desk, token_id=ANOTHER)


def test_token_verifies_what_it_started(token: Desk) -> None:
    started = token.start()

    assert token.verdict(started.id, WRONG_PIN) is Verdict.INCORRECT
    assert token.verdict(started.id, PIN) is Verdict.APPROVED


def test_token_resends_what_it_started(token: Desk, view: StoreView) -> None:
    started = token.start()
    view.advance(timedelta(seconds=30))

    assert isinstance(token.try_resend(started.id), Verification)


def test_record_names_the_token_and_nothing_of_what_it_says(token: Desk, view: StoreView) -> None:
    token.start()

    (record,) = view.hashes().values()
    assert record[b"T"] == MINE.encode()


def test_record_of_a_key_s_start_names_no_token(desk: Desk, view: StoreView) -> None:
    desk.start()

    (record,) = view.hashes().values()
    assert b"T" not in record


@pytest.mark.parametrize("ask", ASKS)
def test_another_token_is_refused_and_changes_nothing(
    token: Desk, stranger: Desk, view: StoreView, ask: Ask
) -> None:
    started = token.start()
    view.advance(timedelta(seconds=30))
    before = view.dump()

    assert ask(stranger, started) == NotTheTokens()
    assert view.dump() == before


@pytest.mark.parametrize("ask", ASKS)
def test_what_a_key_started_is_no_token_s(
    desk: Desk, token: Desk, view: StoreView, ask: Ask
) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=30))
    before = view.dump()

    assert ask(token, started) == NotTheTokens()
    assert view.dump() == before


@pytest.mark.parametrize("ask", ASKS)
def test_another_token_does_not_learn_how_a_verification_ended(
    token: Desk, stranger: Desk, ask: Ask
) -> None:
    started = token.start()
    token.guess(started.id, PIN)

    assert ask(stranger, started) == NotTheTokens()
    assert token.guess(started.id, PIN) == Ended(Status.APPROVED)


@pytest.mark.parametrize("ask", ASKS)
def test_a_token_of_another_application_finds_nothing(
    token: Desk, view: StoreView, ask: Ask
) -> None:
    started = token.start()
    before = view.dump()

    elsewhere = replace(token, application=shop(name="bank"))

    assert ask(elsewhere, started) is None
    assert view.dump() == before


@pytest.mark.parametrize("ask", ASKS)
def test_a_token_finds_nothing_where_nothing_was_started(
    token: Desk, view: StoreView, ask: Ask
) -> None:
    never = replace(token.start(), id=IDS.new(PHONE))
    before = view.dump()

    assert ask(token, never) is None
    assert view.dump() == before


def test_a_key_verifies_and_resends_what_a_token_started(
    desk: Desk, token: Desk, view: StoreView
) -> None:
    started = token.start()
    view.advance(timedelta(seconds=30))

    assert isinstance(desk.try_resend(started.id), Verification)
    assert desk.verdict(started.id, PIN) is Verdict.APPROVED


def test_a_token_stays_good_for_the_second_message_s_code(token: Desk, view: StoreView) -> None:
    started = token.start()
    view.advance(timedelta(seconds=30))
    token.resend(started.id, "222222")
    view.advance(timedelta(seconds=290))

    assert token.verdict(started.id, "222222") is Verdict.APPROVED


def test_fall_back_goes_on_for_what_a_token_started(token: Desk) -> None:
    started = token.start()

    assert isinstance(token.fall_back(started), Verification)


def test_many_strangers_at_once_cost_the_owner_no_attempt(token: Desk, stranger: Desk) -> None:
    started = token.start()

    answers = side_by_side([lambda: stranger.guess(started.id, PIN)] * 30)

    assert answers == [NotTheTokens()] * 30
    judged = token.guess(started.id, WRONG_PIN)
    assert isinstance(judged, Judged)
    assert judged.verification.attempts_left == 4
