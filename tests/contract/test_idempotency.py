"""A request with an Idempotency-Key is done once: its answer is kept beside the verification."""

from dataclasses import replace
from datetime import timedelta

import pytest
from support.parallel import side_by_side
from support.store_view import StoreView, WatchedConnection
from support.verifications import (
    IDS,
    NO_LIMITS,
    ONCE,
    PHONE,
    PIN,
    SECOND_PIN,
    WRONG_PIN,
    Desk,
    SilentJournal,
    new_verification,
    shop,
)

from otp_service.domain.idempotency import Claimed, Idempotency, KeyHeld, Replayed, Standing
from otp_service.domain.verification import Channel, DeliveryState, Status, Verification
from otp_service.ports import Ended, NoResend, OverBudget, ResendBar, Verdict
from otp_service.redis_store import RedisClaims

DAY = timedelta(days=1)
LOCK = timedelta(seconds=30)
A_BIT = timedelta(milliseconds=500)
COOLDOWN = timedelta(seconds=30)
OTHER_BODY = replace(ONCE, fingerprint=b"another body's d")
OTHER_KEY = Idempotency("another-name-of-24-chars", ONCE.fingerprint)


@pytest.fixture
def once(desk: Desk) -> Desk:
    return desk.once()


@pytest.fixture
def claims(watched: WatchedConnection) -> RedisClaims:
    return RedisClaims(watched, SilentJournal(), IDS)


def entries(view: StoreView) -> list[bytes]:
    return [key for key in view.names() if b":i:" in key]


def test_wrong_guess_asked_again_is_counted_once(desk: Desk, once: Desk) -> None:
    started = desk.start()

    first = once.guess(started.id, WRONG_PIN)
    second = once.guess(started.id, WRONG_PIN)

    assert first.verdict is Verdict.INCORRECT
    assert isinstance(second, Replayed)
    assert second.answer.verdict is Verdict.INCORRECT
    assert second.answer.verification.attempts_left == 4
    assert desk.read(started.id).attempts_left == 4


def test_approval_asked_again_is_the_same_approval(desk: Desk, once: Desk) -> None:
    started = desk.start()

    first = once.guess(started.id, PIN)
    second = once.guess(started.id, PIN)

    assert isinstance(second, Replayed)
    again, before = second.answer.verification, first.verification
    assert second.answer.verdict is Verdict.APPROVED
    assert second.answer.matched_send == first.matched_send
    assert replace(again, plan=before.plan) == before


def test_answer_is_the_first_one_whatever_happened_since(
    desk: Desk, once: Desk, view: StoreView
) -> None:
    started = desk.start()
    first = once.guess(started.id, WRONG_PIN)
    desk.guess(started.id, WRONG_PIN)
    view.advance(timedelta(seconds=40))
    desk.guess(started.id, PIN)

    again = once.guess(started.id, WRONG_PIN)

    kept = again.answer.verification
    assert (kept.attempts_left, kept.status) == (4, Status.PENDING)
    assert kept.read_at == first.verification.read_at
    assert kept.expires_at == first.verification.expires_at


@pytest.mark.parametrize("end", ["approved", "exhausted", "canceled", "expired"])
def test_ending_is_kept(desk: Desk, once: Desk, view: StoreView, end: str) -> None:
    started = desk.start()
    ends = {
        "approved": lambda: desk.guess(started.id, PIN),
        "exhausted": lambda: desk.exhaust(started.id),
        "canceled": lambda: desk.cancel(started.id),
        "expired": lambda: view.advance(desk.application.rules.life),
    }
    ends[end]()

    first, second = (once.guess(started.id, PIN) for _ in range(2))

    assert first == Ended(Status(end))
    assert second == Replayed(first)
    other = desk.once(OTHER_KEY)
    assert [other.try_resend(started.id) for _ in range(2)] == [first, Replayed(first)]


