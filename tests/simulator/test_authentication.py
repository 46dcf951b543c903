import hashlib

import pytest
from werkzeug.datastructures import Headers

from otp_service.simulator.answer import Refused
from otp_service.simulator.signature import Business, Keys, authenticate, sign

NOW_MS = 1_795_420_800_250
BODY = b'{"appkey":"sim_app"}'
GOOD_BODY = (
    b'{"appkey":"sim_app","phone":"380671234567","functionType":"text",'
    b'"messageData":{"rateType":"Transactional","text":"hi"}}'
)
REASON = "X-Simulator-Reason"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"name":"牛小信","id":10001}', "87c3560d3331ae23f1021e2025722354"),
        ('{"id": 10001, "name": "牛小信"}', "d0c24a9886c629330d7f3f2056c65bc2"),
        ('{"id":10001,"name":"牛小信"}', "7750759da06333f20d0640be09355e34"),
    ],
    ids=["name-first", "with-spaces", "id-first"],
)
def test_published_vectors_are_reproduced(body, expected):
    signature = sign(
        body.encode(),
        "abciiiko2k3",
        access_key="fme2na3kdi3ki",
        action="send",
        biz_type="1",
        ts="1655710885431",
    )

    assert signature == expected


def test_no_body_leaves_its_part_out_of_the_signed_string():
    signature = sign(b"", "k", access_key="a", action="mt", biz_type="7", ts="1")

    signed = b"accessKey=a&action=mt&bizType=7&ts=1&accessSecret=k"
    assert signature == hashlib.md5(signed).hexdigest()  # noqa: S324 - the provider's choice


def test_signed_request_passes(sender):
    answer = sender.post(GOOD_BODY)

    assert answer.json["code"] == 0


@pytest.mark.parametrize("name", ["accessKey", "ts", "bizType", "action", "sign"])
@pytest.mark.parametrize("value", [None, ""], ids=["absent", "empty"])
def test_missing_common_header_is_1001(sender, name, value):
    headers = sender.signed_headers(GOOD_BODY)
    if value is None:
        del headers[name]
    else:
        headers[name] = value

    answer = sender.post(GOOD_BODY, headers)

    assert answer.json == {"code": 1001, "message": "Missing parameters"}
    assert name in answer.headers[REASON]


def test_foreign_access_key_is_1005(sender):
    headers = sender.signed_headers(GOOD_BODY, accessKey="other")

    answer = sender.post(GOOD_BODY, headers)

    assert answer.json == {"code": 1005, "message": "Insufficient permissions"}


@pytest.mark.parametrize("off_ms", [-60_000, 0, 60_000])
def test_clock_within_a_minute_passes(sender, off_ms):
    headers = sender.signed_headers(GOOD_BODY, ts=str(NOW_MS + off_ms))

    answer = sender.post(GOOD_BODY, headers)

    assert answer.json["code"] == 0


@pytest.mark.parametrize(
    "ts",
    [
        str(NOW_MS - 60_001),
        str(NOW_MS + 60_001),
        str(NOW_MS // 1000),
        "now",
        f"-{NOW_MS}",
        f"{NOW_MS}.0",
        "9" * 5_000,
    ],
    ids=["behind", "ahead", "seconds", "word", "negative", "fraction", "endless"],
)
def test_clock_that_is_off_is_1004(sender, ts):
    headers = sender.signed_headers(GOOD_BODY, ts=ts)

    answer = sender.post(GOOD_BODY, headers)

    assert answer.json == {"code": 1004, "message": "Timestamp expired"}


@pytest.mark.parametrize(
    "changed",
    [{"bizType": "3"}, {"action": "mtsend"}, {"algorithm": "sha1"}],
    ids=["biz-type", "action", "algorithm"],
)
def test_wrong_business_action_or_algorithm_is_1002(sender, changed):
    headers = sender.signed_headers(GOOD_BODY, **changed)

    answer = sender.post(GOOD_BODY, headers)

    assert answer.json == {"code": 1002, "message": "Parameter error"}


def test_body_of_another_content_type_is_1002(sender):
    headers = sender.signed_headers(GOOD_BODY) | {"Content-Type": "text/plain"}

    answer = sender.post(GOOD_BODY, headers)

    assert answer.json["code"] == 1002
    assert sender.inbox() == []


@pytest.mark.parametrize("sign_header", ["0" * 32, "é"], ids=["other-digest", "not-ascii"])
def test_wrong_signature_is_1003(sender, sign_header):
    headers = sender.signed_headers(GOOD_BODY) | {"sign": sign_header}

    answer = sender.post(GOOD_BODY, headers)

    assert answer.json == {"code": 1003, "message": "Invalid signature"}
    assert sender.inbox() == []


def test_same_json_in_other_bytes_is_1003(sender):
    headers = sender.signed_headers(GOOD_BODY)

    answer = sender.post(GOOD_BODY.replace(b":", b": "), headers)

    assert answer.json["code"] == 1003


def test_uppercase_digest_is_1003(sender):
    headers = sender.signed_headers(GOOD_BODY)
    headers["sign"] = headers["sign"].upper()

    answer = sender.post(GOOD_BODY, headers)

    assert answer.json["code"] == 1003


@pytest.mark.parametrize(
    ("algorithm", "code"), [("sha256", 0), ("md5", 1003)], ids=["named", "not-named"]
)
def test_sha256_signature_needs_its_header(sender, algorithm, code):
    headers = sender.signed_headers(GOOD_BODY) | {"algorithm": algorithm}
    signed = (
        f"accessKey=sim_access&action=mt&bizType=7&ts={NOW_MS}&body=".encode()
        + GOOD_BODY
        + b"&accessSecret=sim_secret"
    )
    headers["sign"] = hashlib.sha256(signed).hexdigest()

    answer = sender.post(GOOD_BODY, headers)

    assert answer.json["code"] == code


def test_md5_signature_may_be_named(sender):
    headers = sender.signed_headers(GOOD_BODY) | {"algorithm": "md5"}

    answer = sender.post(GOOD_BODY, headers)

    assert answer.json["code"] == 0


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (("sign", "accessKey", "ts", "bizType"), 1001),
        (("accessKey", "ts", "bizType"), 1005),
        (("ts", "bizType"), 1004),
        (("bizType",), 1002),
    ],
    ids=["header-first", "then-key", "then-clock", "then-business"],
)
def test_first_thing_wrong_gives_the_code(broken, code):
    headers = Headers(
        {"accessKey": "a", "ts": str(NOW_MS), "bizType": "7", "action": "mt", "sign": "wrong"}
    )
    for name in broken:
        headers[name] = "" if name == "sign" else "0"
    keys = Keys(access_key="a", access_secret="s", appkey="k")
    business = Business(biz_type="7", action="mt")

    with pytest.raises(Refused) as refusal:
        authenticate(headers, BODY, keys=keys, business=business, now_ms=NOW_MS)

    assert refusal.value.code == code


def test_keys_hide_their_secret():
    keys = Keys(access_key="a", access_secret="hush", appkey="k")

    assert "hush" not in repr(keys)


def test_every_answer_has_a_date(sender):
    answers = [sender.post(GOOD_BODY), sender.post(GOOD_BODY, {}), sender.client.get("/missing")]

    assert {answer.headers["Date"] for answer in answers} == {"Mon, 23 Nov 2026 08:00:00 GMT"}
