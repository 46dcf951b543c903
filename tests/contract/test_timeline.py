"""The timeline of a number: each decision leaves its entry, compact, capped, with an end."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from support.kinds import Kind
from support.parallel import side_by_side
from support.store_view import StoppedClock, StoreView, WatchedConnection
from support.verifications import (
    BOTH,
    BOTH_PLANS,
    BOTH_SHOP,
    IDS,
    PHONE,
    PIN,
    REQUEST_ID,
    SHOP,
    WRONG_PIN,
    Desk,
    SilentJournal,
    shop,
)

from otp_service.domain.audit import Decision, Entry, UsedUp
from otp_service.domain.call import Call
from otp_service.domain.identity import VerificationId
from otp_service.domain.limits import Budget, Charge, NumberBudgets
from otp_service.domain.verification import Channel, Status
from otp_service.ports import OverBudget, SendOutcome
from otp_service.redis_store import RedisStore
from otp_service.redis_store.key_names import charge_name, log_key, timeline_key
from otp_service.redis_store.timeline import read_entry

DAY = timedelta(days=1)
TAG = "aB-_aB-_aB-_"
TIMELINE = timeline_key(IDS.number_tag(PHONE)).encode()


@pytest.fixture
def caller(desk: Desk) -> Desk:
    """A desk whose calls come with a key and from an address."""
    return replace(desk, key_id="web", address_tag=TAG)


def told(view: StoreView) -> list[Entry]:
    """Give the entries of the one timeline there is; every line must be readable."""
    ((_, lines),) = view.timelines().items()
    entries = [read_entry(line) for line in lines]
    assert None not in entries, lines
    return [entry for entry in entries if entry is not None]


def decisions(view: StoreView) -> list[Decision]:
    return [entry.decision for entry in told(view)]


def without_time(entry: Entry) -> Entry:
    return replace(entry, at=None)  # type: ignore[arg-type]


def entry(decision: Decision, vid: VerificationId | None, **details: object) -> Entry:
    """Give what a call of the shop's key leaves, but for its time."""
    return Entry(
        at=None,  # type: ignore[arg-type]
        decision=decision,
        application_id="shop",
        key_id="web",
        address_tag=TAG,
        verification=charge_name(vid) if vid else None,
        **details,  # type: ignore[arg-type]
    )


def test_entry_says_what_when_by_whom_from_where_and_of_which_verification(
    caller: Desk, view: StoreView
) -> None:
    before_ms = view.now_ms()

    started = caller.started()

    (told_of,) = told(view)
    assert without_time(told_of) == entry(
        Decision.STARTED, started.id, send=1, channel=Channel.VIBER
    )
    assert before_ms <= round(told_of.at.timestamp() * 1000) <= view.now_ms()


def test_outcome_of_a_message_names_no_caller(caller: Desk, view: StoreView) -> None:
    started = caller.start(request_id=REQUEST_ID)

    sent = told(view)[-1]

    assert sent.decision is Decision.MESSAGE_TAKEN
    assert (sent.key_id, sent.address_tag) == (None, None)
    assert sent.verification == charge_name(started.id)
    assert (sent.send, sent.channel, sent.request_id) == (1, Channel.VIBER, REQUEST_ID)


@pytest.mark.parametrize(
    ("outcome", "decision"),
    [
        (SendOutcome.UNKNOWN, Decision.MESSAGE_UNKNOWN),
        (SendOutcome.TAKEN_BACK, Decision.MESSAGE_NOT_SENT),
    ],
    ids=str,
)
def test_message_that_was_not_taken_leaves_the_reason(
    caller: Desk, view: StoreView, outcome: SendOutcome, decision: Decision
) -> None:
    started = caller.started()

    caller.store.settle(started, outcome, reason="code_9002")

    sent = told(view)[-1]
    assert (sent.decision, sent.reason, sent.send) == (decision, "code_9002", 1)
    assert sent.channel is Channel.VIBER


def test_refused_start_leaves_the_budget_and_the_wait(caller: Desk, view: StoreView) -> None:
    for _ in range(5):
        caller.start()

    refused = caller.try_start()

    assert isinstance(refused, OverBudget)
    last = told(view)[-1]
    hour = UsedUp(Charge.START, 5, timedelta(hours=1))
    assert without_time(last) == entry(Decision.START_REFUSED, None, used_up=hour, wait=last.wait)
    assert last.wait is not None
    assert timedelta(0) <= last.wait - refused.retry_after < timedelta(seconds=1)


