"""Budgets that many numbers share, on every kind of store, as an attacker would try them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import RedisError
from support.gated import SMS_AND_VIBER, GatedDesk, numbers, row
from support.kinds import CLUSTER, Kind
from support.store_view import StoppedClock, StoreView, WatchedConnection
from support.verifications import GUESSES as GUESSES_OF_ONE
from support.verifications import IDS, OTHER_PHONE, PHONE

from otp_service.domain.budget_row import BudgetRow, Counted, Scope
from otp_service.domain.limits import Budget, Charge, NumberBudgets
from otp_service.domain.policy import Place
from otp_service.domain.verification import Channel
from otp_service.errors import StoreUnavailable, TooManyRequests
from otp_service.ports import OverBudget, SendVerdict
from otp_service.redis_store import Connection
from otp_service.redis_store.exchange import Command
from otp_service.redis_store.operations import Answer, Call

STARTS, SENDS, GUESSES, MONEY = Counted
EVERY_SCOPE = tuple(
    row(scope, counted, 10**9)
    for scope in Scope
    for counted in Counted
    if scope is not Scope.NUMBER or counted is MONEY
)
ORIGIN = {"address": "192.0.2.1", "token": "a-token"}

MakeDesk = Callable[..., GatedDesk]


@pytest.fixture
def make(kind: Kind, watched: WatchedConnection) -> MakeDesk:
    """Give desks with budgets of the test's own; every key is held to having an end."""

    def make_desk(*rows: BudgetRow, connection: Any = None, **details: Any) -> GatedDesk:
        return GatedDesk(connection or watched, *rows, is_cluster=kind.name == CLUSTER, **details)

    return make_desk


def counters(view: StoreView) -> dict[bytes, dict[bytes, bytes]]:
    """Every counter of a shared budget as it stands."""
    return {
        key: value for key, value in view.hashes().items() if b":v:" not in key and b"t" in value
    }


def totals(view: StoreView) -> dict[str, int]:
    """Give what each counter counts, by its key without the application."""
    return {key.decode(): int(value[b"t"]) for key, value in counters(view).items()}


def test_numbers_rotated_from_one_address_run_into_its_budget(make: MakeDesk) -> None:
    desk = make(row(Scope.ADDRESS, STARTS, 5))

    tried = [desk.tried(phone, address="192.0.2.1") for phone in numbers(9, ranges=9)]

    assert tried == [""] * 5 + ["address_starts"] * 4
    assert desk.tried(OTHER_PHONE, address="192.0.2.2") == ""


def test_addresses_within_one_ipv6_subnet_are_one(make: MakeDesk) -> None:
    desk = make(row(Scope.ADDRESS, STARTS, 3))

    tried = [
        desk.tried(phone, address=f"2001:db8:1:2:{at:x}::{at + 1:x}")
        for at, phone in enumerate(numbers(6))
    ]

    assert tried == [""] * 3 + ["address_starts"] * 3
    assert desk.tried(address="2001:db8:1:3::1") == ""


def test_ipv4_address_within_ipv6_is_that_address(make: MakeDesk) -> None:
    desk = make(row(Scope.ADDRESS, STARTS, 1))
    desk.start(address="192.0.2.1")

    assert desk.tried(address="::ffff:192.0.2.1") == "address_starts"


def test_addresses_rotated_against_one_number_run_into_its_range_and_country(
    make: MakeDesk,
) -> None:
    desk = make(row(Scope.ADDRESS, STARTS, 1), row(Scope.PREFIX, STARTS, 4))

    tried = [desk.tried(address=f"192.0.2.{at}") for at in range(7)]

    assert tried == [""] * 4 + ["prefix_starts"] * 3


def test_one_range_pumped_from_many_addresses_is_shut_alone(make: MakeDesk) -> None:
    desk = make(row(Scope.PREFIX, STARTS, 4), row(Scope.COUNTRY, STARTS, 6))
    pumped = numbers(6)

    tried = [desk.tried(phone, address=f"192.0.2.{at}") for at, phone in enumerate(pumped)]

    assert tried == [""] * 4 + ["prefix_starts"] * 2
    others = ["+380661234567", "+380501234567", "+380631234567"]
    assert [desk.tried(phone) for phone in others] == ["", "", "country_starts"]
    assert desk.tried(OTHER_PHONE) == ""


