from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from otp_service.simulator.inbox import Inbox, InvalidReply
from otp_service.simulator.submission import Submission

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FIRST, SECOND, THIRD = "+380671234567", "+12025550123", "+4915112345678"


def deliver(inbox, phone, text="hi", **changed):
    content = Submission(phone=phone, function_type="text", text=text, rate_type="Session")
    return inbox.deliver(content, at=NOW, billed_as="Transactional", **changed)


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
                "rate_type": "OtpTemplate",
                "billed_as": "OtpTemplate",
                "state": "accepted",
                "fields": {},
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


def test_fields_of_a_function_type_are_shown_as_they_were_sent(sender):
    video = {
        "thumbnail": "https://example.org/a.jpeg",
        "videoLink": "https://example.org/a.mp4",
        "videoSize": 1024,
        "duration": 10.5,
        "text": "hi",
    }

    sender.send({"rateType": "Promotional", "other": 1} | video, functionType="video_text")

    message = sender.inbox()[0]
    assert message["fields"] == video
    assert message["rate_type"] == "Promotional"


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

    message = inbox.deliver(content, at=NOW.astimezone(kyiv), billed_as="Transactional")

    assert message.as_json()["received_at"] == "2026-11-23T08:00:00.000Z"


def test_new_message_is_accepted_and_no_more():
    message = deliver(Inbox(), FIRST)

    assert (message.state, message.channel) == ("accepted", "viber")
    assert (message.rate_type, message.billed_as) == ("Session", "Transactional")


def test_message_comes_as_far_as_it_is_told():
    inbox = Inbox()
    first, second = deliver(inbox, FIRST, "1"), deliver(inbox, FIRST, "2")

    updated = inbox.update(first.id, "delivered")

    assert inbox.messages() == [updated, second]
    assert updated.state == "delivered"
    assert inbox.find(first.id) == updated


def test_update_of_a_message_no_phone_has_any_more_is_nothing():
    inbox = Inbox()
    message = deliver(inbox, FIRST)
    inbox.clear()

    assert inbox.update(message.id, "delivered") is None
    assert inbox.messages() == []


def test_state_that_is_the_same_is_no_change():
    inbox = Inbox()
    message = deliver(inbox, FIRST)
    version = inbox.version

    inbox.update(message.id, "accepted")

    assert inbox.version == version


@pytest.mark.parametrize("end", ["seen", "failed", "expired"])
def test_message_does_not_come_less_far(end):
    inbox = Inbox()
    message = deliver(inbox, FIRST)
    inbox.update(message.id, end)

    updated = inbox.update(message.id, "delivered")

    assert updated.state == end


def test_reader_sees_what_was_delivered_to_this_phone_and_only_once():
    inbox = Inbox()
    told = []
    inbox.listen(told.append)
    mine, _undelivered, other = (deliver(inbox, phone) for phone in (FIRST, FIRST, SECOND))
    for each in (mine, other):
        inbox.update(each.id, "delivered")

    seen = [inbox.mark_seen(FIRST), inbox.mark_seen(FIRST)]

    assert seen == [[mine.id], []]
    assert [message.state for message in inbox.messages()] == ["seen", "accepted", "delivered"]
    assert [message.id for message in told] == [mine.id]


def test_nobody_is_told_that_an_sms_was_seen():
    inbox = Inbox()
    message = deliver(inbox, FIRST, channel="sms")
    inbox.update(message.id, "delivered")

    assert inbox.mark_seen(FIRST) == []


def test_reply_stands_in_the_chat_after_the_message_it_answers():
    inbox = Inbox(clock=lambda: NOW)
    told = []
    inbox.listen(told.append)
    message = deliver(inbox, FIRST)
    deliver(inbox, FIRST, channel="sms")
    deliver(inbox, SECOND)

    reply = inbox.add_reply(FIRST, "Hello?")

    assert inbox.chat(FIRST)[-1] == reply
    assert [one.content.text for one in inbox.messages(FIRST)] == ["hi", "hi"]
    assert inbox.latest()[0] == reply
    assert reply.as_json() == {
        "id": reply.id,
        "phone": FIRST,
        "answers": message.id,
        "text": "Hello?",
        "file_name": None,
        "received_at": "2026-11-23T08:00:00.000Z",
    }
    assert told == [reply]


def test_reply_may_be_a_file():
    inbox = Inbox()
    deliver(inbox, FIRST)

    reply = inbox.add_reply(FIRST, file_name="scan.pdf")

    assert (reply.text, reply.file_name) == (None, "scan.pdf")


@pytest.mark.parametrize(
    ("reply", "field"),
    [
        ({}, "text"),
        ({"text": "a", "file_name": "b"}, "text"),
        ({"text": ""}, "text"),
        ({"text": "\ud800"}, "text"),
        ({"text": "a" * 7_001}, "text"),
        ({"file_name": ""}, "file_name"),
        ({"file_name": "a" * 256}, "file_name"),
    ],
    ids=["nothing", "both", "empty", "half-a-pair", "long", "unnamed-file", "long-name"],
)
def test_reply_nobody_could_type_is_refused(reply, field):
    inbox = Inbox()
    deliver(inbox, FIRST)

    with pytest.raises(InvalidReply) as caught:
        inbox.add_reply(FIRST, **reply)

    assert caught.value.field == field
    assert len(inbox.chat(FIRST)) == 1


def test_phone_with_no_viber_message_has_nothing_to_answer():
    inbox = Inbox()
    deliver(inbox, FIRST, channel="sms")

    with pytest.raises(InvalidReply) as caught:
        inbox.add_reply(FIRST, "Hello?")

    assert caught.value.field == "phone"


def test_replies_count_towards_the_bound():
    inbox = Inbox(messages_per_phone=2)
    deliver(inbox, FIRST, "1")
    deliver(inbox, FIRST, "2")

    reply = inbox.add_reply(FIRST, "Hello?")

    assert texts(inbox) == ["2"]
    assert inbox.find(reply.id) is None


def test_wait_ends_with_the_next_change():
    inbox = Inbox()
    version = inbox.version

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(inbox.wait_for_change, version, 60)
        deliver(inbox, FIRST)

    assert waiting.result() == inbox.version != version


def test_wait_ends_without_a_change_when_its_time_is_over():
    inbox = Inbox()

    assert inbox.wait_for_change(inbox.version, 0) == inbox.version


def test_wait_for_a_version_of_another_run_ends_at_once():
    inbox = Inbox()

    assert inbox.wait_for_change(Inbox().version, 60) == inbox.version


def test_repr_shows_neither_text_nor_number():
    content = Submission(phone=FIRST, function_type="text", text="Your code is 4217", pin="4217")
    inbox = Inbox()
    message = inbox.deliver(content, at=NOW, billed_as="Transactional")
    reply = inbox.add_reply(FIRST, "4217")

    shown = repr(content) + repr(message) + repr(reply)

    assert "4217" not in shown
    assert "67123" not in shown
