import phonenumbers
import pytest

from otp_service.simulator.numbers import SPECIAL, fate_of

REFUSED, FAILS, NEVER, LATE, TWICE, EXPIRES, REFUSED_BY_BOTH = (
    f"4670174068{digit}" for digit in range(1, 8)
)


def courses(sender, schedule, receiver, phone, *, seconds):
    """The receipts of a message, and how far it came."""
    assert sender.text(phone=phone).json["code"] == 0
    schedule.advance(seconds)
    return receiver.receipts(), sender.inbox()[0]["state"]


@pytest.mark.parametrize("phone", SPECIAL)
def test_special_number_is_a_valid_mobile_number(phone):
    number = phonenumbers.parse(phone)

    assert phonenumbers.is_valid_number(number)
    assert phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE


def test_number_that_viber_refuses_takes_sms(sender, schedule, receiver):
    answers = [sender.text("", phone=REFUSED), sender.sms(phone=REFUSED)]

    assert [answer.json["code"] for answer in answers] == [9002, "0"]
    assert [message["channel"] for message in sender.inbox()] == ["sms"]


def test_number_that_both_refuse_gets_nothing(sender):
    answers = [sender.text(phone=REFUSED_BY_BOTH), sender.sms("", phone=REFUSED_BY_BOTH)]

    assert [answer.json["code"] for answer in answers] == [9002, "6"]
    assert sender.inbox() == []


def test_message_that_fails_says_so_at_last(sender, schedule, receiver):
    course = courses(sender, schedule, receiver, FAILS, seconds=0.3)

    assert course == (["success", "failed"], "failed")
    assert (receiver.posted[-1][1]["code"], receiver.posted[-1][1]["message"]) == (
        11000,
        "Viber send error",
    )


def test_message_that_never_arrives_says_no_more(sender, schedule, receiver):
    course = courses(sender, schedule, receiver, NEVER, seconds=86_400)

    assert course == (["success"], "accepted")


def test_late_message_takes_half_a_minute(sender, schedule, receiver):
    assert courses(sender, schedule, receiver, LATE, seconds=29.9) == (["success"], "accepted")

    schedule.advance(0.1)

    assert receiver.receipts() == ["success", "delivered"]


def test_message_delivered_twice_has_its_receipt_twice_and_its_cost_once(
    sender, schedule, receiver
):
    sender.client.put("/simulator/account", json={"cost_receipt": "delivered"})

    course = courses(sender, schedule, receiver, TWICE, seconds=1)

    assert course == (["success", "delivered", "delivered"], "delivered")
    assert ["cost" in body for _, body in receiver.posted] == [False, True, False]


def test_message_that_expires_says_so(sender, schedule, receiver):
    course = courses(sender, schedule, receiver, EXPIRES, seconds=0.3)

    assert course == (["success", "expired"], "expired")
    assert receiver.posted[-1][1]["code"] == 11003


@pytest.mark.parametrize("phone", [FAILS, NEVER, LATE, TWICE, EXPIRES])
def test_sms_to_a_special_number_that_takes_viber_is_accepted(sender, phone):
    assert sender.sms(phone=phone).json["code"] == "0"


@pytest.mark.parametrize("phone", ["380671234681", "46701740680", "46701740688", "467017406811"])
def test_number_that_only_looks_like_one_has_the_usual_fate(sender, schedule, receiver, phone):
    course = courses(sender, schedule, receiver, phone, seconds=0.3)

    assert course == (["success", "delivered"], "delivered")


def test_special_numbers_are_listed(client):
    answer = client.get("/simulator/numbers")

    assert [one["phone"] for one in answer.json["numbers"]] == list(SPECIAL)
    assert answer.json["numbers"][6] == {
        "phone": "+46701740687",
        "viber": "refused: 9002",
        "sms": "refused: 6",
    }


def test_fate_of_any_other_number_is_to_receive():
    assert (fate_of("+380671234567").end, fate_of("+380671234567").times) == ("delivered", 1)