def test_start_refused_for_wrong_guesses_leaves_the_guess_budget(
    stopped: Desk, clock: StoppedClock, view: StoreView
) -> None:
    budgets = NumberBudgets((), replace(SHOP.budgets.guesses, limit=5))
    desk = stopped.at(shop(budgets=budgets))
    desk.exhaust(desk.start().id)

    desk.try_start()

    last = told(view)[-1]
    assert last.used_up == UsedUp(Charge.WRONG_GUESS, 5, DAY)
    assert last.wait == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        (lambda desk, vid: None, {"reason": "too_soon", "wait": timedelta(seconds=30)}),
        (
            lambda desk, vid: desk.cancel(vid),
            {"ended": Status.CANCELED, "wait": timedelta(0)},
        ),
    ],
    ids=["too soon", "ended"],
)
def test_refused_resend_leaves_why(
    stopped: Desk,
    view: StoreView,
    prepare: Callable[[Desk, VerificationId], object],
    expected: dict[str, object],
) -> None:
    desk = replace(stopped, key_id="web", address_tag=TAG)
    started = desk.start()
    prepare(desk, started.id)

    desk.try_resend(started.id)

    assert without_time(told(view)[-1]) == entry(Decision.RESEND_REFUSED, started.id, **expected)


def test_resend_beyond_its_sends_or_the_messages_of_the_number_leaves_which(
    caller: Desk, view: StoreView
) -> None:
    once = Budget("number_messages_per_hour", Charge.MESSAGE, 1, timedelta(hours=1))
    few = caller.application
    desk = replace(caller, application=shop(sends=1, resend_cooldown=timedelta(0)))
    desk.try_resend(desk.start().id)
    narrow = NumberBudgets((once,), few.budgets.guesses)
    desk = replace(
        caller, application=shop(budgets=narrow, name="narrow", resend_cooldown=timedelta(0))
    )
    desk.try_resend(desk.start().id)

    first, second = [e for e in told(view) if e.decision is Decision.RESEND_REFUSED]

    assert (first.reason, first.used_up) == ("no_sends_left", None)
    assert (second.reason, second.used_up) == (
        None,
        UsedUp(Charge.MESSAGE, 1, timedelta(hours=1)),
    )


def test_resend_leaves_its_message(caller: Desk, view: StoreView) -> None:
    started = caller.start()
    view.advance(timedelta(seconds=30))

    caller.resend(started.id)

    assert without_time(told(view)[-1]) == entry(
        Decision.RESENT, started.id, send=2, channel=Channel.VIBER
    )


def test_replaced_message_leaves_why_and_which(desk: Desk, view: StoreView) -> None:
    both = desk.at(BOTH_SHOP)
    started = both.started(plans=BOTH_PLANS)

    desk.store.replace_send(
        started,
        BOTH_SHOP,
        pin_digest=b"d" * 32,
        channel=Channel.SMS,
        is_number_refused=True,
        reason="code_9002",
    )

    last = told(view)[-1]
    assert last.decision is Decision.MESSAGE_REPLACED
    assert (last.send, last.channel, last.reason) == (1, Channel.VIBER, "code_9002")


def test_fall_back_leaves_its_message_once(desk: Desk, view: StoreView) -> None:
    both = desk.at(BOTH_SHOP)
    started = both.start(plans=BOTH_PLANS)

    both.fall_back(started)
    both.fall_back(started)

    assert decisions(view)[2:] == [Decision.FELL_BACK]
    assert (told(view)[-1].send, told(view)[-1].channel) == (2, Channel.SMS)


def test_fall_back_over_the_budget_leaves_that(desk: Desk, view: StoreView) -> None:
    once = Budget("number_messages_per_hour", Charge.MESSAGE, 1, timedelta(hours=1))
    narrow = shop(budgets=NumberBudgets((once,), SHOP.budgets.guesses))
    both = desk.at(replace(narrow, channels=BOTH))
    started = both.start(plans=BOTH_PLANS)

    both.fall_back(started)

    last = told(view)[-1]
    assert last.decision is Decision.FALL_BACK_REFUSED
    assert last.used_up == UsedUp(Charge.MESSAGE, 1, timedelta(hours=1))


def test_guesses_leave_what_they_came_to(caller: Desk, view: StoreView) -> None:
    first, second = caller.started(), caller.started()
    caller.guess(first.id, WRONG_PIN)
    caller.guess(first.id, PIN)
    caller.guess(first.id, PIN)
    caller.exhaust(second.id)
    caller.guess(second.id, PIN)

    guesses = [without_time(each) for each in told(view)[2:]]

    wrong = [entry(Decision.CODE_WRONG, second.id, attempts_left=left) for left in (4, 3, 2, 1)]
    assert guesses == [
        entry(Decision.CODE_WRONG, first.id, attempts_left=4),
        entry(Decision.CODE_RIGHT, first.id, send=1),
        entry(Decision.GUESS_REFUSED, first.id, ended=Status.APPROVED),
        *wrong,
        entry(Decision.CODE_WRONG_LAST, second.id),
        entry(Decision.GUESS_REFUSED, second.id, ended=Status.EXHAUSTED),
    ]


