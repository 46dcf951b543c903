import pytest

REASON = "X-Simulator-Reason"


def test_sms_is_taken_and_lands_on_the_same_phone(sender):
    sender.text("over Viber")

    answer = sender.sms("Your code is 004217.")

    message_id = answer.json["messageid"]
    assert answer.status_code == 200
    assert answer.json == {"result": "Request succeeded", "code": "0", "messageid": message_id}
    assert [message["channel"] for message in sender.inbox()] == ["viber", "sms"]
    message = sender.inbox()[1]
    del message["received_at"]
    assert message == {
        "id": message_id,
        "phone": "+380671234567",
        "channel": "sms",
        "function_type": "text",
        "template_id": None,
        "language": None,
        "text": "Your code is 004217.",
        "rate_type": None,
        "billed_as": "SMS",
        "state": "accepted",
        "fields": {"text": "Your code is 004217."},
    }


def test_refusal_names_no_message_and_says_why_in_a_header(sender):
    answer = sender.sms("")

    assert answer.status_code == 200
    assert answer.json == {
        "result": "Content is empty or contains illegal keywords",
        "code": "4",
        "messageid": "",
    }
    assert answer.headers[REASON] == "content is empty or no whole text"
    assert sender.inbox() == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        pytest.param({"appKey": "other", "phone": None}, "1", id="another-key"),
        pytest.param({"appKey": None}, "1", id="no-key"),
        pytest.param({"phone": None}, "2", id="no-phone"),
        pytest.param({"phone": 380671234567}, "2", id="phone-is-a-number"),
        pytest.param({"content": None}, "2", id="no-content"),
        pytest.param({"content": 5, "phone": "x"}, "2", id="content-is-a-number"),
        pytest.param({"phone": "+380671234567", "content": ""}, "6", id="plus"),
        pytest.param({"phone": "380671234567,380671234568"}, "6", id="two-numbers"),
        pytest.param({"content": "\ud800"}, "4", id="half-a-pair"),
        pytest.param({"content": "a" * 1_001, "sourceAddress": ""}, "5", id="too-long"),
        pytest.param({"sourceAddress": "", "sysMessageId": ""}, "8", id="empty-sender"),
        pytest.param({"sourceAddress": "a" * 21}, "8", id="long-sender"),
        pytest.param({"sourceAddress": "Acme Inc"}, "8", id="sender-with-a-space"),
        pytest.param({"sourceAddress": 7}, "8", id="sender-is-a-number"),
        pytest.param({"sysMessageId": "a" * 9}, "2", id="short-id"),
        pytest.param({"sysMessageId": "a" * 51}, "2", id="long-id"),
        pytest.param({"sysMessageId": "a_bcdefghij"}, "2", id="id-with-another-character"),
        pytest.param({"sysMessageId": 1234567890}, "2", id="id-is-a-number"),
        pytest.param({"drUrl": 7}, "2", id="url-is-a-number"),
        pytest.param({"ext": {}}, "2", id="ext-is-an-object"),
    ],
)
def test_sms_that_is_not_in_order_gets_its_code_and_goes_nowhere(sender, changed, code):
    answer = sender.sms(**changed)

    assert answer.json["code"] == code
    assert answer.json["messageid"] == ""
    assert answer.headers[REASON]
    assert sender.inbox() == []


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"content": "😀" * 1_000}, id="longest"),
        pytest.param({"sourceAddress": "A" * 20}, id="longest-sender"),
        pytest.param({"sourceAddress": None}, id="no-sender"),
        pytest.param({"sysMessageId": "0123456789"}, id="shortest-id"),
        pytest.param({"sysMessageId": "aZ-9" * 12 + "ab"}, id="longest-id"),
        pytest.param({"drUrl": "https://example.org/", "ext": "x", "other": 1}, id="the-rest"),
    ],
)
def test_sms_at_the_bounds_is_taken(sender, changed):
    answer = sender.sms(**changed)

    assert answer.json["code"] == "0"


def test_messageid_is_the_providers_own(sender):
    answer = sender.sms(sysMessageId="0123456789")

    assert len(bytes.fromhex(answer.json["messageid"])) == 16


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        pytest.param({"accessKey": ""}, "1001", id="missing-header"),
        pytest.param({"accessKey": "other"}, "1005", id="access-key"),
        pytest.param({"ts": "1"}, "1004", id="clock"),
        pytest.param({"bizType": "7"}, "1002", id="business-of-viber"),
        pytest.param({"action": "mt"}, "1002", id="action-of-viber"),
        pytest.param({"sign": "0" * 32}, "1003", id="signature"),
    ],
)
def test_authentication_fails_as_it_does_for_viber_with_the_code_as_text(sender, changed, code):
    body = b"{}"
    signed = sender.signed_headers(body, bizType="3", action="mtsend")
    headers = sender.signed_headers(body, **(signed | changed)) | changed

    answer = sender.post_sms(body, headers)

    assert answer.json["code"] == code
    assert answer.json["messageid"] == ""
    assert answer.json["result"] != "Request failed"


def test_body_that_is_no_json_object_is_1002(sender):
    answer = sender.post_sms(b"[]")

    assert answer.json["code"] == "1002"


def test_code_of_no_list_is_answered_as_a_failed_request(sender):
    sender.client.put("/simulator/faults", json={"code": 4242})

    answer = sender.sms()

    assert answer.json == {"result": "Request failed", "code": "4242", "messageid": ""}
