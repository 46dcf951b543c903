from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from otp_service.simulator.account import Account
from otp_service.simulator.answer import Refused
from otp_service.simulator.app import create_simulator
from otp_service.simulator.submission import Submission
from otp_service.simulator.terms import Terms

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
UKRAINIAN, POLISH, AMERICAN = "+380671234567", "+48512345678", "+12015550123"
BEGINNING = {
    "is_enabled": True,
    "balance": 1_000_000.0,
    "currency": "USD",
    "prices": {
        "Transactional": 0.012,
        "Promotional": 0.015,
        "Session": 0.01,
        "OtpTemplate": 0.009,
        "SMS": 0.045,
    },
    "no_quotation": [],
    "no_route": [],
    "registered_texts": [],
    "allowed_ips": None,
    "sms_hourly_limit": 5,
    "sms_per_second": None,
    "cost_receipt": "success",
}


def put(client, **terms):
    return client.put("/simulator/account", json=terms)


def shown(client):
    return client.get("/simulator/account").json


def charge_sms(account, number=UKRAINIAN, *, seconds=0.0):
    return account.charge_sms(number, at=NOW + timedelta(seconds=seconds))


def sms_code(account, number=UKRAINIAN, *, seconds=0.0):
    with pytest.raises(Refused) as caught:
        charge_sms(account, number, seconds=seconds)
    return caught.value.code


def session_text(number=POLISH):
    return Submission(phone=number, function_type="text", text="hi", rate_type="Session")


def test_account_begins_with_enough_for_weeks(client):
    assert shown(client) == BEGINNING


def test_each_message_is_paid_by_what_it_is_billed_as(sender):
    sender.client.put("/simulator/account", json={"balance": 1})
    sender.documented("1", pin="1234")
    sender.text()
    sender.text(phone="48512345678")
    sender.sms()

    assert [message["billed_as"] for message in sender.inbox()] == [
        "OtpTemplate",
        "Promotional",
        "Transactional",
        "SMS",
    ]
    assert shown(sender.client)["balance"] == 0.919


def test_viber_beyond_the_balance_is_1102_and_costs_nothing(sender):
    put(sender.client, balance=0.01)

    answer = sender.text()

    assert answer.json == {"code": 1102, "message": "Insufficient balance"}
    assert sender.inbox() == []
    assert shown(sender.client)["balance"] == 0.01


def test_sms_beyond_the_balance_is_3(sender):
    put(sender.client, balance=0.0449)

    answer = sender.sms()

    assert answer.json["code"] == "3"
    assert sender.inbox() == []


def test_last_of_the_balance_pays(sender):
    put(sender.client, balance=0.045)

    answers = [sender.sms(), sender.sms()]

    assert [answer.json["code"] for answer in answers] == ["0", "3"]
    assert shown(sender.client)["balance"] == 0


def test_price_that_was_changed_is_the_one_paid(sender):
    put(sender.client, balance=1, prices={"SMS": 0.25})

    sender.sms()

    assert shown(sender.client)["balance"] == 0.75
    assert shown(sender.client)["prices"] == BEGINNING["prices"] | {"SMS": 0.25}


def test_country_without_quotation_is_9004_and_without_route_9005(sender):
    put(sender.client, no_quotation=["UA"], no_route=["UA", "PL"])

    codes = [sender.text(phone=number[1:]).json["code"] for number in (UKRAINIAN, POLISH, AMERICAN)]

    assert codes == [9004, 9005, 0]


def test_number_of_no_country_has_quotation_and_route(sender):
    put(sender.client, no_quotation=["US"], no_route=["US"])

    codes = [sender.text(phone=phone).json["code"] for phone in ("1234567", "999999999999")]

    assert codes == [0, 0]


def test_wrong_message_is_9000_before_its_country_matters(sender):
    put(sender.client, no_quotation=["UA"])

    answer = sender.text("")

    assert answer.json["code"] == 9000


def test_disabled_account_is_1100_and_102_before_anything_of_the_message(sender):
    put(sender.client, is_enabled=False)

    answers = [sender.text(appkey="other"), sender.sms(appKey="other")]

    assert [answer.json["code"] for answer in answers] == [1100, "102"]


