import pytest

from otp_service.simulator import faults as fault_module
from otp_service.simulator.faults import Fault, Faults

NUMBER = "+380671234567"
SECRET_NUMBER = "67123"


def order(client, **fault):
    return client.put("/simulator/faults", json=fault)


def listed(client):
    return client.get("/simulator/faults").json["faults"]


def test_code_is_answered_and_nothing_delivered(sender):
    order(sender.client, code=9001)

    answer = sender.text()

    assert answer.status_code == 200
    assert answer.json == {"code": 9001, "message": "System business error"}
    assert sender.inbox() == []


def test_code_of_no_list_is_answered_as_a_failure(sender):
    order(sender.client, code=4242)

    answer = sender.text()

    assert answer.json == {"code": 4242, "message": "Failure"}


@pytest.mark.parametrize("status", [301, 418, 429, 500, 503, 599])
def test_http_status_is_answered_and_nothing_delivered(sender, status):
    order(sender.client, http_status=status)

    answer = sender.text()

    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert sender.inbox() == []


def test_delay_waits_and_then_delivers(sender, waited):
    order(sender.client, delay_ms=1_500)

    answer = sender.text()

    assert waited == [1.5]
    assert answer.json["code"] == 0
    assert len(sender.inbox()) == 1


def test_delay_of_a_wrong_message_ends_in_its_refusal(sender, waited):
    order(sender.client, delay_ms=20)

    answer = sender.text("")

    assert waited == [0.02]
    assert answer.json["code"] == 9000


def test_garbage_is_no_json_yet_the_message_is_delivered(sender):
    order(sender.client, garbage=True)

    answer = sender.text()

    assert answer.status_code == 200
    assert answer.get_json(silent=True) is None
    assert len(sender.inbox()) == 1


@pytest.mark.parametrize("kind", ["drop", "garbage"])
def test_lost_answer_to_a_wrong_message_delivers_nothing(sender, kind):
    order(sender.client, **{kind: True})

    answer = sender.text("")

    assert b"9000" not in answer.data
    assert sender.inbox() == []


def test_fault_lasts_for_one_send_unless_told(sender):
    order(sender.client, code=-1)

    codes = [sender.text().json["code"] for _ in range(2)]

    assert codes == [-1, 0]


def test_fault_lasts_for_as_many_sends_as_told(sender):
    order(sender.client, code=-1, times=3)

    codes = [sender.text().json["code"] for _ in range(4)]

    assert codes == [-1, -1, -1, 0]


def test_fault_of_a_number_leaves_other_numbers_alone(sender):
    order(sender.client, phone=NUMBER, code=9002)

    codes = [sender.text(phone=phone).json["code"] for phone in ("12025550123", NUMBER[1:])]

    assert codes == [0, 9002]


@pytest.mark.parametrize("phone", ["+380671234567", " 380671234567", "380 67 123-45-67"])
def test_number_of_a_fault_is_understood_however_it_is_written(sender, phone):
    order(sender.client, phone=phone, code=9002)

    assert listed(sender.client)[0]["phone"] == NUMBER


def test_own_fault_of_a_number_goes_before_the_fault_for_all(sender):
    order(sender.client, code=9001, times=5)
    order(sender.client, phone=NUMBER, code=9002)

    codes = [sender.text().json["code"] for _ in range(2)]

    assert codes == [9002, 9001]
    assert listed(sender.client) == [{"phone": None, "times": 4, "code": 9001}]


def test_fault_happens_to_sms_too_with_its_code_as_text(sender):
    order(sender.client, code=88)

    answer = sender.sms()

    assert answer.json == {"result": "Request failed", "code": "88", "messageid": ""}
    assert sender.inbox() == []


def test_fault_of_a_channel_leaves_the_other_alone(sender):
    order(sender.client, channel="sms", code=88)

    before = sender.text()
    waiting = listed(sender.client)
    after = sender.sms()

    assert before.json["code"] == 0
    assert waiting == [{"phone": None, "times": 1, "channel": "sms", "code": 88}]
    assert after.json["code"] == "88"


def test_fault_of_a_channel_goes_before_one_of_both(sender):
    order(sender.client, phone=NUMBER, code=9001)
    order(sender.client, phone=NUMBER, channel="viber", code=9002)

    codes = [sender.text().json["code"] for _ in range(3)]

    assert codes == [9002, 9001, 0]


def test_own_fault_of_a_number_goes_before_the_channels_fault_for_all(sender):
    order(sender.client, channel="viber", code=9001)
    order(sender.client, phone=NUMBER, code=9002)

    codes = [sender.text().json["code"] for _ in range(3)]

    assert codes == [9002, 9001, 0]


