from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from otp_service.simulator.inbox import Inbox
from otp_service.simulator.submission import Submission

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FIRST, SECOND, THIRD = "+380671234567", "+12025550123", "+4915112345678"


def deliver(inbox, phone, text="hi"):
    return inbox.deliver(Submission(phone=phone, function_type="text", text=text), at=NOW)


def texts(inbox, phone=None):
    return [message.content.text for message in inbox.messages(phone)]


def test_template_message_is_shown_whole(sender):
    request_id = sender.documented("4", "br", pin="004217", codeValidityTime=5).json["data"][
        "requestId"
    ]

    answer = sender.client.get("/simulator/messages?phone=%2B380671234567")

    assert answer.json == {
        "messages": [
            {
                "id": request_id,
                "phone": "+380671234567",
                "channel": "viber",
                "function_type": "text",
                "template_id": 4,
                "language": "br",
                "text": "Your code is 004217. It's valid for 5 minutes. Please don't share your "
                "code with ANYONE. We'll never call or message you and ask for it.",
                "received_at": "2026-11-23T08:00:00.250Z",
            }
        ]
    }
    assert answer.headers["Cache-Control"] == "no-store"


def test_plain_text_has_no_template_and_no_language(sender):
    sender.text("Your code is 989724.")

    message = sender.inbox()[0]

    assert message["text"] == "Your code is 989724."
    assert message["template_id"] is None
    assert message["language"] is None


def test_messages_of_all_phones_come_oldest_first(sender):
    for phone, text in [("380671234567", "1"), ("12025550123", "2"), ("380671234567", "3")]:
        sender.text(text, phone=phone)

    assert [message["text"] for message in sender.inbox()] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "phone",
    ["%2B380671234567", "+380671234567", "%20380671234567", "380671234567", "380%2067-1234567"],
    ids=["escaped", "plus-that-becomes-a-space", "space", "bare", "as-a-person-writes"],
)
def test_phone_is_found_however_it_is_written(sender, phone):
    sender.text("mine")
    sender.text("other", phone="12025550123")

    answer = sender.client.get(f"/simulator/messages?phone={phone}")

    assert [message["text"] for message in answer.json["messages"]] == ["mine"]


@pytest.mark.parametrize("method", ["get", "delete"])
@pytest.mark.parametrize("phone", ["", "abc", "%2B", "12"])
def test_phone_that_is_none_is_400(sender, method, phone):
    sender.text()

    answer = sender.client.open(f"/simulator/messages?phone={phone}", method=method)

    assert answer.status_code == 400
    assert "phone" in answer.json["error"]
    assert len(sender.inbox()) == 1


def test_phone_without_messages_has_an_empty_list(client):
    answer = client.get("/simulator/messages?phone=%2B12025550123")

    assert answer.json == {"messages": []}


def test_delete_empties_every_phone(sender):
    sender.text()

    answer = sender.client.delete("/simulator/messages")

    assert answer.status_code == 200
    assert sender.inbox() == []


def test_delete_of_one_phone_leaves_the_others(sender):
    sender.text("1")
    sender.text("2", phone="12025550123")

    sender.client.delete("/simulator/messages?phone=%2B380671234567")

    assert [message["text"] for message in sender.inbox()] == ["2"]


def test_full_phone_loses_its_oldest_message():
    inbox = Inbox(messages_per_phone=2)

    for text in "123":
        deliver(inbox, FIRST, text)

    assert texts(inbox) == ["2", "3"]


def test_one_phone_too_many_pushes_out_the_one_silent_for_longest():
    inbox = Inbox(phones=2)

    for phone in (FIRST, SECOND, FIRST, THIRD):
        deliver(inbox, phone)

    assert {message.content.phone for message in inbox.messages()} == {FIRST, THIRD}


def test_one_message_too_many_pushes_out_the_oldest_of_the_silent_phone():
    inbox = Inbox(messages=3)

    for phone, text in [(FIRST, "1"), (FIRST, "2"), (SECOND, "3"), (SECOND, "4"), (SECOND, "5")]:
        deliver(inbox, phone, text)

    assert texts(inbox) == ["3", "4", "5"]
    assert len(inbox.latest()) == 1


def test_cleared_messages_no_longer_count_towards_the_bound():
    inbox = Inbox(messages=2)
    deliver(inbox, FIRST, "1")
    deliver(inbox, SECOND, "2")
    inbox.clear(FIRST)
    inbox.clear(THIRD)

    deliver(inbox, THIRD, "3")

    assert texts(inbox) == ["2", "3"]


def test_phone_that_heard_last_is_the_latest():
    inbox = Inbox()

    for phone in (FIRST, SECOND, FIRST):
        deliver(inbox, phone)

    assert [message.content.phone for message in inbox.latest()] == [FIRST, SECOND]


def test_version_changes_with_every_change():
    inbox = Inbox()
    versions = [inbox.version]

    deliver(inbox, FIRST)
    versions.append(inbox.version)
    inbox.clear()
    versions.append(inbox.version)

    assert len(set(versions)) == 3
    assert Inbox().version != Inbox().version


def test_threads_lose_no_message():
    inbox = Inbox()

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda n: deliver(inbox, f"+1202555{n % 7:04}").id, range(700)))

    assert {message.id for message in inbox.messages()} == ids
    assert len(ids) == 700


def test_received_at_is_written_in_utc():
    inbox = Inbox()
    content = Submission(phone=FIRST, function_type="text", text="hi")
    kyiv = timezone(timedelta(hours=2))

    message = inbox.deliver(content, at=NOW.astimezone(kyiv))

    assert message.as_json()["received_at"] == "2026-11-23T08:00:00.000Z"


def test_repr_shows_neither_text_nor_number():
    content = Submission(phone=FIRST, function_type="text", text="Your code is 4217", pin="4217")
    message = Inbox().deliver(content, at=NOW)

    shown = repr(content) + repr(message)

    assert "4217" not in shown
    assert "67123" not in shown