def test_last_wrong_guess_asked_again_is_told_alike(desk: Desk, once: Desk) -> None:
    started = desk.start()
    for _ in range(4):
        desk.guess(started.id, WRONG_PIN)

    first, second = (once.guess(started.id, WRONG_PIN) for _ in range(2))

    assert first.verdict is Verdict.EXHAUSTED_NOW
    assert second.answer.verdict is Verdict.EXHAUSTED_NOW


def test_same_key_with_another_body_is_refused_and_counts_nothing(desk: Desk, once: Desk) -> None:
    started = desk.start()
    once.guess(started.id, WRONG_PIN)

    assert desk.once(OTHER_BODY).guess(started.id, PIN) == KeyHeld()
    assert desk.once(OTHER_BODY).try_resend(started.id) == KeyHeld()
    assert desk.read(started.id).attempts_left == 4


def test_approval_is_replayed_to_no_other_key(desk: Desk, once: Desk) -> None:
    started = desk.start()
    once.guess(started.id, PIN)

    assert desk.once(OTHER_KEY).guess(started.id, PIN) == Ended(Status.APPROVED)


def test_guesses_with_as_many_keys_are_all_counted(desk: Desk) -> None:
    started = desk.start()

    verdicts = [
        desk.once(Idempotency(f"name-{at}", b"")).guess(started.id, WRONG_PIN) for at in range(7)
    ]

    assert [v.verdict for v in verdicts[:5]] == [Verdict.INCORRECT] * 4 + [Verdict.EXHAUSTED_NOW]
    assert verdicts[5:] == [Ended(Status.EXHAUSTED)] * 2


def test_key_used_before_its_verification_is_found_is_still_free(desk: Desk, once: Desk) -> None:
    missing = IDS.new(PHONE)

    assert [once.guess(missing, PIN), once.try_resend(missing)] == [None, None]

    desk.store.start(new_verification(desk.call, vid=missing))
    assert once.guess(missing, PIN).verdict is Verdict.APPROVED


def test_answer_is_kept_for_a_day(desk: Desk, once: Desk, view: StoreView) -> None:
    desk = desk.at(shop(retention=timedelta(hours=24)))
    started = desk.start()
    desk.once().guess(started.id, PIN)

    view.advance(DAY - timedelta(minutes=1))
    assert isinstance(desk.once().guess(started.id, PIN), Replayed)
    view.advance(timedelta(minutes=1))

    assert entries(view) == []


def test_answer_outlives_the_record_of_a_short_retention(desk: Desk, view: StoreView) -> None:
    brief = desk.at(shop(retention=timedelta(seconds=60), proof_life=timedelta(seconds=60)))
    started = brief.start()
    brief.once().guess(started.id, PIN)

    view.advance(timedelta(hours=23))

    assert brief.once().guess(started.id, PIN).answer.verdict is Verdict.APPROVED


