from dataclasses import replace
from datetime import timedelta

import pytest
from support.verifications import SHOP

from otp_service.domain.budget_row import MILLIONTHS, BudgetRow, Counted, Scope
from otp_service.domain.price import PriceTable
from otp_service.domain.spending import (
    NO_LIMIT,
    Most,
    number_with_owners,
    spending,
    spending_over_all,
)
from otp_service.domain.verification import Channel

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FREE = PriceTable()
PRICES = PriceTable(
    default={Channel.VIBER: 50_000, Channel.SMS: 150_000},
    by_country={"UA": {Channel.VIBER: 20_000}, "GB": {Channel.SMS: 400_000}},
)


def row(scope, counted, limit, window=DAY):
    return BudgetRow(f"{scope}_{counted}", scope, counted, limit, window)


def of(scope, application, prices=FREE):
    (found,) = [one for one in spending(application, prices) if one.scope is scope]
    return found


def shop(*rows, **details):
    return replace(SHOP, policy=rows, **details)


def test_messages_of_a_number_are_held_by_its_tightest_row():
    assert of(Scope.NUMBER, SHOP).messages == Most(15, "number_messages_per_day")


def test_owners_have_the_number_once_more_each_within_what_all_share():
    prefix = row(Scope.PREFIX, Counted.SENDS, 100)

    assert number_with_owners(SHOP, FREE).messages.figure == 15 * 11
    assert number_with_owners(shop(prefix), FREE).messages == Most(100, "prefix_sends")


def test_starts_hold_messages_with_all_that_a_start_may_send():
    by_day = row(Scope.ADDRESS, Counted.STARTS, 100)
    by_hour = row(Scope.ADDRESS, Counted.STARTS, 30, HOUR)

    # 100 starts of three, and of thirty that began before the day two messages each.
    assert of(Scope.ADDRESS, shop(by_day, by_hour)).messages == Most(360, "address_starts")


def test_a_token_starts_while_it_lives_and_no_longer():
    token = row(Scope.TOKEN, Counted.STARTS, 3, timedelta(minutes=10))

    assert of(Scope.TOKEN, shop(token)).messages.figure == 9
    longer = shop(token, token_life=timedelta(minutes=15))
    assert of(Scope.TOKEN, longer).messages.figure == 18


@pytest.mark.parametrize("scope", [Scope.PREFIX, Scope.COUNTRY, Scope.ADDRESS, Scope.APPLICATION])
def test_what_holds_the_application_holds_each_of_its_parts(scope):
    found = of(scope, shop(row(Scope.APPLICATION, Counted.SENDS, 7, HOUR)))

    assert found.messages == Most(7 * 24, "application_sends")


def test_a_country_does_not_hold_an_address():
    application = shop(row(Scope.COUNTRY, Counted.SENDS, 7))

    assert of(Scope.PREFIX, application).messages.figure == 7
    assert of(Scope.ADDRESS, application).messages == NO_LIMIT


def test_money_holds_messages_at_the_lowest_price():
    application = shop(row(Scope.APPLICATION, Counted.MONEY, 2 * MILLIONTHS))

    found = of(Scope.APPLICATION, application, PRICES)

    assert found.money == Most(2 * MILLIONTHS, "application_money")
    assert found.messages == Most(100, "application_money")


def test_money_does_not_hold_messages_that_may_cost_nothing():
    application = shop(row(Scope.APPLICATION, Counted.MONEY, 2 * MILLIONTHS))

    assert of(Scope.APPLICATION, application).messages == NO_LIMIT


def test_messages_hold_money_at_the_highest_price_and_over_every_channel():
    application = replace(SHOP, channels=(Channel.VIBER, Channel.SMS))

    assert of(Scope.NUMBER, SHOP, PRICES).money.figure == 15 * 50_000
    found = of(Scope.NUMBER, application, PRICES)
    assert found.money == Most(15 * 450_000, "number_messages_per_day")


def test_over_all_is_the_sum_unless_a_row_of_all_holds_it():
    shared = row(Scope.ALL, Counted.SENDS, 15)
    one, other = row(Scope.APPLICATION, Counted.SENDS, 10), row(Scope.APPLICATION, Counted.SENDS, 4)

    apart = [shop(one), shop(other)]
    together = [shop(one, shared), shop(replace(one, limit=9), shared)]

    assert spending_over_all(apart, FREE).messages == Most(14, "application_sends")
    assert spending_over_all(together, FREE).messages == Most(15, "all_sends")
    assert spending_over_all([shop(one), SHOP], FREE).messages == NO_LIMIT


def test_starts_and_money_over_all_hold_messages_over_all():
    starts, money = row(Scope.ALL, Counted.STARTS, 2), row(Scope.ALL, Counted.MONEY, 100_000)

    assert spending_over_all([shop(starts)], FREE).messages == Most(10, "all_starts")
    found = spending_over_all([shop(money)], PRICES)
    assert (found.messages, found.money) == (Most(5, "all_money"), Most(100_000, "all_money"))