def test_token_is_good_for_its_starts_alone(make: MakeDesk) -> None:
    desk = make(row(Scope.TOKEN, STARTS, 2))

    tried = [desk.tried(phone, token="one") for phone in numbers(3)]

    assert tried == ["", "", "token_starts"]
    assert desk.tried(token="other") == ""
    assert desk.tried() == ""


def test_start_without_an_address_or_token_charges_neither(make: MakeDesk, view: StoreView) -> None:
    make(*EVERY_SCOPE).start()

    assert not [key for key in totals(view) if "{i:" in key or "{t:" in key]


def test_every_scope_has_a_counter_of_its_own(make: MakeDesk, view: StoreView) -> None:
    make(*EVERY_SCOPE, prices=SMS_AND_VIBER).start(**ORIGIN)

    counted = totals(view)
    # Of starts, sends and money; of money for the number too.
    assert len(counted) == 6 * 3 + 1
    assert set(counted.values()) == {1, 400_000}


def test_no_counter_shows_a_number_or_an_address(make: MakeDesk, view: StoreView) -> None:
    desk = make(*EVERY_SCOPE)
    desk.guess_wrong(desk.start(PHONE, **ORIGIN))

    shown = repr(view.dump())
    assert "192.0.2.1" not in shown
    assert PHONE[1:] not in shown
    assert PHONE[1:-4] not in shown


def test_applications_are_counted_apart_but_for_what_is_over_all(make: MakeDesk) -> None:
    rows = [row(scope, STARTS, 1) for scope in (Scope.PREFIX, Scope.ADDRESS, Scope.APPLICATION)]
    over_all = row(Scope.ALL, STARTS, 2)
    make(*rows, over_all).start(**ORIGIN)

    bank = make(*rows, over_all, application="bank")

    assert bank.tried(**ORIGIN) == ""
    assert make(over_all, application="third").tried() == "all_starts"


def test_refused_start_leaves_every_counter_as_it_was(make: MakeDesk, view: StoreView) -> None:
    rows = [budget for budget in EVERY_SCOPE if budget.scope is not Scope.ALL]
    desk = make(*rows, row(Scope.ALL, SENDS, 1), prices=SMS_AND_VIBER)
    desk.start(**ORIGIN)
    before = counters(view)

    assert desk.tried(OTHER_PHONE, address="192.0.2.9", token="other") == "all_sends"
    assert desk.tried(**ORIGIN) == "all_sends"

    assert counters(view) == before


@pytest.mark.parametrize("scope", [s for s in Scope if s is not Scope.NUMBER], ids=str)
def test_whichever_slot_refuses_the_others_are_given_back(
    make: MakeDesk, view: StoreView, scope: Scope
) -> None:
    rows = [row(s, STARTS, 1 if s is scope else 50) for s in Scope if s is not Scope.NUMBER]
    desk = make(*rows)
    desk.start(**ORIGIN)
    before = counters(view)

    assert [desk.tried(**ORIGIN) for _ in range(3)] == [f"{scope}_starts"] * 3

    assert counters(view) == before


def test_start_over_the_number_s_own_budget_gives_back_what_was_charged(
    make: MakeDesk, view: StoreView
) -> None:
    desk = make(*EVERY_SCOPE, prices=SMS_AND_VIBER)
    few = Budget("number_starts", Charge.START, 1, timedelta(hours=1))
    desk.application = replace(desk.application, budgets=NumberBudgets((few,), GUESSES_OF_ONE))
    desk.start(**ORIGIN)
    before = counters(view)

    assert desk.tried(**ORIGIN) == "number_starts"

    assert counters(view) == before


@pytest.mark.parametrize(
    ("verdict", "code", "standing"),
    [
        (SendVerdict.FAILED, "provider_failed", {MONEY}),
        (SendVerdict.MISCONFIGURED, "provider_misconfigured", {MONEY}),
        (SendVerdict.NUMBER_REFUSED, "phone_unreachable", {STARTS, SENDS, MONEY}),
        (SendVerdict.UNKNOWN, "", {STARTS, SENDS, MONEY}),
    ],
    ids=["failed", "misconfigured", "number refused", "unknown"],
)
def test_provider_s_word_decides_what_stays_charged(
    make: MakeDesk, verdict: SendVerdict, code: str, standing: Collection[Counted]
) -> None:
    limits = {STARTS: 1, SENDS: 1, MONEY: 400_000}
    for counted, limit in limits.items():
        desk = make(
            row(Scope.COUNTRY, counted, limit),
            application=counted.value,
            verdict=verdict,
            prices=SMS_AND_VIBER,
        )
        assert desk.tried() == code

        assert desk.tried() == (f"country_{counted}" if counted in standing else code)


