import json

import pytest

from otp_service.data import load
from otp_service.simulator.app import create_simulator

LANGUAGES = [entry["code"] for entry in load("languages.json")["languages"]]
TEMPLATES = load("templates.json")["templates"]
UUIDS = {entry["id"]: entry["viber_id"] for entry in TEMPLATES}
VALUES = {
    "pin": "004217",
    "businessPlatformName": "Acme",
    "businessPlatformActionName": "sign-in",
    "pinType": "login",
    "codeReason": "you asked",
    "codeValidityTime": 7,
}
TEXTS = {
    1: "Your code is 004217. Please don't",
    2: "Your code is 004217. It's valid for 5 minutes.",
    3: "Acme: Your code is 004217.",
    4: "Your code is 004217. It's valid for 7 minutes.",
    5: "Your login code is 004217. It's valid for 7 minutes.",
    6: "Your Acme code is 004217. It's valid for 7 hours.",
    7: "Your login code is 004217. Please",
    8: "Your one-time password for sign-in is 004217. Please",
    9: "Acme: Your code is 004217. You got this code because you asked. Please",
}
LINKS = {"image": "http://example.org/a.jpeg"}
BUTTON = {"buttonText": "Go", "buttonLink": "http://example.org/"}
VIDEO = {
    "thumbnail": "https://example.org/a.jpeg",
    "videoLink": "https://example.org/a.mp4",
    "videoSize": 1024,
    "duration": 10.5,
}
FILE = {"fileName": "a.pdf", "fileLink": "https://example.org/a.pdf", "fileType": "pdf"}
COMPLETE = {
    "text": ("Session", {"text": "hello"}),
    "image": ("Session", LINKS),
    "text_image": ("Promotional", {"text": "hello"} | LINKS),
    "text_image_button": ("Promotional", {"text": "hello"} | LINKS | BUTTON),
    "text_button": ("Promotional", {"text": "hello"} | BUTTON),
    "file": ("Transactional", FILE),
    "video": ("Promotional", VIDEO),
    "video_text": ("Promotional", {"text": "hello"} | VIDEO),
    "video_text_button": ("Promotional", {"text": "hello", "buttonText": "Go"} | VIDEO),
}
FIELDS = [(kind, name) for kind, (_, fields) in COMPLETE.items() for name in fields]


def values_of(template_id):
    template = TEMPLATES[template_id - 1]
    return {entry["name"]: VALUES[entry["name"]] for entry in template["parameters"]}


def documented(template="3", language="uk", **values):
    return {
        "rateType": "OtpTemplate",
        "temolateId": template,
        "temolateParams": json.dumps(values or values_of(3)),
        "temolateLang": language,
    }


def current(template=UUIDS[3], language="uk", **values):
    return {
        "rateType": "OtpTemplate",
        "templateId": template,
        "templateParams": values or values_of(3),
        "templateLang": language,
    }


def test_success_names_the_message_by_its_request_id(sender):
    answer = sender.text()

    request_id = answer.json["data"]["requestId"]
    assert answer.status_code == 200
    assert answer.json == {"code": 0, "message": "Success", "data": {"requestId": request_id}}
    assert len(bytes.fromhex(request_id)) == 16
    assert [message["id"] for message in sender.inbox()] == [request_id]


def test_refusal_has_no_data_and_says_why_in_a_header(sender):
    answer = sender.send({"rateType": "Transactional"})

    assert answer.status_code == 200
    assert answer.json == {"code": 9000, "message": "Request parameter error"}
    assert answer.headers["X-Simulator-Reason"] == "messageData.text is missing"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b'{"phone":NaN}',
        b'{"a":"\xff"}',
        b"[" * 50_000,
        b'{"a":' + b"9" * 5_000 + b"}",
    ],
    ids=["empty", "cut", "list", "text", "null", "nan", "not-utf-8", "deep", "endless-number"],
)
def test_body_that_is_no_json_object_is_1002(sender, body):
    answer = sender.post(body)

    assert answer.json == {"code": 1002, "message": "Parameter error"}