def test_guess_after_the_end_of_every_pin_leaves_that_it_had_expired(
    desk: Desk, view: StoreView
) -> None:
    started = desk.start()
    view.advance(timedelta(seconds=301))

    desk.guess(started.id, PIN)

    assert told(view)[-1].ended is Status.EXPIRED


def test_cancel_leaves_that_once_and_why_not(caller: Desk, view: StoreView) -> None:
    started, used = caller.started(), caller.started()
    caller.guess(used.id, PIN)
    caller.cancel(started.id)
    caller.cancel(started.id)
    caller.cancel(used.id)

    last = [without_time(each) for each in told(view)[3:]]

    assert last == [
        entry(Decision.CANCELED, started.id),
        entry(Decision.CANCEL_REFUSED, used.id, ended=Status.APPROVED),
    ]


def test_id_that_nobody_was_given_leaves_nothing(caller: Desk, view: StoreView) -> None:
    made_up = IDS.new(PHONE)

    caller.guess(made_up, PIN)
    caller.try_resend(made_up)
    caller.cancel(made_up)

    assert view.everything() == {}


def test_another_applications_call_leaves_nothing(caller: Desk, view: StoreView) -> None:
    started = caller.started()
    stranger = caller.at(shop(name="stranger"))
    before = view.everything()

    stranger.guess(started.id, PIN)
    stranger.try_resend(started.id)
    stranger.cancel(started.id)

    assert view.everything() == before


def test_looking_leaves_nothing(caller: Desk, view: StoreView) -> None:
    started = caller.started()
    caller.guess(started.id, PIN)
    before = view.timelines()

    caller.read(started.id)
    caller.prove(started.id)

    assert view.timelines() == before


def test_applications_share_the_timeline_of_a_number(desk: Desk, view: StoreView) -> None:
    desk.started()
    desk.at(shop(name="bank")).started()

    assert [each.application_id for each in told(view)] == ["shop", "bank"]


def test_numbers_do_not_share_it(desk: Desk, view: StoreView) -> None:
    desk.started()
    desk.started(phone="+12025550123")

    assert [len(lines) for lines in view.timelines().values()] == [1, 1]


def test_guesses_side_by_side_leave_an_entry_each(desk: Desk, view: StoreView) -> None:
    started = desk.start()

    side_by_side([lambda: desk.guess(started.id, WRONG_PIN)] * 20)

    counted = Counter(decisions(view))
    assert counted[Decision.CODE_WRONG] == 4
    assert counted[Decision.CODE_WRONG_LAST] == 1
    assert counted[Decision.GUESS_REFUSED] == 15


def test_only_the_newest_64_entries_stay(desk: Desk, view: StoreView) -> None:
    started = desk.started()
    desk.guess(started.id, PIN)

    for _ in range(70):
        desk.cancel(started.id)

    assert decisions(view) == [Decision.CANCEL_REFUSED] * 64


def test_timeline_ends_seven_days_after_its_last_entry(desk: Desk, view: StoreView) -> None:
    desk.started()
    view.advance(6 * DAY)
    desk.started()

    assert 7 * DAY - timedelta(minutes=1) < view.left_of_everything()[TIMELINE] <= 7 * DAY


def test_entry_older_than_seven_days_goes_with_the_next(
    stopped: Desk, clock: StoppedClock, view: StoreView
) -> None:
    stopped.started()
    clock.advance(DAY)
    stopped.started()
    clock.advance(6 * DAY)

    stopped.started()

    assert len(told(view)) == 2


def test_retention_of_nothing_writes_nothing(watched: WatchedConnection, view: StoreView) -> None:
    desk = Desk(RedisStore(watched, SilentJournal(), audit_kept=timedelta(0)))
    started = desk.start()
    desk.guess(started.id, PIN)
    desk.store.note_refusal(
        started.id.number_tag, desk.call, reason="policy", retry_after=timedelta(0)
    )

    assert view.timelines() == {}


def test_retention_is_the_setting_s(watched: WatchedConnection, view: StoreView) -> None:
    desk = Desk(RedisStore(watched, SilentJournal(), audit_kept=2 * DAY))

    desk.started()

    assert DAY < view.left_of_everything()[TIMELINE] <= 2 * DAY