def test_endings_kept_beside_one_verification_are_bounded(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    desk.cancel(started.id)

    answers = [desk.once(Idempotency(f"name-{at}", b"")).guess(started.id, PIN) for at in range(40)]

    assert answers == [Ended(Status.CANCELED)] * 40
    assert len(entries(view)) == 32


def test_resend_is_one_message_and_waits_while_it_runs(
    desk: Desk, once: Desk, view: StoreView
) -> None:
    started = desk.start()
    view.advance(COOLDOWN)

    resent = once.try_resend(started.id)
    running = once.try_resend(started.id)
    settled = once.settle(resent)
    again = once.try_resend(started.id)

    assert isinstance(running, KeyHeld)
    assert running.retry_after is not None
    assert LOCK - A_BIT < running.retry_after <= LOCK
    assert isinstance(again, Replayed)
    assert replace(again.answer, plan=settled.plan) == settled
    assert again.answer.last_delivery.state is DeliveryState.ACCEPTED
    assert desk.read(started.id).sends_left == 1


def test_resend_that_broke_off_frees_its_key_after_30_seconds(
    desk: Desk, once: Desk, view: StoreView
) -> None:
    started = desk.start()
    view.advance(COOLDOWN)
    once.try_resend(started.id)

    view.advance(LOCK)

    refused = once.try_resend(started.id)
    assert isinstance(refused, NoResend)
    assert refused.bar is ResendBar.TOO_SOON
    view.advance(COOLDOWN)
    assert isinstance(once.try_resend(started.id), Verification)


def test_resend_that_was_refused_leaves_its_key_free(
    desk: Desk, once: Desk, view: StoreView
) -> None:
    started = desk.start()

    assert isinstance(once.try_resend(started.id), NoResend)

    assert entries(view) == []
    view.advance(COOLDOWN)
    assert isinstance(once.try_resend(started.id), Verification)


def test_resend_that_was_taken_back_frees_its_key(desk: Desk, once: Desk, view: StoreView) -> None:
    started = desk.start()
    view.advance(COOLDOWN)
    resent = once.try_resend(started.id)

    once.take_back(resent)

    assert entries(view) == []
    assert isinstance(once.try_resend(started.id), Verification)


def test_answer_that_is_kept_is_not_freed_by_what_is_taken_back_later(
    desk: Desk, once: Desk, view: StoreView
) -> None:
    started = desk.start()
    view.advance(COOLDOWN)
    once.settle(once.try_resend(started.id))
    view.advance(COOLDOWN * 2)
    further = desk.resend(started.id)

    once.take_back(further)

    assert isinstance(once.try_resend(started.id), Replayed)


def test_message_on_another_channel_is_the_answer_of_the_resend(
    desk: Desk, once: Desk, view: StoreView
) -> None:
    started = desk.start()
    view.advance(COOLDOWN)
    replaced = once.replace(once.try_resend(started.id))
    assert replaced is not None

    once.settle(replaced)

    again = once.try_resend(started.id)
    assert again.answer.last_delivery.channel is Channel.SMS


def test_one_of_50_guesses_side_by_side_counts_and_all_are_told_alike(
    desk: Desk, once: Desk
) -> None:
    started = desk.start()

    answers = side_by_side([lambda: once.guess(started.id, WRONG_PIN) for _ in range(50)])

    first = [answer for answer in answers if not isinstance(answer, Replayed)]
    assert len(first) == 1
    left = {a.answer.verification.attempts_left for a in answers if isinstance(a, Replayed)}
    assert left == {4}
    assert desk.read(started.id).attempts_left == 4


def test_50_right_codes_side_by_side_are_one_approval_told_50_times(desk: Desk, once: Desk) -> None:
    started = desk.start()

    answers = side_by_side([lambda: once.guess(started.id, PIN) for _ in range(50)])

    told = [answer.answer if isinstance(answer, Replayed) else answer for answer in answers]
    assert {answer.verdict for answer in told} == {Verdict.APPROVED}
    assert sum(not isinstance(answer, Replayed) for answer in answers) == 1


def test_one_of_50_resends_side_by_side_is_sent(desk: Desk, once: Desk, view: StoreView) -> None:
    started = desk.start()
    view.advance(COOLDOWN)

    answers = side_by_side([lambda: once.try_resend(started.id) for _ in range(50)])

    assert sum(isinstance(answer, Verification) for answer in answers) == 1
    assert sum(isinstance(answer, KeyHeld) for answer in answers) == 49


def test_one_of_50_claims_side_by_side_is_first(claims: RedisClaims) -> None:
    answers = side_by_side([lambda: claims.claim(ONCE, IDS.new(PHONE)) for _ in range(50)])

    assert sum(isinstance(answer, Claimed) for answer in answers) == 1
    assert sum(isinstance(answer, KeyHeld) for answer in answers) == 49


def test_start_is_answered_as_the_first_time(
    once: Desk, claims: RedisClaims, view: StoreView
) -> None:
    vid = IDS.new(PHONE)
    claims.claim(ONCE, vid)
    settled = once.settle(once.started(vid=vid))
    once.once(OTHER_KEY).guess(vid, WRONG_PIN)

    for _ in range(2):
        again = claims.claim(ONCE, IDS.new(PHONE))
        assert isinstance(again, Replayed)
        assert replace(again.answer, plan=settled.plan) == settled
        assert again.answer.plan.unused == settled.plan.unused
        view.advance(LOCK)


def test_start_with_another_body_is_refused(once: Desk, claims: RedisClaims) -> None:
    claims.claim(ONCE, IDS.new(PHONE))

    assert claims.claim(OTHER_BODY, IDS.new(PHONE)) == KeyHeld()


def test_start_that_still_runs_says_for_how_long(claims: RedisClaims, view: StoreView) -> None:
    claims.claim(ONCE, IDS.new(PHONE))
    view.advance(timedelta(seconds=20))

    held = claims.claim(ONCE, IDS.new(PHONE))

    assert isinstance(held, KeyHeld)
    assert held.retry_after is not None
    assert timedelta(seconds=10) - A_BIT < held.retry_after <= timedelta(seconds=10)


def test_start_that_broke_off_before_its_record_stood_goes_on_under_its_id(
    once: Desk, claims: RedisClaims, view: StoreView
) -> None:
    vid = IDS.new(PHONE)
    claims.claim(ONCE, vid)
    view.advance(LOCK)

    assert claims.claim(ONCE, IDS.new(PHONE)) == Claimed(vid)
    assert isinstance(claims.claim(ONCE, IDS.new(PHONE)), KeyHeld)
    assert once.started(vid=vid).id == vid


def test_start_that_broke_off_after_its_record_stood_sends_one_more_at_once(
    once: Desk, claims: RedisClaims, view: StoreView
) -> None:
    vid = IDS.new(PHONE)
    claims.claim(ONCE, vid)
    once.started(vid=vid)
    once = once.at(shop(resend_cooldown=timedelta(minutes=10))).once()
    view.advance(LOCK)

    assert claims.claim(ONCE, IDS.new(PHONE)) == Claimed(vid)
    assert once.try_start(vid=vid, pin=SECOND_PIN) == Standing()
    further = once.continue_start(vid, SECOND_PIN)

    assert isinstance(further, Verification)
    assert (further.last_delivery.send, further.sends_left) == (2, 1)
    once.settle(further)
    assert isinstance(claims.claim(ONCE, IDS.new(PHONE)), Replayed)
    assert once.at(shop()).guess(vid, PIN).verdict is Verdict.APPROVED


def test_standing_verification_is_not_stored_anew(once: Desk) -> None:
    started = once.started()
    once.guess(started.id, WRONG_PIN)

    assert once.try_start(vid=started.id, pin=SECOND_PIN) == Standing()

    assert once.read(started.id).attempts_left == 4
    once.at(shop()).guess(started.id, SECOND_PIN)
    assert once.read(started.id).attempts_left == 3


def test_start_that_broke_off_has_no_more_sends_than_any_other(desk: Desk) -> None:
    started = desk.started()

    answers = [desk.continue_start(started.id) for _ in range(3)]

    assert [type(answer) for answer in answers] == [Verification, Verification, NoResend]
    assert answers[2].bar is ResendBar.NO_SENDS_LEFT


def test_start_that_broke_off_is_held_by_the_number_s_budgets(desk: Desk) -> None:
    desk = desk.at(shop(sends=30, budgets=replace(desk.application.budgets)))
    started = desk.started()

    answers = [desk.continue_start(started.id) for _ in range(10)]

    assert isinstance(answers[-1], OverBudget)
    assert answers[-1].budget == "number_messages_per_hour"


def test_start_that_broke_off_and_ended_is_told_how(desk: Desk) -> None:
    started = desk.started()
    desk.guess(started.id, PIN)

    assert desk.try_start(vid=started.id) == Standing()
    assert desk.continue_start(started.id) == Ended(Status.APPROVED)


def test_start_that_gave_up_is_forgotten(claims: RedisClaims) -> None:
    vid, other = IDS.new(PHONE), IDS.new(PHONE)
    claims.claim(ONCE, vid)

    claims.give_up(ONCE, vid, forget=True)

    assert claims.claim(ONCE, other) == Claimed(other)


def test_start_that_may_have_happened_is_gone_on_with_at_once(claims: RedisClaims) -> None:
    vid = IDS.new(PHONE)
    claims.claim(ONCE, vid)

    claims.give_up(ONCE, vid, forget=False)

    assert claims.claim(ONCE, IDS.new(PHONE)) == Claimed(vid)


def test_start_that_lost_its_key_to_another_does_not_free_it(claims: RedisClaims) -> None:
    claims.claim(ONCE, IDS.new(PHONE))

    claims.give_up(ONCE, IDS.new(PHONE), forget=True)

    assert isinstance(claims.claim(ONCE, IDS.new(PHONE)), KeyHeld)


def test_claim_ends_no_later_than_what_it_leads_to(
    once: Desk, claims: RedisClaims, view: StoreView
) -> None:
    vid = IDS.new(PHONE)
    claims.claim(ONCE, vid)
    once.settle(once.started(vid=vid))
    view.advance(DAY - timedelta(minutes=1))
    assert isinstance(claims.claim(ONCE, IDS.new(PHONE)), Replayed)

    view.advance(timedelta(minutes=1))

    other = IDS.new(PHONE)
    assert claims.claim(ONCE, other) == Claimed(other)


def test_requests_with_a_key_take_no_more_round_trips(
    desk: Desk, claims: RedisClaims, watched: WatchedConnection, view: StoreView
) -> None:
    once, vid = desk.once(), IDS.new(PHONE)
    other, third = desk.once(OTHER_KEY), desk.once(Idempotency("third", b""))
    for _ in range(2):
        claims.claim(ONCE, vid)
        started = once.settle(once.started(vid=vid), "r" * 32)
        claims.claim(ONCE, IDS.new(PHONE))
        view.advance(COOLDOWN)
        other.settle(other.resend(started.id), "s" * 32)
        third.guess(started.id, PIN)
        view.flush()
        count = list(watched.commands)
        watched.commands.clear()

    # Claim, store, settle (with the link), then a replay's two; resend and settle; the guess.
    assert count[-8:] == [
        "EVALSHA",
        "EVALSHA",
        "EVALSHA+EVALSHA",
        "EVALSHA",
        "EVALSHA",
        "EVALSHA",
        "EVALSHA+EVALSHA",
        "EVALSHA",
    ]


def test_nothing_that_is_kept_is_readable_or_long(
    desk: Desk, claims: RedisClaims, view: StoreView
) -> None:
    vid = IDS.new(PHONE)
    claims.claim(ONCE, vid)
    once = desk.at(shop(budgets=NO_LIMITS)).once()
    once.settle(once.started(vid=vid, phone="+380671234567"))
    desk.once(OTHER_KEY).guess(vid, WRONG_PIN)

    kept = {key: value for key, value in view.hashes().items() if b"i:" in key}
    record = next(value for key, value in view.hashes().items() if b":v:" in key)

    assert len(kept) == 3
    digests = {value for name, value in record.items() if name[:1] in {b"d", b"q"}}
    for entry in kept.values():
        assert not digests & set(entry.values())
        assert max(len(part) for pair in entry.items() for part in pair) <= 64
    text = repr(kept)
    assert "380671234567" not in text
    assert WRONG_PIN not in text.replace("86400000", "")
    assert vid.text not in text


def test_kept_answers_of_a_number_are_in_its_slot(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    desk.once().guess(started.id, WRONG_PIN)

    (entry,) = entries(view)

    assert entry == f"otp1:{{{started.id.number_tag}}}:i:{ONCE.name}".encode()
