import json

import pytest

from otp_service.api.replies import ActiveProof, ApprovalReply
from otp_service.api.schemas import ProofBody, StartBody, VerifyBody
from otp_service.domain.message_text import MessageRequest
from otp_service.domain.verification import Channel
from otp_service.service.start import StartCommand

ID = "A1b2C3d4E5f6G7h8I9j0K1L2M3n4O5p6Q7r8"

# A body of each endpoint that is right, and every field of it.
START = {
    "phone": "+380671234567",
    "country": "UA",
    "purpose": "payment",
    "locale": ["uk-UA", "en"],
    "message": {
        "business_name": "Example Bank",
        "action": "a purchase",
        "reason": "a payment",
        "pin_type": "password",
        "template_id": 9,
    },
    "client_ip": "203.0.113.7",
}
BODIES = {
    "/otp/start": START,
    "/otp/verify": {"verification_id": ID, "code": "123456", "purpose": "payment"},
    "/otp/resend": {"verification_id": ID, "channel": "viber"},
    "/otp/cancel": {"verification_id": ID},
    "/otp/proof": {"proof": "abc.def", "consume": True},
}
REQUIRED = {
    "/otp/start": ["phone"],
    "/otp/verify": ["verification_id", "code"],
    "/otp/resend": ["verification_id"],
    "/otp/cancel": ["verification_id"],
    "/otp/proof": ["proof"],
}


def fields(path):
    for name, value in BODIES[path].items():
        yield (name,)
        if isinstance(value, dict):
            yield from ((name, inner) for inner in value)


def with_field(path, names, value):
    body = json.loads(json.dumps(BODIES[path]))
    holder = body
    for name in names[:-1]:
        holder = holder[name]
    holder[names[-1]] = value
    return body


EVERY_FIELD = [
    pytest.param(path, names, id=f"{path}-{'.'.join(names)}")
    for path in BODIES
    for names in fields(path)
]
KINDS = {"number": 1, "boolean": True, "text": "!", "array": [1], "object": {"?": 1}}
KIND_TAKEN = {"template_id": "number", "consume": "boolean"} | dict.fromkeys(
    ("phone", "code", "proof", "locale", "business_name", "action", "reason", "pin_type"), "text"
)
WRONG_TYPES = [
    pytest.param(path, names, kind, id=f"{kind}-{path}-{'.'.join(names)}")
    for path in BODIES
    for names in fields(path)
    for kind in KINDS
    if KIND_TAKEN.get(names[-1]) != kind
]
IDENTIFIERS = [(path, "verification_id") for path in BODIES if "verification_id" in BODIES[path]]


def post(client, path, body):
    # The standard library writes a lone surrogate as its escape, as a client would.
    return client.post(path, data=json.dumps(body), content_type="application/json")


def assert_refused(reply, service, *pointers):
    assert reply.status_code == 400
    assert reply.json["code"] == "invalid_request"
    assert [error["pointer"] for error in reply.json["errors"]] == list(pointers)
    assert service.calls() == 0


@pytest.mark.parametrize(
    ("path", "name"), [(path, name) for path, names in REQUIRED.items() for name in names]
)
def test_a_missing_field_is_named(client, service, path, name):
    body = {key: value for key, value in BODIES[path].items() if key != name}

    assert_refused(post(client, path, body), service, f"#/{name}")


@pytest.mark.parametrize(("path", "names"), EVERY_FIELD)
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="null"),
        pytest.param(17.5, id="fraction"),
        pytest.param(float("inf"), id="infinity"),
        pytest.param("\x00", id="NUL"),
        pytest.param("+38067\x071234567", id="control character"),
        pytest.param("+38067\ud800", id="lone surrogate"),
    ],
)
def test_a_value_no_field_takes_is_named(client, service, path, names, value):
    reply = post(client, path, with_field(path, names, value))

    assert_refused(reply, service, "#/" + "/".join(names))


@pytest.mark.parametrize(("path", "names", "kind"), WRONG_TYPES)
def test_a_value_of_another_type_is_named(client, service, path, names, kind):
    reply = post(client, path, with_field(path, names, KINDS[kind]))

    inside = {("locale", "array"): "/0", ("message", "object"): "/?"}
    pointer = "#/" + "/".join(names) + inside.get((names[-1], kind), "")
    assert_refused(reply, service, pointer)


@pytest.mark.parametrize("path", BODIES)
def test_an_unknown_property_is_named(client, service, path):
    assert_refused(post(client, path, BODIES[path] | {"extra": 1}), service, "#/extra")