@pytest.mark.parametrize("with_audit", [True, False], ids=["audit", "no audit"])
def test_timeline_costs_no_round_trip(watched: WatchedConnection, *, with_audit: bool) -> None:
    kept = 7 * DAY if with_audit else timedelta(0)
    desk = Desk(RedisStore(watched, SilentJournal(), audit_kept=kept))
    started = desk.started()
    desk.guess(started.id, PIN)
    desk.cancel(started.id)

    assert [name for name in watched.commands if name == "EVALSHA"] == ["EVALSHA"] * 3
    assert set(watched.commands) <= {"EVALSHA", "EVAL"}


def test_timeline_that_cannot_be_written_changes_no_decision(
    desk: Desk, kind: Kind, view: StoreView
) -> None:
    kind.connection.execute("SET", TIMELINE, "no list", "EX", 60)

    started = desk.start(request_id=REQUEST_ID)
    wrong, right = desk.verdict(started.id, WRONG_PIN), desk.verdict(started.id, PIN)

    assert (wrong, right) == ("incorrect", "approved")
    assert len(view.logs()[log_key(started.id, SHOP.id).encode()]) == 3


@pytest.mark.parametrize("kind", ["single", "cluster"], indirect=True)
def test_refusal_in_a_full_store_stays_what_it_is(desk: Desk, view: StoreView) -> None:
    for _ in range(5):
        desk.start()
    for server in view.servers:
        server("CONFIG SET", "maxmemory", "1")

    try:
        refused = desk.try_start()
    finally:
        for server in view.servers:
            server("CONFIG SET", "maxmemory", "0")

    assert isinstance(refused, OverBudget)


INJECTED = [
    "web|shop|x",
    "web\n2kq1|a|bank|web|||1",
    "web a b",
    "web\x00\x1b[31m",
    "\u202eweb" * 40,
    "",
]


@pytest.mark.parametrize("text", INJECTED, ids=range(len(INJECTED)))
def test_whatever_a_caller_is_called_an_entry_stays_one_and_says_the_same(
    desk: Desk, view: StoreView, text: str
) -> None:
    caller = replace(desk, key_id=text, address_tag=text)

    started = caller.started(purpose="|a|" + text)
    caller.store.settle(started, SendOutcome.UNKNOWN, reason=text)
    caller.store.note_refusal(
        started.id.number_tag, caller.call, reason=text, retry_after=timedelta(seconds=9)
    )

    first, sent, refused = told(view)
    assert (first.decision, first.application_id) == (Decision.STARTED, "shop")
    assert first.verification == charge_name(started.id)
    assert (first.send, first.channel) == (1, Channel.VIBER)
    assert (sent.decision, sent.send) == (Decision.MESSAGE_UNKNOWN, 1)
    assert (refused.decision, refused.wait) == (Decision.START_REFUSED, timedelta(seconds=9))
    for written in (first.key_id, first.address_tag, sent.reason, refused.reason):
        assert written is None or (written.isascii() and written.isprintable())


def test_refusal_that_was_decided_elsewhere_is_kept_for_a_day(desk: Desk, view: StoreView) -> None:
    call = Call(SHOP, "web", TAG)
    tag = IDS.number_tag(PHONE)

    desk.store.note_refusal(
        tag, call, reason="address_starts_per_hour", retry_after=timedelta(seconds=59.2)
    )

    (refused,) = told(view)
    assert without_time(refused) == entry(
        Decision.START_REFUSED,
        None,
        reason="address_starts_per_hour",
        wait=timedelta(seconds=60),
    )
    assert view.left_of_everything()[TIMELINE] <= timedelta(hours=1)


def test_flood_of_such_refusals_does_not_lengthen_a_timeline_s_life(
    desk: Desk, view: StoreView
) -> None:
    refuse = lambda: desk.store.note_refusal(  # noqa: E731 - three times the same
        IDS.number_tag(PHONE), desk.call, reason="x", retry_after=timedelta(0)
    )
    refuse()
    view.advance(timedelta(hours=1))
    refuse()

    assert view.left_of_everything()[TIMELINE] <= DAY


def test_such_a_refusal_does_not_shorten_a_timeline_s_life(desk: Desk, view: StoreView) -> None:
    started = desk.started()

    desk.store.note_refusal(started.id.number_tag, desk.call, reason="x", retry_after=timedelta(0))

    assert view.left_of_everything()[TIMELINE] > 6 * DAY


@pytest.mark.parametrize("kind", ["single"], indirect=True)
def test_memory_a_number_s_timeline_takes(caller: Desk, kind: Kind, view: StoreView) -> None:
    def used() -> int:
        return int(kind.connection.execute("MEMORY", "USAGE", TIMELINE))

    started = caller.start(request_id=REQUEST_ID)
    caller.guess(started.id, PIN)
    assert used() <= 360

    for _ in range(70):
        caller.try_resend(started.id)
    assert used() <= 5_000
