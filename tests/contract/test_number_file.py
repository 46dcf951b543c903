"""One number's file: shown, unlocked and erased, on every kind of store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support.kinds import Kind
from support.listed_numbers import Service, listing
from support.processes import free_port
from support.store_view import StoreView
from support.verifications import (
    BOTH_PLANS,
    BOTH_SHOP,
    IDS,
    OTHER_PHONE,
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
from otp_service.domain.idempotency import Idempotency
from otp_service.domain.limits import Charge
from otp_service.domain.session import SessionKind
from otp_service.domain.verification import DeliveryState, Status, Verification
from otp_service.errors import StoreUnavailable, TooManyRequests
from otp_service.ports import OverBudget, Verdict
from otp_service.redis_store import (
    Connection,
    NumberFiles,
    RedisClaims,
    RedisSessions,
    RedisStore,
    connect,
    read_address,
)
from otp_service.redis_store.exchange import Command
from otp_service.redis_store.key_names import charge_name, key_use_key, log_key, timeline_key

BANK = shop(name="bank")
APPLICATIONS = {"shop": SHOP, "bank": BANK}
TAG = IDS.number_tag(PHONE)
OWNER = "aB-_aB-_aB-_"


@pytest.fixture
def files(kind: Kind) -> NumberFiles:
    return NumberFiles(kind.connection, SilentJournal(), IDS, applications=APPLICATIONS)


def decisions(entries: tuple[Entry, ...]) -> list[Decision]:
    return [entry.decision for entry in entries]


def test_number_that_nobody_asked_for_has_an_empty_file(files: NumberFiles, desk: Desk) -> None:
    desk.start(phone=OTHER_PHONE)

    file = files.read(PHONE)

    assert (file.entries, file.standings, file.verifications) == ((), (), {})
    assert (file.owners, file.viber_refuses_for, file.unreadable) == ((), None, 0)


def test_file_holds_what_every_application_asked(files: NumberFiles, desk: Desk) -> None:
    desk.start()
    desk.at(BANK).start()

    file = files.read(PHONE)

    assert [(e.application_id, e.decision) for e in file.entries] == [
        ("shop", Decision.STARTED),
        ("shop", Decision.MESSAGE_TAKEN),
        ("bank", Decision.STARTED),
        ("bank", Decision.MESSAGE_TAKEN),
    ]
    assert [standing.application_id for standing in file.standings] == ["shop", "bank"]


def test_receipts_stand_among_the_decisions(files: NumberFiles, desk: Desk) -> None:
    started = desk.start(request_id=REQUEST_ID)
    desk.receive(DeliveryState.DELIVERED)
    desk.guess(started.id, PIN)

    file = files.read(PHONE)

    assert decisions(file.entries)[:2] == [Decision.STARTED, Decision.MESSAGE_TAKEN]
    (receipt,) = [entry for entry in file.entries if entry.decision is Decision.RECEIPT]
    assert receipt.state is DeliveryState.DELIVERED
    assert receipt.verification == charge_name(started.id)
    (delivery,) = file.verifications[charge_name(started.id)].deliveries
    assert delivery.state is DeliveryState.DELIVERED


def test_receipt_is_found_when_the_verification_is_kept_no_more(
    files: NumberFiles, desk: Desk, view: StoreView
) -> None:
    brief = desk.at(shop(retention=timedelta(minutes=1)))
    started = brief.start(request_id=REQUEST_ID)
    brief.receive(DeliveryState.FAILED)
    brief.guess(started.id, PIN)
    view.advance(timedelta(minutes=11))

    file = files.read(PHONE)

    assert file.verifications == {}
    assert [e.state for e in file.entries if e.state] == [DeliveryState.FAILED]


def test_budgets_say_how_far_they_are_used_and_for_how_long(files: NumberFiles, desk: Desk) -> None:
    for _ in range(5):
        started = desk.start()
    desk.guess(started.id, WRONG_PIN)
    refused = desk.try_start()
    assert isinstance(refused, OverBudget)

    (standing,) = files.read(PHONE).standings

    used = {budget.name: (budget.used, budget.limit) for budget in standing.budgets}
    assert used == {
        "number_starts_per_hour": (5, 5),
        "number_starts_per_day": (5, 10),
        "number_messages_per_hour": (5, 10),
        "number_messages_per_day": (5, 15),
        "number_wrong_guesses": (1, 20),
    }
    waits = {budget.name: budget.wait for budget in standing.budgets if budget.wait}
    assert list(waits) == ["number_starts_per_hour"]
    apart = refused.retry_after - waits["number_starts_per_hour"]
    assert timedelta(0) <= apart < timedelta(seconds=10)


def test_budgets_of_an_owner_are_shown_apart(files: NumberFiles, desk: Desk) -> None:
    home = replace(desk, address_tag=OWNER)
    home.guess(home.start().id, PIN)
    while isinstance(refused := home.try_start(), Verification):
        pass
    assert isinstance(refused, OverBudget)

    strangers, owner = files.read(PHONE).standings

    assert (strangers.address_tag, owner.address_tag) == (None, OWNER)
    assert [budget.used for budget in strangers.budgets] == [1, 1, 1, 1, 0]
    assert [budget.used for budget in owner.budgets] == [5, 5, 5, 5, 0]
    assert [budget.name for budget in owner.budgets if budget.wait] == ["number_starts_per_hour"]
    assert all(budget.wait == timedelta(0) for budget in strangers.budgets)


def test_budget_of_a_test_number_is_shown_and_its_refusal_read(kind: Kind) -> None:
    tested = listing(starts_per_day=1)
    service = Service(RedisStore(kind.connection, SilentJournal()))
    files = NumberFiles(kind.connection, SilentJournal(), IDS, applications={"shop": tested})
    service.start(tested)
    with pytest.raises(TooManyRequests):
        service.start(tested)

    file = files.read(PHONE)

    assert file.unreadable == 0
    assert file.entries[-1].used_up == UsedUp(Charge.TEST_START, 1, timedelta(days=1))
    (standing,) = file.standings
    held = [(budget.name, budget.used) for budget in standing.budgets if budget.wait]
    assert held == [("test_number_starts_per_day", 1)]


def test_what_is_out_of_its_window_is_not_used(
    files: NumberFiles, desk: Desk, view: StoreView
) -> None:
    desk.start()
    view.advance(timedelta(hours=1))

    (standing,) = files.read(PHONE).standings

    assert [budget.used for budget in standing.budgets] == [0, 1, 0, 1, 0]


def test_verifications_stand_as_they_are_the_newest_last(
    files: NumberFiles, desk: Desk, view: StoreView
) -> None:
    first = desk.start()
    desk.guess(first.id, PIN)
    view.advance(timedelta(seconds=10))
    second = desk.start()
    desk.guess(second.id, WRONG_PIN)

    verifications = files.read(PHONE).verifications

    assert [(name, v.status, v.attempts_left) for name, v in verifications.items()] == [
        (charge_name(first.id), Status.APPROVED, 5),
        (charge_name(second.id), Status.PENDING, 4),
    ]


def test_number_that_viber_refuses_says_for_how_long(files: NumberFiles, desk: Desk) -> None:
    both = desk.at(BOTH_SHOP)
    both.replace(both.started(plans=BOTH_PLANS), refused=True)

    left = files.read(PHONE).viber_refuses_for

    assert left is not None
    assert timedelta(hours=23) < left <= timedelta(days=1)


def test_owners_are_shown_with_their_last_verification(
    files: NumberFiles, kind: Kind, view: StoreView
) -> None:
    now_ms = view.now_ms()
    kind.connection.execute("ZADD", f"otp1:{{{TAG}}}:o:shop", now_ms, OWNER)
    kind.connection.execute("PEXPIRE", f"otp1:{{{TAG}}}:o:shop", 60_000)

    (owner,) = files.read(PHONE).owners

    assert (owner.application_id, owner.address_tag) == ("shop", OWNER)
    assert round(owner.verified_at.timestamp() * 1000) == now_ms


def test_entry_of_another_version_is_counted_and_the_rest_is_shown(
    files: NumberFiles, desk: Desk, kind: Kind
) -> None:
    desk.start()
    lines = [b"mwv95wvv|?|shop||||", b"mwv95wvv|s|shop|||x|z", b"no entry", b"\xff|s|||||"]
    for line in lines:
        kind.connection.execute("RPUSH", timeline_key(TAG), line)

    file = files.read(PHONE)

    assert decisions(file.entries) == [Decision.STARTED, Decision.MESSAGE_TAKEN]
    assert file.unreadable == 4


def test_entry_past_its_time_is_not_shown(kind: Kind, desk: Desk, view: StoreView) -> None:
    desk.start()
    view.advance(timedelta(days=1))
    desk.start()
    files = NumberFiles(
        kind.connection,
        SilentJournal(),
        IDS,
        applications=APPLICATIONS,
        audit_kept=timedelta(days=1),
    )

    assert len(files.read(PHONE).entries) == 2


def test_reading_changes_nothing(files: NumberFiles, desk: Desk, view: StoreView) -> None:
    desk.start(request_id=REQUEST_ID)
    desk.receive(DeliveryState.DELIVERED)
    before = view.everything()

    files.read(PHONE)

    assert view.everything() == before


def test_unlock_lets_a_number_start_again_and_is_written_down(
    files: NumberFiles, desk: Desk
) -> None:
    for _ in range(5):
        desk.start()
    assert isinstance(desk.try_start(), OverBudget)

    lifted = files.unlock(PHONE, ["shop", "bank"])

    assert lifted == 1
    last = files.read(PHONE).entries[-1]
    assert (last.decision, last.application_id, last.lifted) == (Decision.UNLOCKED, "shop", 1)
    assert last.key_id is None
    desk.started()


def test_unlock_keeps_the_attempts_of_a_living_verification(files: NumberFiles, desk: Desk) -> None:
    started = desk.start()
    for _ in range(4):
        desk.guess(started.id, WRONG_PIN)

    files.unlock(PHONE, ["shop"])

    assert desk.verdict(started.id, WRONG_PIN) is Verdict.EXHAUSTED_NOW


def test_unlock_lifts_what_the_named_application_charged_and_nothing_else(
    files: NumberFiles, desk: Desk, kind: Kind, view: StoreView
) -> None:
    shops = desk.start()
    banks = desk.at(BANK).start()
    others = desk.start(phone=OTHER_PHONE)
    elsewhere = [
        "otp1:{a:shop}:p:prefix00:s3600",
        f"otp1:{{{TAG}}}:o:shop",
        key_use_key("0123456789abcdef"),
    ]
    for key in elsewhere:
        kind.connection.execute("SET", key, "stays", "EX", 60)
    kind.connection.execute("HSET", f"otp1:{{{TAG}}}:b:shop:s3600", "a", 1)
    kind.connection.execute("PEXPIRE", f"otp1:{{{TAG}}}:b:shop:s3600", 60_000)
    before = view.names()

    files.unlock(PHONE, ["shop"])

    gone = {log_key(shops.id, "shop").encode(), f"otp1:{{{TAG}}}:b:shop:s3600".encode()}
    assert set(before) - set(view.names()) == gone
    assert {log_key(banks.id, "bank").encode(), log_key(others.id, "shop").encode()} <= {
        *view.names()
    }


def test_nothing_to_unlock_is_nothing_written(files: NumberFiles, view: StoreView) -> None:
    assert files.unlock(PHONE, ["shop", "bank"]) == 0
    assert view.everything() == {}


def test_charge_taken_back_after_an_unlock_takes_nothing_from_others(
    files: NumberFiles, desk: Desk, view: StoreView
) -> None:
    under_way = desk.started()
    files.unlock(PHONE, ["shop"])
    later = desk.start()

    desk.take_back(under_way)

    assert len(view.logs()[log_key(later.id, "shop").encode()]) == 2


def fill(desk: Desk, kind: Kind, phone: str, request_id: str) -> None:
    """Leave every kind of key for a number, and a message that the provider told of."""
    both = desk.at(replace(BOTH_SHOP, id="bank"))
    both.replace(both.started(phone=phone, plans=BOTH_PLANS), refused=True)
    started = desk.start(phone=phone, request_id=request_id)
    desk.receive(DeliveryState.DELIVERED, request_id)
    desk.guess(started.id, WRONG_PIN)
    sessions = RedisSessions(kind.connection, SilentJournal(), IDS)
    sessions.count(phone, next(iter(SessionKind)))
    claims = RedisClaims(kind.connection, SilentJournal(), IDS)
    claims.claim(Idempotency(f"key-of-a-start-{request_id}", b"body-of-16-bytes"), started.id)


def test_forget_erases_everything_of_a_number_and_nothing_of_another(
    files: NumberFiles, desk: Desk, kind: Kind, view: StoreView
) -> None:
    fill(desk, kind, OTHER_PHONE, "of-the-other")
    desk.receive(DeliveryState.FAILED, "of-nobody-yet")
    others = view.everything()
    fill(desk, kind, PHONE, REQUEST_ID)
    own = set(view.everything()) - set(others)
    assert len(own) == 9

    erased = files.forget(PHONE)

    assert view.everything() == others
    assert (erased.number_keys, erased.message_keys) == (8, 1)


def test_number_and_messages_are_found_on_whichever_node_they_lie(
    files: NumberFiles, desk: Desk, view: StoreView
) -> None:
    numbers = [f"+3806712345{last_two}" for last_two in range(60, 72)]
    for number in numbers:
        desk.start(phone=number, request_id=f"message-to-{number[-2:]}")

    shown = [len(files.read(number).verifications) for number in numbers]
    erased = [files.forget(number) for number in numbers]

    assert shown == [1] * 12
    assert {(each.number_keys, each.message_keys) for each in erased} == {(3, 1)}
    assert view.everything() == {}


def test_forget_finds_messages_whose_verification_is_kept_no_more(
    files: NumberFiles, desk: Desk, view: StoreView
) -> None:
    desk.start(request_id=REQUEST_ID)
    desk.receive(DeliveryState.DELIVERED)
    view.advance(timedelta(days=1, minutes=10))
    assert f"otp1:m:{REQUEST_ID}".encode() in view.names()

    files.forget(PHONE)

    assert view.everything() == {}


def test_verification_of_a_forgotten_number_is_not_found(files: NumberFiles, desk: Desk) -> None:
    started = desk.start()

    files.forget(PHONE)

    assert desk.verdict(started.id, PIN) is None
    assert desk.try_resend(started.id) is None


def test_message_that_was_under_way_leaves_no_timeline_of_a_forgotten_number(
    files: NumberFiles, desk: Desk, view: StoreView
) -> None:
    under_way = desk.started()
    files.forget(PHONE)

    desk.take_back(under_way)

    assert view.everything() == {}


def test_forgetting_twice_erases_nothing_more(files: NumberFiles, desk: Desk) -> None:
    desk.start()
    files.forget(PHONE)

    erased = files.forget(PHONE)

    assert (erased.number_keys, erased.message_keys) == (0, 0)


def test_more_keys_than_go_in_one_step_are_all_erased(
    files: NumberFiles, kind: Kind, view: StoreView
) -> None:
    for number in range(1_201):
        kind.connection.execute("SET", f"otp1:{{{TAG}}}:v:{number}", "x", "EX", 60)

    assert files.forget(PHONE).number_keys == 1_201
    assert view.everything() == {}


class Steps:
    """A connection that counts how many commands go at once."""

    def __init__(self, connection: Connection) -> None:
        self.longest = 0
        self._connection = connection
        self.find = connection.find

    def execute_many(self, commands: Sequence[Command]) -> list[Any]:
        self.longest = max(self.longest, len(commands))
        return self._connection.execute_many(commands)


def test_no_step_is_longer_than_a_slow_cluster_answers_in_its_time_outs(kind: Kind) -> None:
    for number in range(120):
        kind.connection.execute("SET", f"otp1:{{{TAG}}}:v:{number}", "x", "EX", 60)
    steps = Steps(kind.connection)

    NumberFiles(steps, SilentJournal(), IDS, applications=APPLICATIONS).forget(PHONE)

    # One after the other there: a second at 10 ms each.
    assert steps.longest == 100


def test_store_that_is_away_is_said_to_be() -> None:
    connection = connect(read_address(f"redis://127.0.0.1:{free_port()}"))
    files = NumberFiles(connection, SilentJournal(), IDS, applications=APPLICATIONS)

    for ask in (files.read, files.forget, lambda phone: files.unlock(phone, ["shop"])):
        with pytest.raises(StoreUnavailable):
            ask(PHONE)