def test_an_unknown_property_of_the_message_is_named(client, service):
    body = {"phone": "+380671234567", "message": {"colour": "red"}}

    assert_refused(post(client, "/otp/start", body), service, "#/message/colour")


def test_a_body_full_of_unknown_properties_gets_a_short_answer(client, service):
    reply = post(
        client, "/otp/cancel", {"verification_id": ID} | dict.fromkeys(map(str, range(999)), 1)
    )

    assert len(reply.json["errors"]) == 10


@pytest.mark.parametrize(("path", "name"), IDENTIFIERS)
@pytest.mark.parametrize("value", ["", "x" * 129, "a b", "a/b", "a.b", "é", "a\n"], ids=repr)
def test_text_that_is_no_id_is_named(client, service, path, name, value):
    assert_refused(post(client, path, BODIES[path] | {name: value}), service, f"#/{name}")


@pytest.mark.parametrize(("path", "name"), IDENTIFIERS)
@pytest.mark.parametrize("value", ["x", "_" * 128, "-"], ids=len)
def test_an_id_of_the_right_form_goes_to_the_use_case(client, service, path, name, value):
    post(client, path, BODIES[path] | {name: value})

    assert service.calls() == 1


@pytest.mark.parametrize(
    ("path", "pointer", "value"),
    [
        pytest.param("/otp/start", "#/country", "UKR", id="country of three letters"),
        pytest.param("/otp/start", "#/country", "U1", id="country with a digit"),
        pytest.param("/otp/start", "#/country", "", id="country empty"),
        pytest.param("/otp/start", "#/country", "ß", id="country of one letter"),
        pytest.param("/otp/start", "#/purpose", "", id="purpose empty"),
        pytest.param("/otp/start", "#/purpose", "Login", id="purpose with a capital"),
        pytest.param("/otp/start", "#/purpose", "x" * 33, id="purpose too long"),
        pytest.param("/otp/verify", "#/purpose", "a b", id="purpose with a space"),
        pytest.param("/otp/start", "#/locale", ["en"] * 11, id="eleven locales"),
        pytest.param("/otp/start", "#/locale/1", ["en", "x" * 65], id="one long locale"),
        pytest.param("/otp/start", "#/locale/1", ["en", 5], id="one locale a number"),
        pytest.param("/otp/start", "#/locale/0", [["en"]], id="locales in a locale"),
        pytest.param("/otp/start", "#/locale", "x" * 65, id="locale too long"),
        pytest.param("/otp/start", "#/client_ip", "1.2.3", id="address cut short"),
        pytest.param("/otp/start", "#/client_ip", "01.2.3.4", id="leading zero"),
        pytest.param("/otp/start", "#/client_ip", "1.2.3.4/8", id="network"),
        pytest.param("/otp/start", "#/client_ip", "fe80::1%eth0", id="zone"),
        pytest.param("/otp/start", "#/client_ip", "[::1]", id="brackets"),
        pytest.param("/otp/start", "#/client_ip", "example.com", id="name"),
        pytest.param("/otp/resend", "#/channel", "pigeon", id="unknown channel"),
        pytest.param("/otp/proof", "#/proof", "", id="proof empty"),
        pytest.param("/otp/proof", "#/proof", "x" * 1025, id="proof too long"),
    ],
)
def test_a_value_out_of_its_bounds_is_named(client, service, path, pointer, value):
    field = pointer.split("/")[1]

    assert_refused(post(client, path, BODIES[path] | {field: value}), service, pointer)


@pytest.mark.parametrize("value", [0, 10, -1, 10**30])
def test_a_template_that_does_not_exist_is_named(client, service, value):
    body = {"phone": "+380671234567", "message": {"template_id": value}}

    assert_refused(post(client, "/otp/start", body), service, "#/message/template_id")


def test_several_mistakes_are_all_named(client, service):
    body = {"country": "U", "message": {"action": 1}, "extra": 2}

    reply = post(client, "/otp/start", body)

    assert_refused(reply, service, "#/phone", "#/country", "#/message/action", "#/extra")
    assert all(error["detail"] for error in reply.json["errors"])


def test_a_refusal_repeats_nothing_of_what_was_given(client):
    reply = post(client, "/otp/start", {"phone": 380671234567, "purpose": "SECRET"})

    assert "380671234567" not in reply.text
    assert "SECRET" not in reply.text