def test_sms_from_an_address_not_allowed_is_9(sender):
    put(sender.client, allowed_ips=["192.0.2.1", "2001:DB8::1"])

    answer = sender.sms(appKey="other")

    assert answer.json["code"] == "9"
    assert sender.text().json["code"] == 0
    assert shown(sender.client)["allowed_ips"] == ["192.0.2.1", "2001:db8::1"]


def test_account_without_an_allowed_address_takes_no_sms(sender):
    put(sender.client, allowed_ips=[])

    assert sender.sms().json["code"] == "9"


def test_sms_from_an_allowed_address_is_taken(sender):
    put(sender.client, allowed_ips=["192.0.2.1", "127.0.0.1"])

    assert sender.sms().json["code"] == "0"


def test_sixth_sms_to_a_number_within_an_hour_is_27(sender):
    answers = [sender.sms() for _ in range(6)]

    assert [answer.json["code"] for answer in answers] == ["0"] * 5 + ["27"]
    assert sender.sms(phone="48512345678").json["code"] == "0"


def test_hourly_limit_slides():
    account = Account()
    for minute in range(5):
        charge_sms(account, seconds=60 * minute)

    assert sms_code(account, seconds=3_599.9) == 27
    charge_sms(account, seconds=3_600)
    assert sms_code(account, seconds=3_600.1) == 27


def test_hourly_limit_can_be_switched_off(sender):
    put(sender.client, sms_hourly_limit=None)

    assert {sender.sms().json["code"] for _ in range(20)} == {"0"}


def test_sms_over_the_rate_is_28_until_the_second_is_over():
    account = Account(Terms(sms_per_second=2))
    for number in (UKRAINIAN, POLISH):
        charge_sms(account, number)

    assert sms_code(account, AMERICAN, seconds=0.999) == 28
    charge_sms(account, AMERICAN, seconds=1)


def test_refused_sms_counts_for_nothing():
    account = Account(Terms(balance=Decimal("0.045"), sms_hourly_limit=1))
    charge_sms(account, POLISH)

    assert sms_code(account) == 3
    account.change({"balance": 1})
    charge_sms(account)


def test_session_is_billed_once_and_ends_with_the_sixth_in_a_row():
    account = Account()
    account.note_reply(POLISH)

    charges = [account.charge_viber(session_text(), at=NOW) for _ in range(5)]

    assert [charge.billed_as for charge in charges] == ["Session"] + ["free"] * 4
    assert [charge.price for charge in charges] == [Decimal("0.01")] + [Decimal(0)] * 4
    with pytest.raises(Refused, match="in a row"):
        account.charge_viber(session_text(), at=NOW)


def test_session_message_that_is_not_paid_counts_for_nothing():
    account = Account(Terms(balance=Decimal(0)))
    account.note_reply(POLISH)

    with pytest.raises(Refused):
        account.charge_viber(session_text(), at=NOW)
    account.change({"balance": 1})

    assert account.charge_viber(session_text(), at=NOW).billed_as == "Session"


def test_sessions_of_the_numbers_silent_for_longest_are_forgotten():
    account = Account(numbers=2)
    for number in (POLISH, AMERICAN, POLISH, UKRAINIAN):
        account.note_reply(number)

    places = [
        account.charge_viber(session_text(number), at=NOW).billed_as
        for number in (AMERICAN, POLISH)
    ]

    assert places == ["Transactional", "Transactional"]


def test_registered_text_is_billed_as_transactional(sender):
    put(sender.client, registered_texts=["Your code is {}."])

    sender.text("Your code is 989724.")

    assert sender.inbox()[0]["billed_as"] == "Transactional"


def test_change_leaves_what_it_does_not_name(client):
    put(client, no_route=["UA"])

    answer = put(client, currency="EUR", sms_per_second=7)

    assert answer.status_code == 200
    assert (
        answer.json
        == shown(client)
        == BEGINNING | {"no_route": ["UA"], "currency": "EUR", "sms_per_second": 7}
    )