def test_newer_fault_for_the_same_replaces_the_older(sender):
    order(sender.client, http_status=500, times=9)

    answer = order(sender.client, drop=True)

    assert answer.status_code == 200
    assert answer.json == {"faults": [{"phone": None, "times": 1, "drop": True}]}


def test_list_shows_every_fault_with_the_times_left(sender):
    order(sender.client, delay_ms=5, times=2)
    order(sender.client, phone=NUMBER, garbage=True)
    sender.text(phone="12025550123")

    assert listed(sender.client) == [
        {"phone": None, "times": 1, "delay_ms": 5},
        {"phone": NUMBER, "times": 1, "garbage": True},
    ]


def test_delete_clears_every_fault(sender):
    order(sender.client, code=-1)
    order(sender.client, phone=NUMBER, code=-1)

    answer = sender.client.delete("/simulator/faults")

    assert answer.json == {"faults": []}
    assert sender.text().json["code"] == 0


def test_fault_happens_to_wrong_messages_too(sender):
    order(sender.client, code=9001, times=3)

    answers = [sender.text(""), sender.text(appkey="other"), sender.post(b"no json")]

    assert [answer.json["code"] for answer in answers] == [9001, 9001, 9001]


def test_unsigned_send_is_refused_and_uses_no_fault_up(sender):
    order(sender.client, code=9001)

    answer = sender.post(b"{}", sender.signed_headers(b"other bytes"))

    assert answer.json["code"] == 1003
    assert listed(sender.client) == [{"phone": None, "times": 1, "code": 9001}]


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({}, None),
        ({"times": 1}, None),
        ([], None),
        ("code", None),
        ({"code": -1, "drop": True}, "drop"),
        ({"code": -1, "tims": 2}, "tims"),
        ({"code": -1, "é" * 100: 2}, ("\\xe9" * 64)),
        ({"code": 0}, "code"),
        ({"code": "9001"}, "code"),
        ({"code": True}, "code"),
        ({"code": None}, "code"),
        ({"code": 10**9}, "code"),
        ({"http_status": 200}, "http_status"),
        ({"http_status": 600}, "http_status"),
        ({"http_status": "503"}, "http_status"),
        ({"delay_ms": 0}, "delay_ms"),
        ({"delay_ms": 60_001}, "delay_ms"),
        ({"delay_ms": 1.5}, "delay_ms"),
        ({"drop": False}, "drop"),
        ({"drop": 1}, "drop"),
        ({"garbage": "yes"}, "garbage"),
        ({"code": -1, "times": 0}, "times"),
        ({"code": -1, "times": 1_000_001}, "times"),
        ({"code": -1, "times": None}, "times"),
        ({"code": -1, "phone": "abc"}, "phone"),
        ({"code": -1, "phone": 380671234567}, "phone"),
        ({"code": -1, "phone": ""}, "phone"),
        ({"code": -1, "channel": "fax"}, "channel"),
        ({"code": -1, "channel": ["sms"]}, "channel"),
    ],
)
def test_fault_that_cannot_be_followed_is_400_and_names_the_field(client, fault, field):
    answer = client.put("/simulator/faults", json=fault)

    assert answer.status_code == 400
    assert answer.json["field"] == field
    assert answer.json["error"]
    assert listed(client) == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[" * 50_000], ids=["no", "cut", "x", "deep"]
)
def test_fault_that_is_no_json_is_400(client, body):
    answer = client.put("/simulator/faults", data=body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json == {"error": "the body is not JSON", "field": None}


def test_fault_of_another_content_type_is_415(client):
    answer = client.put("/simulator/faults", data=b'{"code":-1}', content_type="text/plain")

    assert answer.status_code == 415
    assert "application/json" in answer.json["error"]
    assert listed(client) == []


def test_numbers_with_a_fault_are_bounded(client, monkeypatch):
    monkeypatch.setattr(fault_module, "MAX_NUMBERS", 1)
    order(client, phone=NUMBER, code=-1)

    answers = [order(client, phone=NUMBER, code=9001), order(client, phone="12025550123", code=-1)]

    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[1].json["field"] == "phone"


def test_repr_of_a_fault_hides_its_number():
    fault = Fault(kind="drop", value=1, phone=NUMBER, times=1)

    assert SECRET_NUMBER not in repr(fault)


def test_send_without_a_readable_number_takes_the_fault_for_all_alone():
    faults = Faults()
    faults.order(Fault(kind="drop", value=1, phone=NUMBER, times=1))

    assert faults.take(None, "viber") is None
    assert len(faults.waiting()) == 1
