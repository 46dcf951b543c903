import pytest

from otp_service.simulator.app import create_simulator
from otp_service.simulator.inbox import Inbox

KYIV = "+380671234567"


def request_id(answer):
    return answer.json["data"]["requestId"]


def states(sender):
    return [message["state"] for message in sender.inbox()]


def test_receipt_of_success_is_whole_and_carries_the_cost(sender, schedule, receiver):
    sent = request_id(sender.text(phone="48512345678"))

    schedule.advance()

    assert receiver.posted == [
        (
            "receipt",
            {
                "status": "success",
                "requestId": sent,
                "code": 0,
                "message": "Successfully sent.",
                "sendTime": "2026-11-23 08:00:00",
                "cost": {
                    "currency": "USD",
                    "localPrice": 0.087,
                    "originalPrice": 0.012,
                    "rateType": "Transactional",
                },
            },
        )
    ]


def test_message_is_delivered_a_moment_later(sender, schedule, receiver):
    sent = request_id(sender.text())
    schedule.advance(0.299)
    before = states(sender)

    schedule.advance(0.001)

    assert before == ["accepted"]
    assert states(sender) == ["delivered"]
    assert receiver.posted[-1] == (
        "receipt",
        {
            "status": "delivered",
            "requestId": sent,
            "code": 11001,
            "message": "Viber message has delivered",
            "sendTime": "2026-11-23 08:00:00",
        },
    )


def test_moment_until_delivery_can_be_chosen(sender, clock, schedule):
    app = create_simulator(clock=clock, schedule=schedule, delivery_seconds=5)
    sender.client = app.test_client()
    sender.text()

    schedule.advance(4.9)
    before = states(sender)
    schedule.advance(0.1)

    assert (before, states(sender)) == (["accepted"], ["delivered"])


def test_message_the_page_shows_is_seen_once(sender, clock, schedule, receiver):
    inbox = Inbox()
    app = create_simulator(inbox=inbox, clock=clock, schedule=schedule, post=receiver)
    sender.client = app.test_client()
    sender.text()
    schedule.advance(1)

    inbox.mark_seen(KYIV)
    inbox.mark_seen(KYIV)
    schedule.advance()

    assert receiver.receipts() == ["success", "delivered", "seen"]
    assert receiver.posted[-1][1]["code"] == 11002
    assert states(sender) == ["seen"]


def test_cost_can_come_with_delivered_instead(sender, schedule, receiver):
    sender.client.put("/simulator/account", json={"cost_receipt": "delivered"})
    sender.text()

    schedule.advance(1)

    assert ["cost" in body for _, body in receiver.posted] == [False, True]


def test_free_message_of_a_session_costs_nothing(sender, schedule, receiver):
    sender.text()
    sender.client.post("/simulator/replies", json={"phone": KYIV, "text": "Hello?"})
    for _ in range(2):
        sender.send({"rateType": "Session", "text": "hi"})

    schedule.advance()

    costs = [body["cost"] for _, body in receiver.posted if "cost" in body]
    assert [(cost["rateType"], cost["originalPrice"]) for cost in costs] == [
        ("Promotional", 0.015),
        ("Session", 0.01),
        ("Session", 0),
    ]


def test_refused_message_has_no_receipt(sender, schedule, receiver):
    sender.text("")

    schedule.advance(60)

    assert receiver.posted == []


def test_sms_has_no_receipt_and_stays_accepted(sender, schedule, receiver):
    sender.sms()

    schedule.advance(60)

    assert receiver.posted == []
    assert states(sender) == ["accepted"]


def test_message_whose_answer_was_lost_has_its_receipts(sender, schedule, receiver):
    sender.client.put("/simulator/faults", json={"drop": True})
    sender.text()

    schedule.advance(1)

    assert receiver.receipts() == ["success", "delivered"]
    assert receiver.posted[0][1]["requestId"] == sender.inbox()[0]["id"]


def test_message_no_phone_has_any_more_has_its_receipts_all_the_same(sender, schedule, receiver):
    sender.text()
    sender.client.delete("/simulator/messages")

    schedule.advance(1)

    assert receiver.receipts() == ["success", "delivered"]


def test_text_typed_on_the_phone_is_called_back(sender, schedule, receiver):
    sent = [request_id(sender.text()), request_id(sender.text())][-1]
    sender.sms()
    receiver.posted.clear()

    answer = sender.client.post("/simulator/replies", json={"phone": KYIV, "text": "Hello?"})
    schedule.advance()

    assert answer.status_code == 201
    assert (answer.json["answers"], answer.json["text"]) == (sent, "Hello?")
    assert [body for kind, body in receiver.posted if kind == "reply"] == [
        {
            "phone": "380671234567",
            "appkey": "sim_app",
            "traceRequestId": sent,
            "message": {"text": "Hello?"},
            "sendTime": "2026-11-23 08:00:00",
        }
    ]


def test_file_sent_from_the_phone_is_called_back_under_a_link_that_leads_nowhere(
    sender, schedule, receiver
):
    sender.text()

    sender.client.post("/simulator/replies", json={"phone": KYIV, "file_name": "my scan/1.pdf"})
    schedule.advance()

    assert receiver.posted[-1][1]["message"] == {
        "media": "https://media.invalid/my%20scan%2F1.pdf",
        "fileName": "my scan/1.pdf",
    }


def test_reply_lets_a_session_begin(sender):
    sender.text()
    sender.client.post("/simulator/replies", json={"phone": KYIV, "text": "Hello?"})

    sender.send({"rateType": "Session", "text": "hi"})

    assert sender.inbox()[-1]["billed_as"] == "Session"


class AtOnce:
    """A schedule for which everything is due already."""

    def after(self, _seconds, action):
        action()
        return True


def test_reply_can_be_answered_within_its_callback(sender, clock):
    def post(kind, _body):
        if kind == "reply":
            sender.send({"rateType": "Session", "text": "hi"})
        return 200

    sender.client = create_simulator(clock=clock, schedule=AtOnce(), post=post).test_client()
    sender.text()

    sender.client.post("/simulator/replies", json={"phone": KYIV, "text": "Hello?"})

    assert sender.inbox()[-1]["billed_as"] == "Session"


@pytest.mark.parametrize(
    ("reply", "field"),
    [
        ({"text": "hi"}, "phone"),
        ({"phone": "abc", "text": "hi"}, "phone"),
        ({"phone": 380671234567, "text": "hi"}, "phone"),
        ({"phone": KYIV, "text": 5}, "text"),
        ({"phone": KYIV, "file_name": ["a"]}, "file_name"),
        ({"phone": KYIV}, "text"),
        ({"phone": KYIV, "text": "hi", "file_name": "a"}, "text"),
        ({"phone": "+48512345678", "text": "hi"}, "phone"),
        ({"phone": KYIV, "text": "hi", "media": "x"}, None),
        ([], None),
    ],
)
def test_reply_nobody_could_send_is_400_and_names_the_field(
    sender, schedule, receiver, reply, field
):
    sender.text()

    answer = sender.client.post("/simulator/replies", json=reply)
    schedule.advance(1)

    assert answer.status_code == 400
    assert answer.json["error"]
    assert answer.json["field"] == field
    assert {kind for kind, _ in receiver.posted} == {"receipt"}
