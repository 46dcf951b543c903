"""The Idempotency-Key as callers write it, and what the use cases get to know of it."""

from datetime import timedelta

import pytest

from otp_service.api.idempotency import read_key, with_idempotency
from otp_service.api.incoming import current_request
from otp_service.domain.call import Call
from otp_service.domain.context import Context
from otp_service.errors import IdempotencyKeyReused, InvalidRequest, RequestInProgress
from otp_service.service.verify import Approval

ID = "A1b2C3d4E5f6G7h8I9j0K1L2M3n4O5p6Q7r8"
OTHER_ID = "B1b2C3d4E5f6G7h8I9j0K1L2M3n4O5p6Q7r8"
KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"
BODIES = {
    "start": {"phone": "+380671234567"},
    "resend": {"verification_id": ID},
    "verify": {"verification_id": ID, "code": "123456"},
}


@pytest.fixture
def ask(client, service):
    service.verify.answer = Approval(ID, "login", "+380671234567", "proof", timedelta(minutes=10))

    def ask(name, key=f'"{KEY}"', body=None, **headers):
        if key is not None:
            headers["Idempotency-Key"] = key
        return client.post(f"/otp/{name}", json=body or BODIES[name], headers=headers)

    return ask


@pytest.fixture
def given(ask, service):
    """What a request told the use case of its key."""

    def given(name, **request):
        assert ask(name, **request).status_code in {200, 201}
        return getattr(service, name).calls[-1][0][0].idempotency

    return given


@pytest.mark.parametrize("name", BODIES)
def test_without_the_header_there_is_no_key(given, name):
    assert given(name, key=None) is None


@pytest.mark.parametrize("name", BODIES)
def test_a_bare_key_is_the_quoted_one(given, name):
    assert given(name, key=KEY) == given(name) is not None


@pytest.mark.parametrize("name", BODIES)
def test_members_in_another_order_are_the_same_request(given, name):
    body = BODIES[name] | {"purpose": "login"} if name != "resend" else BODIES[name]

    assert given(name, body=dict(reversed(body.items()))) == given(name, body=body)


def test_the_same_key_of_another_caller_is_another(given):
    theirs = given("verify", Authorization="Bearer key-of-bank")

    assert theirs.name != given("verify").name


def test_each_client_token_has_keys_of_its_own(service, make_caller):
    request = {"method": "POST", "json": BODIES["verify"], "headers": {"Idempotency-Key": KEY}}
    caller = make_caller("shop")
    with service.app().test_request_context("/otp/verify", **request):
        current_request().caller = caller
        current_request().load_body()

        names = {
            with_idempotency(Call(caller.application, token_id=token)).idempotency.name
            for token in (None, "one", "two")
        }

    assert len(names) == 3


def test_the_same_key_on_another_path_or_verification_is_another(given):
    names = {
        given("start").name,
        given("resend").name,
        given("verify").name,
        given("verify", body={"verification_id": OTHER_ID, "code": "123456"}).name,
    }

    assert len(names) == 4


@pytest.mark.parametrize(
    "change",
    [{"code": "123 456"}, {"code": "123457"}, {"purpose": "login"}, {"context": {"a": "b"}}],
    ids=str,
)
def test_another_body_is_known_for_another(given, change):
    other = given("verify", body=BODIES["verify"] | change)

    assert other.name == given("verify").name
    assert other.fingerprint != given("verify").fingerprint