def test_body_beyond_the_bound_is_413(sender):
    answer = sender.text("a" * 64 * 1024)

    assert answer.status_code == 413
    assert "error" in answer.json


@pytest.mark.parametrize("appkey", ["other", "", None, 1, ["sim_app"]])
def test_unknown_appkey_is_9003(sender, appkey):
    answer = sender.text(appkey=appkey, phone="0")

    assert answer.json["code"] == 9003


@pytest.mark.parametrize(
    "phone",
    [
        "+380671234567",
        "380 67 123 4567",
        "0671234567",
        "123456",
        "1234567890123456",
        "٣٨٠٦٧١٢٣٤٥٦٧",
        "",
        380671234567,
        None,
    ],
    ids=["plus", "spaces", "zero", "short", "long", "arabic", "empty", "number", "null"],
)
def test_phone_that_is_no_number_is_9002(sender, phone):
    answer = sender.text(phone=phone, functionType="none")

    assert answer.json == {"code": 9002, "message": "Phone number error"}


@pytest.mark.parametrize("phone", ["1234567", "123456789012345"], ids=["7", "15"])
def test_phone_at_the_bounds_is_taken(sender, phone):
    answer = sender.text(phone=phone)

    assert answer.json["code"] == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"functionType": "sticker"},
        {"functionType": None},
        {"functionType": ["text"]},
        {"messageData": "text"},
        {"messageData": None},
        {"messageData": {"rateType": "Promotional", "text": "hi"}},
        {"messageData": {"rateType": ["Session"], "text": "hi"}},
        {"messageData": {"text": "hi"}},
    ],
    ids=[
        "unknown-type",
        "no-type",
        "list-of-types",
        "data-is-text",
        "no-data",
        "rate-of-another-type",
        "rate-is-a-list",
        "no-rate",
    ],
)
def test_unknown_type_data_or_rate_is_9000(sender, changed):
    answer = sender.text(**changed)

    assert answer.json["code"] == 9000


@pytest.mark.parametrize("kind", COMPLETE)
def test_each_function_type_is_taken_when_complete(sender, kind):
    rate_type, fields = COMPLETE[kind]

    answer = sender.send({"rateType": rate_type} | fields, functionType=kind)

    message = sender.inbox()[0]
    assert answer.json["code"] == 0
    assert message["function_type"] == kind
    assert message["text"] == fields.get("text")


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_missing_field_of_a_function_type_is_9000(sender, kind, name):
    rate_type, fields = COMPLETE[kind]
    rest = {key: value for key, value in fields.items() if key != name}

    answer = sender.send({"rateType": rate_type} | rest, functionType=kind)

    assert answer.json["code"] == 9000
    assert name in answer.headers["X-Simulator-Reason"]


@pytest.mark.parametrize("value", ["", 5, None, "\ud800"], ids=["empty", "number", "null", "half"])
def test_text_that_is_none_is_9000(sender, value):
    answer = sender.text(value)

    assert answer.json["code"] == 9000


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("videoSize", value) for value in ("1024", True, 0, -1, None, 200 * 1024**2 + 1)),
        *(("duration", value) for value in ("10", 0, 600.5)),
    ],
)
def test_size_or_duration_that_is_no_number_within_its_bound_is_9000(sender, field, value):
    data = {"rateType": "Promotional"} | VIDEO | {field: value}

    answer = sender.send(data, functionType="video")

    assert answer.json["code"] == 9000
    assert field in answer.headers["X-Simulator-Reason"]


def test_infinite_size_is_9000(sender):
    data = json.dumps({"rateType": "Promotional"} | VIDEO).replace("1024", "1e999")
    body = '{"appkey":"sim_app","phone":"380671234567","functionType":"video","messageData":%s}'

    answer = sender.post((body % data).encode())

    assert answer.json["code"] == 9000