def test_everything_said_at_start_reaches_the_use_case(client, service):
    post(client, "/otp/start", START)

    ((call, command), _) = service.start.calls[0]
    assert call.application.id == "shop"
    assert command == StartCommand(
        phone="+380671234567",
        country="UA",
        purpose="payment",
        locales=("uk-UA", "en"),
        message=MessageRequest(
            business_name="Example Bank",
            action="a purchase",
            reason="a payment",
            pin_type="password",
            template_id=9,
        ),
    )


def test_a_number_alone_is_enough_to_start(client, service):
    post(client, "/otp/start", {"phone": "+380671234567"})

    ((_, command), _) = service.start.calls[0]
    assert command == StartCommand(phone="+380671234567")
    assert command.purpose == "login"


@pytest.mark.parametrize(
    ("given", "locales"),
    [
        pytest.param("pt-BR", ("pt-BR",), id="one tag"),
        pytest.param("", ("",), id="a tag that cannot be read"),
        pytest.param([], (), id="none"),
        pytest.param(["x" * 64] * 10, ("x" * 64,) * 10, id="as many and as long as can be"),
    ],
)
def test_locales_reach_the_use_case_in_order(client, service, given, locales):
    post(client, "/otp/start", {"phone": "+380671234567", "locale": given})

    assert service.start.calls[0][0][1].locales == locales


@pytest.mark.parametrize(
    ("given", "address"),
    [("203.0.113.7", "203.0.113.7"), ("2001:DB8:0::1", "2001:db8::1"), ("::1", "::1")],
)
def test_an_address_reaches_the_use_case_as_its_tag(client, service, given, address):
    post(client, "/otp/start", {"phone": "+380671234567", "client_ip": given})

    assert service.start.calls[0][0][0].address_tag == service.addresses.tag(address)


@pytest.mark.parametrize("text", ["", "x" * 51, "https://example.com", "\u202e"], ids=repr)
@pytest.mark.parametrize("name", ["business_name", "action", "reason", "pin_type"])
def test_what_a_message_text_may_say_is_left_to_the_rules(client, service, name, text):
    post(client, "/otp/start", {"phone": "+380671234567", "message": {name: text}})

    assert getattr(service.start.calls[0][0][1].message, name) == text


@pytest.mark.parametrize("phone", ["", "12", "1" * 1000, "067 123 45 67", "+٣٨٠"], ids=len)
def test_which_number_can_be_is_left_to_the_rules(client, service, phone):
    post(client, "/otp/start", {"phone": phone})

    assert service.start.calls[0][0][1].phone == phone


@pytest.mark.parametrize(
    ("channel", "expected"),
    [({}, None), ({"channel": "sms"}, Channel.SMS), ({"channel": "viber"}, Channel.VIBER)],
    ids=str,
)
def test_the_channel_of_a_resend_reaches_the_use_case(client, service, channel, expected):
    post(client, "/otp/resend", {"verification_id": ID} | channel)

    assert service.resend.calls[0][0][1:] == (ID, expected)


@pytest.mark.parametrize("consume", [True, False])
def test_whether_to_use_a_proof_up_reaches_the_use_case(client, service, consume):
    post(client, "/otp/proof", {"proof": "abc", "consume": consume})

    assert service.proof.calls[0][1] == {"proof": "abc", "consume": consume}


def test_a_proof_is_not_used_up_unasked(client, service):
    post(client, "/otp/proof", {"proof": "x" * 1024})

    assert service.proof.calls[0][1] == {"proof": "x" * 1024, "consume": False}


@pytest.mark.parametrize(
    "body",
    [
        StartBody(phone="+380671234567", client_ip="192.0.2.7"),
        VerifyBody(verification_id="x" * 36, code="918273"),
        ProofBody(proof="proof-of-somebody"),
        ApprovalReply(
            verification_id="x" * 36,
            status="approved",
            purpose="login",
            phone="+380671234567",
            proof="proof-of-somebody",
            proof_expires_in=600,
        ),
        ActiveProof(
            active=True,
            verification_id="x" * 36,
            phone="+380671234567",
            purpose="login",
            application="shop",
            verified_at="2026-01-01T00:00:00.000Z",
        ),
    ],
    ids=lambda body: type(body).__name__,
)
def test_no_representation_shows_number_code_proof_or_address(body):
    shown = f"{body!r} {body!s}"

    assert not [
        text
        for text in ("380671234567", "918273", "proof-of-somebody", "192.0.2.7")
        if text in shown
    ]
