"""The gate: what each step charges, what is given back, what a refusal tells."""

from dataclasses import replace
from datetime import timedelta

import pytest
from support.fakes import AWAY, FakeBudgets, open_gate, over_sms, verification
from support.verifications import BOTH_SHOP, IDS, PHONE

from otp_service.domain.budget_row import BudgetRow, Counted, Scope
from otp_service.domain.fraud import FraudRules, GuardBudget, GuardMode, GuardScope
from otp_service.domain.policy import Place
from otp_service.domain.price import PriceTable
from otp_service.domain.verification import Channel
from otp_service.errors import Quota, StoreUnavailable, TooManyRequests
from otp_service.ports import OverBudget
from otp_service.service.gate import place_of, too_many

DAY = timedelta(days=1)
PRICES = PriceTable(
    default={Channel.VIBER: 20_000, Channel.SMS: 70_000}, by_country={"US": {Channel.SMS: 9_000}}
)


def row(name: str, scope: Scope, counted: Counted, limit: int = 10) -> BudgetRow:
    return BudgetRow(name, scope, counted, limit, DAY)


POLICY = (
    row("prefix_starts", Scope.PREFIX, Counted.STARTS),
    row("address_starts", Scope.ADDRESS, Counted.STARTS),
    row("token_starts", Scope.TOKEN, Counted.STARTS),
    row("country_sends", Scope.COUNTRY, Counted.SENDS),
    row("address_guesses", Scope.ADDRESS, Counted.WRONG_GUESSES),
    row("all_money", Scope.ALL, Counted.MONEY, 25_500_000),
)
SHOP = replace(BOTH_SHOP, policy=POLICY)
VID = IDS.new(PHONE)
KNOWN = Place(SHOP, "UA", VID.number_tag, "prefix", "address", "token")


@pytest.fixture
def budgets() -> FakeBudgets:
    return FakeBudgets()


def test_start_charges_every_budget_and_asks_those_of_wrong_guesses(budgets: FakeBudgets) -> None:
    open_gate(budgets, PRICES).enter(KNOWN, VID, Channel.VIBER)

    assert budgets.asked == ["start"]
    assert budgets.charges == [
        {
            "prefix_starts": 1,
            "address_starts": 1,
            "token_starts": 1,
            "country_sends": 1,
            "address_guesses": 0,
            "all_money": 20_000,
        }
    ]


def test_what_is_not_known_is_not_charged(budgets: FakeBudgets) -> None:
    place = Place(SHOP, "UA", VID.number_tag)

    open_gate(budgets, PRICES).enter(place, VID, Channel.VIBER)

    assert budgets.charges == [{"country_sends": 1, "all_money": 20_000}]


def test_message_that_costs_nothing_asks_for_no_money(budgets: FakeBudgets) -> None:
    open_gate(budgets).enter(KNOWN, VID, Channel.VIBER)

    assert "all_money" not in budgets.charges[0]


def test_further_message_charges_sends_and_money_of_its_channel(budgets: FakeBudgets) -> None:
    open_gate(budgets, PRICES).send(KNOWN, over_sms(verification()))

    assert budgets.asked == ["more"]
    assert budgets.charges == [{"country_sends": 1, "all_money": 70_000}]


def test_price_is_that_of_the_country(budgets: FakeBudgets) -> None:
    place = replace(KNOWN, country="US")

    open_gate(budgets, PRICES).send(place, over_sms(verification()))

    assert budgets.charges[0]["all_money"] == 9_000


@pytest.mark.parametrize(
    ("paid", "charged"),
    [
        (None, [{"all_money": 70_000}]),
        (Channel.VIBER, [{"all_money": 50_000}]),
        (Channel.SMS, []),
    ],
    ids=["all of it", "the difference", "nothing"],
)
def test_message_that_takes_another_channel_pays_what_is_not_paid(
    budgets: FakeBudgets, paid: Channel | None, charged: list[dict[str, int]]
) -> None:
    open_gate(budgets, PRICES).pay(KNOWN, verification(), Channel.SMS, paid=paid)

    assert budgets.charges == charged