def test_the_locale_is_part_of_the_body(given):
    start = BODIES["start"]

    assert given("start", body=start | {"locale": "uk"}) != given("start", body=start)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (KEY, KEY),
        (f'"{KEY}"', KEY),
        ('"a b, c"', "a b, c"),
        (r'"a\"b\\c"', r"a\"b\\c".replace(r"\"", '"').replace(r"\\", "\\")),
        ("YWJj/+==", "YWJj/+=="),
        ("k" * 255, "k" * 255),
        (f'"{"k" * 255}"', "k" * 255),
    ],
)
def test_a_key_is_read(text, key):
    assert read_key(text) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        '""',
        '"',
        '"open',
        'open"',
        'a"b',
        r'"a\b"',
        f'"{KEY}", "{KEY}"',
        f"{KEY},{KEY}",
        f'"{KEY}";a=1',
        "two words",
        "k" * 256,
        f'"{"k" * 256}"',
        "ключ",
        '"ключ"',
        '"a\tb"',
        "a\\b",
    ],
    ids=ascii,
)
def test_what_is_no_key_is_refused(text):
    with pytest.raises(InvalidRequest, match="Idempotency-Key"):
        read_key(text)


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("key", ["", '"', "k" * 256])
def test_a_malformed_key_does_nothing(ask, service, name, key):
    reply = ask(name, key=key)

    assert (reply.status_code, reply.json["code"]) == (400, "invalid_request")
    assert "Idempotency-Key" in reply.json["detail"]
    assert service.calls() == 0


def test_a_key_in_two_lines_is_refused(client, service):
    headers = [("Idempotency-Key", KEY), ("Idempotency-Key", KEY)]

    reply = client.post("/otp/start", json=BODIES["start"], headers=headers)

    assert reply.status_code == 400
    assert service.calls() == 0


@pytest.mark.parametrize("name", BODIES)
def test_a_key_with_another_body_is_unprocessable(ask, service, name):
    getattr(service, name).answer = IdempotencyKeyReused()

    reply = ask(name)

    assert (reply.status_code, reply.json["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("name", ["start", "resend"])
def test_a_key_whose_request_still_runs_says_for_how_long(ask, service, name):
    getattr(service, name).answer = RequestInProgress(retry_after=timedelta(seconds=11.2))

    reply = ask(name)

    assert (reply.status_code, reply.json["code"]) == (409, "request_in_progress")
    assert reply.headers["Retry-After"] == "12"


def test_a_key_reaches_no_log_and_no_reply(ask, service):
    reply = ask("start")

    assert KEY not in reply.text + str(reply.headers) + repr(service.journal.events)
    assert KEY not in repr(service.start.calls)


@pytest.mark.parametrize("name", ["start", "verify"])
def test_a_context_reaches_the_use_case(ask, service, name):
    pairs = {"payee": "Nova", "amount": "250.00"}

    ask(name, body=BODIES[name] | {"context": pairs})

    args, kwargs = getattr(service, name).calls[0]
    assert (kwargs["context"] if name == "verify" else args[1].context) == Context.of(pairs)
    assert "250.00" not in repr((args, kwargs))


@pytest.mark.parametrize("name", ["start", "verify"])
@pytest.mark.parametrize(
    "pairs",
    [
        {},
        {"": "x"},
        {"k" * 65: "x"},
        {"a": 1},
        {"a": None},
        {"a": ["b"]},
        {"a": {"b": "c"}},
        {"a": "b\n"},
        {f"k{at}": "" for at in range(17)},
        {"a": "x" * 1017},
        {"a": "é" * 509},
        ["a"],
        "a",
    ],
    ids=lambda pairs: ascii(pairs)[:24],
)
def test_what_is_no_context_is_refused(ask, service, name, pairs):
    reply = ask(name, body=BODIES[name] | {"context": pairs})

    assert (reply.status_code, reply.json["code"]) == (400, "invalid_request")
    assert all(error["pointer"].startswith("#/context") for error in reply.json["errors"])
    assert service.calls() == 0


@pytest.mark.parametrize(
    "pairs", [{f"k{at}": "" for at in range(16)}, {"a": "x" * 1016}, {"k" * 64: ""}], ids=len
)
def test_a_context_at_its_bounds_is_taken(ask, pairs):
    assert ask("start", body=BODIES["start"] | {"context": pairs}).status_code == 201


def test_a_repeated_name_in_a_context_is_refused(client):
    body = '{"phone": "+380671234567", "context": {"a": "1", "a": "2"}}'

    reply = client.post("/otp/start", data=body, content_type="application/json")

    assert reply.status_code == 400