def test_charges_are_given_back_once(make: MakeDesk, view: StoreView) -> None:
    desk = make(row(Scope.ADDRESS, STARTS, 9), row(Scope.ALL, STARTS, 9))
    place = Place(desk.application, "UA", "n" * 14, "prefix", "address", "token")
    charged = [desk.gate.enter(place, IDS.new(PHONE), Channel.VIBER) for _ in range(3)]

    for _ in range(3):
        desk.gate.give_back(charged[0])

    assert set(totals(view).values()) == {2}


def test_window_slides_by_the_store_s_clock(make: MakeDesk, view: StoreView) -> None:
    desk = make(row(Scope.APPLICATION, SENDS, 2))
    desk.start()
    view.advance(timedelta(minutes=40))
    desk.start()
    assert desk.tried() == "application_sends"

    view.advance(timedelta(minutes=21))
    assert [desk.tried() for _ in range(2)] == ["", "application_sends"]
    view.advance(timedelta(minutes=40))
    assert [desk.tried() for _ in range(2)] == ["", "application_sends"]


def test_wait_is_told_and_holds(kind: Kind, clock: StoppedClock) -> None:
    desk = GatedDesk(clock, row(Scope.ADDRESS, STARTS, 1), is_cluster=kind.name == CLUSTER)
    desk.start(**ORIGIN)
    clock.advance(timedelta(minutes=10))
    with pytest.raises(TooManyRequests) as refusal:
        desk.start(**ORIGIN)

    clock.advance(refusal.value.retry_after - timedelta(milliseconds=1))
    assert desk.tried(**ORIGIN) == "address_starts"
    clock.advance(timedelta(milliseconds=1))
    assert desk.tried(**ORIGIN) == ""


def test_guess_resend_guess_uses_up_the_address_and_shuts_new_starts_alone(
    make: MakeDesk,
) -> None:
    desk = make(row(Scope.ADDRESS, GUESSES, 7))
    first, second = (desk.start(phone, **ORIGIN) for phone in numbers(2))
    for started in (first, second):
        assert desk.guess_wrong(started)
        desk.resend(started)
        assert desk.guess_wrong(started)
        desk.resend(started)
        assert desk.guess_wrong(started)
    assert desk.tried(OTHER_PHONE, **ORIGIN) == ""
    third = desk.start("+380501234567", **ORIGIN)

    assert desk.guess_wrong(third)

    assert desk.tried("+380661234567", **ORIGIN) == "address_wrong_guesses"
    # What is under way goes on: no guess and no message of it is refused.
    assert desk.guess_wrong(third)
    desk.resend(third)
    desk.right_code(third)


@pytest.mark.parametrize(
    "scope", [Scope.PREFIX, Scope.COUNTRY, Scope.APPLICATION, Scope.ALL], ids=str
)
def test_wrong_guesses_over_many_numbers_shut_what_they_share(make: MakeDesk, scope: Scope) -> None:
    desk = make(row(scope, GUESSES, 4))
    for phone in numbers(4):
        assert desk.guess_wrong(desk.start(phone))

    assert desk.tried(numbers(5)[-1]) == f"{scope}_wrong_guesses"


def test_right_code_uses_up_no_guesses(make: MakeDesk, view: StoreView) -> None:
    desk = make(row(Scope.ALL, GUESSES, 1))
    for phone in numbers(3):
        desk.right_code(desk.start(phone))

    assert totals(view) == {}


def test_resends_use_up_sends_and_what_is_refused_can_still_be_verified(make: MakeDesk) -> None:
    desk = make(row(Scope.COUNTRY, SENDS, 3))
    started = desk.start()
    desk.resend(desk.start(numbers(1)[0]))

    with pytest.raises(TooManyRequests) as refusal:
        desk.resend(started)

    assert refusal.value.budget == "country_sends"
    assert desk.store.read(started.id, desk.application).sends_left == 2  # type: ignore[union-attr]
    assert desk.guess_wrong(started)