def test_every_charge_has_an_id_of_its_own(budgets: FakeBudgets) -> None:
    gate = open_gate(budgets, PRICES)
    stored = verification(id=VID)

    gate.enter(KNOWN, VID, Channel.VIBER)
    gate.pay(KNOWN, stored, Channel.SMS)
    gate.send(KNOWN, over_sms(stored))
    gate.pay(KNOWN, over_sms(stored), Channel.SMS)

    assert len(budgets.charges) == 4


def test_failed_message_s_money_stays_charged(budgets: FakeBudgets) -> None:
    gate = open_gate(budgets, PRICES)

    gate.give_back_all_but_money(gate.enter(KNOWN, VID, Channel.VIBER))

    assert budgets.charges == [{"all_money": 20_000}]


def test_refused_start_s_money_is_given_back_too(budgets: FakeBudgets) -> None:
    gate = open_gate(budgets, PRICES)

    gate.give_back(gate.enter(KNOWN, VID, Channel.VIBER))

    assert budgets.charges == [{}]


def test_wrong_guess_is_counted_where_guesses_are(budgets: FakeBudgets) -> None:
    open_gate(budgets).note_guess(KNOWN, is_right=False)
    open_gate(budgets).note_guess(KNOWN, is_right=True)

    assert budgets.guesses == [({"address_guesses": 1}, False), ({}, True)]


def test_store_that_is_away_keeps_no_answer_back(budgets: FakeBudgets) -> None:
    gate = open_gate(budgets)
    charged = gate.enter(KNOWN, VID, Channel.VIBER)
    budgets.failing = AWAY

    gate.give_back(charged)
    gate.give_back_all_but_money(charged)
    gate.note_guess(KNOWN, is_right=False)


def test_limits_that_cannot_be_read_let_nothing_through() -> None:
    with pytest.raises(StoreUnavailable):
        open_gate(FakeBudgets(AWAY)).enter(KNOWN, VID, Channel.VIBER)


@pytest.mark.parametrize(
    ("name", "quota"),
    [
        ("address_starts", Quota("address_starts", 10, DAY)),
        ("all_money", Quota("all_money", 25, DAY)),
        ("guarded", None),
    ],
)
def test_refusal_tells_the_budget_and_what_it_allows(name: str, quota: Quota | None) -> None:
    gate = open_gate(FakeBudgets(OverBudget(name, timedelta(seconds=7))))

    with pytest.raises(TooManyRequests) as refusal:
        gate.enter(KNOWN, VID, Channel.VIBER)

    assert (refusal.value.budget, refusal.value.quota) == (name, quota)
    assert refusal.value.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("name", "limit", "window"),
    [("number_messages_per_day", 15, DAY), ("number_wrong_guesses", 20, DAY)],
)
def test_refusal_by_a_number_s_budget_tells_the_same(
    name: str, limit: int, window: timedelta
) -> None:
    refusal = too_many(SHOP, OverBudget(name, timedelta(seconds=7)), "words")

    assert refusal.quota == Quota(name, limit, window)


def test_refusal_by_the_fraud_guard_tells_what_is_free_of_any_approval() -> None:
    budget = GuardBudget("fraud_prefix_per_hour", GuardScope.PREFIX, DAY, 40, 3)
    guarded = replace(SHOP, fraud=FraudRules(GuardMode.ON, (budget,)))

    refusal = too_many(guarded, OverBudget(budget.name, timedelta(seconds=7)), "words")

    assert refusal.quota == Quota("fraud_prefix_per_hour", 40, DAY)


def test_verification_is_counted_where_its_start_was() -> None:
    stored = verification(prefix_tag="prefix", address_tag="address")

    assert place_of(SHOP, stored, token_id="token") == replace(
        KNOWN, number_tag=stored.id.number_tag
    )