def test_largest_and_longest_video_is_taken(sender):
    data = {"rateType": "Promotional"} | VIDEO | {"videoSize": 200 * 1024**2, "duration": 600}

    answer = sender.send(data, functionType="video")

    assert answer.json["code"] == 0


@pytest.mark.parametrize("name", ["image", "buttonLink", "fileLink", "thumbnail", "videoLink"])
@pytest.mark.parametrize(
    "value",
    ["", "example.org/a", "ftp://example.org/a", "javascript:alert(1)", "https://", "http:///a", 7],
)
def test_link_that_is_not_of_the_web_is_9000(sender, name, value):
    kind = next(kind for kind, (_, fields) in COMPLETE.items() if name in fields)
    rate_type, fields = COMPLETE[kind]

    answer = sender.send({"rateType": rate_type} | fields | {name: value}, functionType=kind)

    assert answer.json["code"] == 9000
    assert name in answer.headers["X-Simulator-Reason"]


@pytest.mark.parametrize("link", ["https://***.jpeg", "HTTP://example.org", "https://a.b?c#d"])
def test_link_of_the_web_is_taken(sender, link):
    answer = sender.send({"rateType": "Session", "image": link}, functionType="image")

    assert answer.json["code"] == 0


@pytest.mark.parametrize("value", ["pdf", ".PDF", "Docx", "odf", ".info"])
def test_listed_file_type_is_taken_whatever_its_case_and_dot(sender, value):
    data = {"rateType": "Session"} | FILE | {"fileType": value}

    answer = sender.send(data, functionType="file")

    assert answer.json["code"] == 0


@pytest.mark.parametrize("value", ["exe", "", "..pdf", "pdf ", ["pdf"]])
def test_file_type_of_no_list_is_9000(sender, value):
    data = {"rateType": "Session"} | FILE | {"fileType": value}

    answer = sender.send(data, functionType="file")

    assert answer.json["code"] == 9000