def test_delete_puts_the_account_back_to_how_it_began(clock):
    terms = Terms(currency="EUR", sms_hourly_limit=1)
    client = create_simulator(clock=clock, terms=terms).test_client()
    put(client, balance=0, is_enabled=False)

    answer = client.delete("/simulator/account")

    assert answer.json == BEGINNING | {"currency": "EUR", "sms_hourly_limit": 1}


def test_delete_forgets_counts_and_sessions():
    account = Account(Terms(sms_hourly_limit=1, sms_per_second=1))
    charge_sms(account)
    account.note_reply(POLISH)

    account.reset()

    charge_sms(account)
    assert account.charge_viber(session_text(), at=NOW).billed_as == "Transactional"


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        pytest.param({"is_enabled": "no"}, "is_enabled", id="enabled-is-text"),
        pytest.param({"balance": -0.01}, "balance", id="debt"),
        pytest.param({"balance": True}, "balance", id="balance-is-a-truth"),
        pytest.param({"balance": None}, "balance", id="no-balance"),
        pytest.param({"balance": 10**9 + 1}, "balance", id="riches"),
        pytest.param({"balance": 0.0000001}, "balance", id="too-fine"),
        pytest.param({"currency": "usd"}, "currency", id="small-letters"),
        pytest.param({"currency": "USD\n"}, "currency", id="line-break"),
        pytest.param({"prices": {"Sms": 1}}, "prices.Sms", id="unknown-price"),
        pytest.param({"prices": {"SMS": -1}}, "prices.SMS", id="negative-price"),
        pytest.param({"prices": 1}, "prices", id="one-price"),
        pytest.param({"no_route": ["UK"]}, "no_route.0", id="no-country"),
        pytest.param({"no_quotation": "UA"}, "no_quotation", id="no-list"),
        pytest.param({"registered_texts": ["a", ""]}, "registered_texts.1", id="empty-text"),
        pytest.param({"registered_texts": ["a"] * 1_001}, "registered_texts", id="too-many"),
        pytest.param({"allowed_ips": ["localhost"]}, "allowed_ips.0", id="name"),
        pytest.param({"allowed_ips": [1]}, "allowed_ips.0", id="address-is-a-number"),
        pytest.param({"sms_hourly_limit": 0}, "sms_hourly_limit", id="none-an-hour"),
        pytest.param({"sms_hourly_limit": True}, "sms_hourly_limit", id="limit-is-a-truth"),
        pytest.param({"sms_per_second": 1.5}, "sms_per_second", id="half-a-message"),
        pytest.param({"cost_receipt": "seen"}, "cost_receipt", id="no-such-receipt"),
        pytest.param({"nope": 1}, "nope", id="unknown"),
        pytest.param({"é" * 100: 1}, "\\xe9" * 64, id="unknown-and-long"),
        pytest.param([], None, id="no-object"),
    ],
)
def test_terms_no_account_has_are_400_and_name_the_field(client, terms, field):
    answer = client.put("/simulator/account", json=terms)

    assert answer.status_code == 400
    assert answer.json["error"]
    assert answer.json["field"] == field
    assert shown(client) == BEGINNING


@pytest.mark.parametrize("balance", ["NaN", "Infinity", "1e999"])
def test_balance_that_is_no_finite_number_is_400(client, balance):
    body = f'{{"balance": {balance}}}'

    answer = client.put("/simulator/account", data=body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json["field"] == "balance"


def test_terms_that_are_no_json_are_400_and_of_another_type_415(client):
    answers = [
        client.put("/simulator/account", data=b"{", content_type=kind)
        for kind in ("application/json", "text/plain")
    ]

    assert [answer.status_code for answer in answers] == [400, 415]


def test_threads_pay_for_no_more_than_there_is():
    account = Account(Terms(balance=Decimal("4.5"), sms_hourly_limit=None))

    def try_to_send(_number):
        try:
            charge_sms(account)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(try_to_send, range(300)))

    assert sum(sent) == 100
    assert account.terms.balance == 0