def test_money_runs_out_at_its_cap(make: MakeDesk) -> None:
    desk = make(row(Scope.APPLICATION, MONEY, 1_000_000), prices=SMS_AND_VIBER)

    assert [desk.tried(phone) for phone in numbers(4)] == ["", "", *["application_money"] * 2]


def test_failing_provider_does_not_refill_the_money(make: MakeDesk) -> None:
    desk = make(row(Scope.ALL, MONEY, 1_000_000), prices=SMS_AND_VIBER, verdict=SendVerdict.FAILED)

    assert [desk.tried(phone) for phone in numbers(4)] == [
        *["provider_failed"] * 2,
        *["all_money"] * 2,
    ]


def test_start_is_one_trip_before_its_record_and_a_guess_one_after(
    make: MakeDesk, watched: WatchedConnection, kind: Kind
) -> None:
    desk = make(*EVERY_SCOPE, prices=SMS_AND_VIBER)
    desk.guess_wrong(desk.start(**ORIGIN))
    watched.commands.clear()

    started = desk.start(**ORIGIN)
    # On a cluster one a slot: the application's, the address', the token's, the number's, all.
    slots = 5 if kind.name == CLUSTER else 1
    assert watched.commands == ["EVALSHA"] * (slots + 1) + ["EVALSHA+EVALSHA"]
    watched.commands.clear()

    desk.guess_wrong(started)
    # The number's own, then the application's, the address' and that over all, together.
    together = "+".join(["EVALSHA"] * (3 if kind.name == CLUSTER else 1))
    assert watched.commands == ["EVALSHA", together]


def test_application_without_such_budgets_makes_no_trip_for_them(
    make: MakeDesk, watched: WatchedConnection
) -> None:
    desk = make(row(Scope.TOKEN, STARTS, 1))
    desk.guess_wrong(desk.start())
    watched.commands.clear()

    desk.guess_wrong(desk.start())

    assert watched.commands == ["EVALSHA", "EVALSHA+EVALSHA", "EVALSHA"]


def test_scripts_that_were_flushed_away_run_once_each(make: MakeDesk, view: StoreView) -> None:
    desk = make(*EVERY_SCOPE, prices=SMS_AND_VIBER)
    desk.start(**ORIGIN)
    view.forget_scripts()

    desk.guess_wrong(desk.start(**ORIGIN))

    assert set(totals(view).values()) == {2, 800_000, 1}


@pytest.mark.parametrize("kind", [CLUSTER], indirect=True)
@pytest.mark.parametrize("server", range(3))
def test_script_that_one_slot_forgot_does_not_run_in_the_others_again(
    make: MakeDesk, view: StoreView, server: int
) -> None:
    desk = make(*EVERY_SCOPE, prices=SMS_AND_VIBER)
    desk.guess_wrong(desk.start(**ORIGIN))
    view.servers[server]("SCRIPT FLUSH")

    desk.guess_wrong(desk.start(**ORIGIN))

    assert set(totals(view).values()) == {2, 800_000}


@dataclass
class OneSlotAway:
    """A connection on which the slot of whatever a name holds does not answer."""

    connection: Connection
    marked: str
    refused: int = 0

    def execute(self, *command: str | int | bytes) -> Any:
        if command[0] in {"EVAL", "EVALSHA"} and self.marked in str(command[3]):
            self.refused += 1
            raise RedisGone
        return self.connection.execute(*command)

    def execute_many(self, commands: Sequence[Command]) -> list[Any]:
        return [self._tried(command) for command in commands]

    def _tried(self, command: Command) -> Any:
        try:
            return self.execute(*command)
        except RedisError as failure:
            return failure

    def execute_on_all(self, *command: str) -> dict[str, Any]:
        return self.connection.execute_on_all(*command)


@pytest.mark.parametrize("kind", [CLUSTER], indirect=True)
@pytest.mark.parametrize("away", ["{a:shop}", "{all}", "{i:shop:", "{t:a-token}"])
def test_slot_that_is_away_does_not_use_up_the_budgets_of_the_others(
    make: MakeDesk, view: StoreView, watched: WatchedConnection, away: str
) -> None:
    line = OneSlotAway(watched, away)  # type: ignore[arg-type]
    desk = make(*EVERY_SCOPE, connection=line)

    with pytest.raises(StoreUnavailable):
        desk.start(**ORIGIN)

    assert line.refused == 1
    assert totals(view) == {}
    assert desk.sender.sent == []