@pytest.mark.parametrize("template_id", range(1, 10))
@pytest.mark.parametrize("spelling", ["documented", "current"])
def test_each_template_is_filled_in_both_spellings(sender, spelling, template_id):
    values = values_of(template_id)
    data = (
        documented(str(template_id), **values)
        if spelling == "documented"
        else current(UUIDS[template_id], **values)
    )

    answer = sender.send(data)

    message = sender.inbox()[0]
    assert answer.json["code"] == 0
    assert message["template_id"] == template_id
    assert message["text"].startswith(TEXTS[template_id])
    assert "{{" not in message["text"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_is_taken(sender, language):
    answer = sender.send(documented(language=language))

    assert answer.json["code"] == 0
    assert sender.inbox()[0]["language"] == language


@pytest.mark.parametrize("language", ["", "zh", "pt-BR", "EN", None, ["en"]])
def test_unknown_language_is_9000(sender, language):
    answer = sender.send(documented(language=language))

    assert answer.json["code"] == 9000


@pytest.mark.parametrize(
    "data",
    [
        documented("0"),
        documented("10"),
        documented("03"),
        documented(3),
        documented(UUIDS[3]),
        current("3"),
        current(3),
        current(UUIDS[3].upper()),
    ],
    ids=["0", "10", "03", "a-number", "uuid-old", "id-new", "number-new", "uppercase"],
)
def test_unknown_template_is_9000(sender, data):
    answer = sender.send(data)

    assert answer.json["code"] == 9000


@pytest.mark.parametrize("name", ["temolateId", "temolateParams", "temolateLang"])
def test_missing_template_field_is_9000(sender, name):
    data = documented()
    del data[name]

    answer = sender.send(data)

    assert answer.json["code"] == 9000
    assert name in answer.headers["X-Simulator-Reason"]


@pytest.mark.parametrize(
    "parameters",
    [values_of(3), "{", "[]", "", '{"pin","132132"}', "[" * 50_000],
    ids=["an-object", "cut", "a-list", "empty", "as-in-the-example", "deep"],
)
def test_documented_parameters_that_are_no_string_of_an_object_are_9000(sender, parameters):
    answer = sender.send(documented() | {"temolateParams": parameters})

    assert answer.json["code"] == 9000


def test_current_parameters_that_are_a_string_are_9000(sender):
    answer = sender.send(current() | {"templateParams": json.dumps(values_of(3))})

    assert answer.json["code"] == 9000


@pytest.mark.parametrize(
    "extra",
    [{"templateId": UUIDS[3]}, {"templateLang": "uk"}, {"templateParams": {}}],
    ids=["id", "language", "parameters"],
)
def test_mixed_spellings_are_9000(sender, extra):
    answer = sender.send(documented() | extra)

    assert answer.json["code"] == 9000
    assert "mixes" in answer.headers["X-Simulator-Reason"]


@pytest.mark.parametrize(
    ("dialect", "codes"),
    [("either", [0, 0]), ("documented", [0, 9000]), ("current", [9000, 0])],
)
def test_dialect_says_which_spelling_is_taken(sender, clock, dialect, codes):
    sender.client = create_simulator(dialect=dialect, clock=clock).test_client()

    answers = [sender.send(documented()), sender.send(current())]

    assert [answer.json["code"] for answer in answers] == codes


def test_unknown_dialect_is_refused_at_once():
    with pytest.raises(ValueError, match="dialect"):
        create_simulator(dialect="auto")


@pytest.mark.parametrize(
    "values",
    [
        {"pin": "1"},
        {"businessPlatformName": "Acme"},
        {"pin": "1", "businessPlatformName": "Acme", "codeReason": "x"},
        {"pin": "1", "business_platform_name": "Acme"},
    ],
    ids=["name-missing", "pin-missing", "one-too-many", "snake-case"],
)
def test_missing_or_unknown_parameter_is_9000(sender, values):
    answer = sender.send(documented("3", **values))

    assert answer.json["code"] == 9000


@pytest.mark.parametrize("value", ["5", True, 0, -5, 5.0, None, 2**31, [5]])
def test_validity_that_is_no_positive_integer_is_9000(sender, value):
    answer = sender.send(documented("4", pin="1", codeValidityTime=value))

    assert answer.json["code"] == 9000
    assert "codeValidityTime" in answer.headers["X-Simulator-Reason"]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a" * 51,
        7,
        None,
        True,
        "\ud800",
        "see https://a.example",
        "HTTP://x",
        "go to www.acme",
        "acme.com/login",
        "at müller.de/x",
    ],
    ids=[
        "empty",
        "51",
        "number",
        "null",
        "bool",
        "half-a-pair",
        "https",
        "uppercase-scheme",
        "www",
        "name-and-path",
        "international-name",
    ],
)
def test_text_parameter_that_is_too_long_untyped_or_a_link_is_9000(sender, value):
    answer = sender.send(documented("3", pin="1", businessPlatformName=value))

    assert answer.json["code"] == 9000


@pytest.mark.parametrize(
    "value",
    ["a", "a" * 50, "😀" * 50, "acme.com", "and/or", "Acme Inc./Ltd", "node.js/react", "{{pin}}"],
)
def test_text_parameter_within_the_rules_is_shown_as_it_is(sender, value):
    answer = sender.send(documented("3", pin="1", businessPlatformName=value))

    assert answer.json["code"] == 0
    assert sender.inbox()[0]["text"].startswith(f"{value}: Your code is 1.")


def test_numeric_pin_is_9000(sender):
    answer = sender.send(documented("1", pin=123456))

    assert answer.json["code"] == 9000


def test_other_method_is_405_and_names_the_right_one(client):
    answer = client.get("/api/viber/mt")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert "error" in answer.json