@pytest.mark.parametrize("kind", [CLUSTER], indirect=True)
def test_wrong_guess_is_counted_wherever_a_slot_answers(
    make: MakeDesk, view: StoreView, watched: WatchedConnection
) -> None:
    line = OneSlotAway(watched, "no such slot")  # type: ignore[arg-type]
    rows = [row(scope, GUESSES, 9) for scope in (Scope.ADDRESS, Scope.APPLICATION, Scope.ALL)]
    desk = make(*rows, connection=line)
    started = desk.start(address="192.0.2.1")
    line.marked = "{a:shop}"

    assert desk.guess_wrong(started)

    assert sorted(totals(view).values()) == [1, 1]


def test_store_that_is_away_lets_no_start_through(
    make: MakeDesk, watched: WatchedConnection
) -> None:
    line = OneSlotAway(watched, "otp1:")  # type: ignore[arg-type]
    desk = make(*EVERY_SCOPE, connection=line)

    with pytest.raises(StoreUnavailable):
        desk.start(**ORIGIN)

    assert (line.refused, desk.sender.sent) == (1, [])


@dataclass
class Guard:
    """Takes part in starts with a budget of its own, and hears of guesses."""

    limit: int
    undone: list[Any] = field(default_factory=list)
    heard: list[bool] = field(default_factory=list)
    scripts: Sequence[str] = ("charge_budgets", "count_budgets", "return_budgets")

    def at_start(self, place: Place, charge_id: str) -> "GuardPart":
        return GuardPart(self, f"otp1:{{a:{place.application.id}}}:guard", charge_id)

    def at_guess(self, place: Place, *, is_right: bool) -> Call:
        self.heard.append(is_right)
        return "count_budgets", [f"otp1:{{a:{place.application.id}}}:heard"], [3_600_000, 1]


@dataclass
class GuardPart:
    guard: Guard
    key: str
    charge_id: str

    @property
    def call(self) -> Call:
        return "charge_budgets", [self.key], [self.guard.limit, 3_600_000, 1]

    def refusal(self, answer: Answer) -> OverBudget | None:
        is_over = answer[0] == b"over_budget"
        return OverBudget("guard", timedelta(hours=2)) if is_over else None

    def undo(self, answer: Answer, *, but: Collection[Counted]) -> Call | None:
        self.guard.undone.append(but)
        mark = f"{self.key}:{self.charge_id}"
        return "return_budgets", [mark, self.key], [answer[1], 600_000, 3_600_000, 1]


def test_watcher_takes_part_in_starts_and_is_all_or_nothing_with_them(
    make: MakeDesk, view: StoreView
) -> None:
    guard = Guard(limit=2)
    desk = make(row(Scope.COUNTRY, STARTS, 3), row(Scope.ALL, STARTS, 3), watchers=[guard])
    for phone in numbers(2):
        desk.start(phone)
    before = totals(view)

    assert desk.tried() == "guard"
    assert totals(view) == before

    guard.limit = 9
    desk.start()
    before = totals(view)
    assert desk.tried() in {"country_starts", "all_starts"}
    assert totals(view) == before


def test_watcher_gives_back_what_no_provider_took(make: MakeDesk, view: StoreView) -> None:
    guard = Guard(limit=2)
    desk = make(watchers=[guard], verdict=SendVerdict.FAILED)

    assert [desk.tried() for _ in range(4)] == ["provider_failed"] * 4

    assert totals(view) == {}
    assert guard.undone == [frozenset({MONEY})] * 4


def test_watcher_hears_of_every_guess_in_the_same_trip(
    make: MakeDesk, watched: WatchedConnection
) -> None:
    guard = Guard(limit=9)
    desk = make(row(Scope.ALL, GUESSES, 9), watchers=[guard])
    started = desk.start()
    desk.guess_wrong(started)
    watched.commands.clear()

    desk.guess_wrong(started)
    desk.right_code(started)

    assert guard.heard == [False, False, True]
    assert watched.commands == ["EVALSHA", "EVALSHA+EVALSHA", "EVALSHA", "EVALSHA"]
