"""What a client token opens, and everything that an attacker would try with one."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from otp_service.api.peer import TrustedProxies
from otp_service.domain.api_key import EVERY_SCOPE, Scope
from otp_service.domain.client_token import ClientTokenScheme
from otp_service.domain.context import MAX_CANONICAL_BYTES, Context
from otp_service.domain.identity import IdScheme
from otp_service.domain.message_text import MessageRequest
from otp_service.domain.proof import ProofScheme
from otp_service.errors import Forbidden, PhoneInvalid
from otp_service.service.mint import Minted
from otp_service.service.verify import Approval

ID = "A1b2C3d4E5f6G7h8I9j0K1L2M3n4O5p6Q7r8"
PHONE = "+380671234567"
START = {"phone": PHONE}
VERIFY = {"verification_id": ID, "code": "123456"}
RESEND = {"verification_id": ID}
MESSAGE = {"business_name": "Example Bank", "reason": "a payment"}


@pytest.fixture
def holder(service, make_token):
    """Give a client that holds a token which says these things."""

    def give(**said):
        client = service.app().test_client()
        text = service.tokens.write(make_token(**said))
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {text}"
        return client

    return give


@pytest.fixture(autouse=True)
def answers(service):
    service.verify.answer = Approval(ID, "login", PHONE, "proof", timedelta(minutes=10))
    service.mint.answer = Minted("otp_ct_abc.def", timedelta(minutes=10))


def refused(reply, status=403, code="forbidden"):
    return (reply.status_code, reply.json["code"]) == (status, code)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("/otp/start", START, 201), ("/otp/verify", VERIFY, 200), ("/otp/resend", RESEND, 200)],
)
def test_token_starts_verifies_and_resends(service, holder, path, body, status):
    reply = holder().post(path, json=body)

    assert reply.status_code == status
    ((call, *_), _) = getattr(service, path.rpartition("/")[2]).calls[0]
    assert (call.application.id, call.key_id) == ("shop", "web")
    assert call.token_id == "A1b2C3d4E5f6G7h8"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/otp/cancel"),
        ("POST", "/otp/proof"),
        ("POST", "/otp/client-tokens"),
        ("GET", f"/otp/verifications/{ID}"),
        ("HEAD", f"/otp/verifications/{ID}"),
        ("GET", "/otp/start"),
        ("PUT", "/otp/verify"),
        ("GET", "/otp"),
        ("POST", "/otp/nothing"),
        ("POST", "/otp/start/"),
        ("POST", "/otp/START"),
    ],
)
def test_token_opens_nothing_else(service, holder, method, path):
    reply = holder().open(path, method=method, data=b"\xff" * 20_000)

    assert reply.status_code == 403
    assert service.calls() == 0
    assert service.mint.calls == []


def test_token_of_a_key_with_every_scope_has_none_of_them(service, holder):
    assert service.keys["key-of-shop"].scopes == EVERY_SCOPE

    assert refused(holder().post("/otp/cancel", json=RESEND))


# What the token is bound to.


def test_purpose_that_is_not_named_is_the_token_s(service, holder):
    client = holder(purpose="payment")

    client.post("/otp/start", json=START)
    client.post("/otp/verify", json=VERIFY)

    ((_, command), _) = service.start.calls[0]
    assert command.purpose == "payment"
    assert service.verify.calls[0][1]["purpose"] == "payment"


@pytest.mark.parametrize(("path", "body"), [("/otp/start", START), ("/otp/verify", VERIFY)])
def test_purpose_may_be_named_as_the_token_has_it_and_no_other(service, holder, path, body):
    client = holder(purpose="payment")

    right = client.post(path, json=body | {"purpose": "payment"})
    wrong = [client.post(path, json=body | {"purpose": each}) for each in ("login", "payment-")]

    assert right.status_code in {200, 201}
    assert all(refused(reply) for reply in wrong)
    assert service.calls() == 1


def test_number_is_bound_to_the_token_s(service, holder):
    holder(number_tag="tag-of-number-").post("/otp/start", json=START)

    ((_, command), _) = service.start.calls[0]
    assert command.only_number_tag == "tag-of-number-"


def test_token_without_a_number_starts_any(service, holder):
    holder().post("/otp/start", json=START)

    ((_, command), _) = service.start.calls[0]
    assert command.only_number_tag is None


@pytest.mark.parametrize(
    "message",
    [MESSAGE, {"reason": "Call 555 now"}, {"template_id": 3}, {"pin_type": "password"}],
)
def test_stranger_writes_no_words_into_a_trusted_message(service, holder, message):
    reply = holder().post("/otp/start", json=START | {"message": message})

    assert refused(reply)
    assert service.calls() == 0
    assert "555" not in reply.text


def test_token_s_words_stand_and_no_others(service, holder):
    client = holder(message=MessageRequest(**MESSAGE))

    absent = client.post("/otp/start", json=START)
    same = client.post("/otp/start", json=START | {"message": MESSAGE})
    other = client.post("/otp/start", json=START | {"message": MESSAGE | {"action": "more"}})
    fewer = client.post("/otp/start", json=START | {"message": {}})

    assert (absent.status_code, same.status_code) == (201, 201)
    assert refused(other)
    assert refused(fewer)
    assert [command.message for (_, command), _ in service.start.calls] == [
        MessageRequest(**MESSAGE)
    ] * 2


def test_client_ip_is_refused_unless_the_token_carries_it(service, holder):
    reply = holder().post("/otp/start", json=START | {"client_ip": "203.0.113.7"})

    assert refused(reply)
    assert "203.0.113.7" not in reply.text
    assert service.calls() == 0


def test_token_s_address_stands_wherever_the_token_is_used(service, holder):
    tag = service.addresses.tag("203.0.113.7")
    client = holder(address_tag=tag)

    client.post("/otp/start", json=START, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    same = client.post("/otp/start", json=START | {"client_ip": "203.0.113.7"})
    other = client.post("/otp/start", json=START | {"client_ip": "203.0.113.8"})

    assert same.status_code == 201
    assert refused(other)
    assert {call.address_tag for (call, _), _ in service.start.calls} == {tag}


@pytest.mark.parametrize(
    ("path", "body"), [("/otp/start", START), ("/otp/verify", VERIFY), ("/otp/resend", RESEND)]
)
def test_without_one_the_address_is_the_connection_s(service, holder, path, body):
    holder().post(
        path,
        json=body,
        environ_base={"REMOTE_ADDR": "192.0.2.1"},
        headers={"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"},
    )

    ((call, *_), _) = getattr(service, path.rpartition("/")[2]).calls[0]
    assert call.address_tag == service.addresses.tag("192.0.2.1")


def test_behind_a_proxy_it_is_the_one_the_proxy_saw(service, holder):
    service.proxies = TrustedProxies(hops=1)

    holder().post(
        "/otp/start",
        json=START,
        environ_base={"REMOTE_ADDR": "192.0.2.1"},
        headers=[("X-Forwarded-For", "198.51.100.66"), ("X-Forwarded-For", "203.0.113.9")],
    )

    ((call, _), _) = service.start.calls[0]
    assert call.address_tag == service.addresses.tag("203.0.113.9")


def test_connection_of_an_api_key_is_its_back_end_s_and_no_user_s(client, service):
    client.post("/otp/start", json=START, headers={"X-Forwarded-For": "203.0.113.9"})

    ((call, _), _) = service.start.calls[0]
    assert (call.address_tag, call.token_id) == (None, None)


# How long it is good.


def test_expired_token_starts_nothing_and_sees_through_what_it_started(service, holder):
    client = holder()
    service.now += timedelta(minutes=10)

    assert refused(client.post("/otp/start", json=START), 401, "unauthenticated")
    assert client.post("/otp/verify", json=VERIFY).status_code == 200
    assert client.post("/otp/resend", json=RESEND).status_code == 200


def test_token_is_good_to_its_last_moment(service, holder):
    client = holder()
    service.now += timedelta(minutes=10) - timedelta(milliseconds=1)

    assert client.post("/otp/start", json=START).status_code == 201


@pytest.mark.parametrize(
    "path", ["/otp/cancel", "/otp/proof", "/otp/nothing", "/otp/client-tokens"]
)
def test_expired_token_is_unknown_elsewhere(service, holder, path):
    client = holder()
    service.now += timedelta(minutes=10)

    assert refused(client.post(path), 401, "unauthenticated")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"fingerprint": "print-of-another-key"}, id="removed"),
        pytest.param({"scopes": EVERY_SCOPE - {Scope.TOKENS}}, id="may not mint any more"),
        pytest.param({"expires_at": "now"}, id="expired"),
    ],
)
def test_without_its_key_a_token_starts_nothing_and_sees_things_through(service, holder, change):
    if "expires_at" in change:
        change = {"expires_at": service.now}
    service.keys["key-of-shop"] = replace(service.keys["key-of-shop"], **change)
    client = holder()

    assert refused(client.post("/otp/start", json=START), 401, "unauthenticated")
    assert client.post("/otp/verify", json=VERIFY).status_code == 200
    assert client.post("/otp/resend", json=RESEND).status_code == 200


def test_same_fingerprint_at_another_application_keeps_no_token_alive(service, holder):
    print_ = service.keys["key-of-shop"].fingerprint
    service.keys["key-of-bank"] = replace(service.keys["key-of-bank"], fingerprint=print_)
    service.keys["key-of-shop"] = replace(service.keys["key-of-shop"], fingerprint="new")

    assert refused(holder().post("/otp/start", json=START), 401, "unauthenticated")


# Tokens that are none.


def test_token_of_an_application_that_is_gone_is_unknown(service, holder):
    del service.keys["key-of-shop"]

    assert refused(holder().post("/otp/verify", json=VERIFY), 401, "unauthenticated")


def test_token_names_its_application_and_none_can_be_told_otherwise(service, holder):
    holder(application_id="bank", key_fingerprint="print-of-bank-web").post(
        "/otp/start", json=START
    )

    ((call, _), _) = service.start.calls[0]
    assert call.application.id == "bank"


@pytest.mark.parametrize(
    "alter",
    [
        pytest.param(lambda text: text[:-1], id="cut"),
        pytest.param(lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"), id="last letter"),
        pytest.param(lambda text: text[:20] + "AAAA" + text[24:], id="within"),
        pytest.param(lambda text: text.replace("otp_ct_", "otp_live_"), id="as an API key"),
        pytest.param(lambda text: text.removeprefix("otp_ct_"), id="without its prefix"),
        pytest.param(lambda text: text + "=", id="padded"),
        pytest.param(lambda text: text.rpartition(".")[0], id="without a signature"),
        pytest.param(lambda text: text.upper(), id="other case"),
        pytest.param(lambda text: "otp_ct_" + "A" * 9_000, id="very long"),
    ],
)
def test_altered_token_is_unknown_and_noted_nowhere(service, make_token, alter, caplog):
    text = alter(service.tokens.write(make_token()))

    reply = (
        service.app()
        .test_client()
        .post("/otp/verify", json=VERIFY, headers={"Authorization": f"Bearer {text}"})
    )

    assert refused(reply, 401, "unauthenticated")
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    (event,) = service.journal.events
    assert (event.application, event.key, event.token) == (None, None, None)
    assert text not in caplog.text
    assert text not in reply.text


def test_token_of_another_installation_and_a_proof_are_unknown(service, make_token):
    client = service.app().test_client()
    foreign = ClientTokenScheme(signing_keys=[b"x" * 32], sealing_keys=[b"s" * 32])
    proof = ProofScheme([b"k" * 32]).sign(ID)

    for text in (foreign.write(make_token()), f"otp_ct_{proof}", proof):
        headers = {"Authorization": f"Bearer {text}"}
        assert refused(client.post("/otp/verify", headers=headers), 401, "unauthenticated")


def test_shown_twice_it_is_no_token(service, make_token):
    header = ("Authorization", f"Bearer {service.tokens.write(make_token())}")

    reply = service.app().test_client().post("/otp/verify", json=VERIFY, headers=[header] * 2)

    assert reply.status_code == 401


# What is noted.


@pytest.mark.parametrize("after", [timedelta(0), timedelta(hours=1)], ids=["living", "expired"])
def test_calls_are_noted_by_the_token_s_id_and_its_key_s_name_alone(service, holder, after):
    client = holder()
    service.now += after

    client.post("/otp/start", json=START)

    (event,) = service.journal.events
    assert (event.application, event.key, event.token) == ("shop", "web", "A1b2C3d4E5f6G7h8")
    assert service.used == []


def test_what_the_use_case_forbids_is_forbidden(service, holder):
    service.verify.answer = Forbidden("This client token did not start this verification.")

    assert refused(holder().post("/otp/verify", json=VERIFY))


# Minting.


@pytest.fixture
def minter(service, make_caller):
    def give(*scopes):
        service.keys["minter"] = make_caller("shop", key_id="minter", scopes=frozenset(scopes))
        client = service.app().test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = "Bearer minter"
        return client

    return give


def test_mint_gives_a_token_and_its_life(service, minter):
    body = {
        "purpose": "payment",
        "phone": PHONE,
        "client_ip": "203.0.113.7",
        "message": MESSAGE,
        "context": {"amount": "120.00"},
    }

    reply = minter(Scope.TOKENS, Scope.CLIENT_IP).post("/otp/client-tokens", json=body)

    assert reply.status_code == 201
    assert reply.json == {"token": "otp_ct_abc.def", "expires_in": 600}
    ((caller, call, command), _) = service.mint.calls[0]
    assert (caller.key_id, call.key_id) == ("minter", "minter")
    assert call.address_tag == service.addresses.tag("203.0.113.7")
    assert (command.purpose, command.phone) == ("payment", PHONE)
    assert command.message == MessageRequest(**MESSAGE)
    assert command.context == {"amount": "120.00"}


def test_everything_but_the_body_itself_may_be_left_out(service, minter):
    assert minter(Scope.TOKENS).post("/otp/client-tokens", json={}).status_code == 201

    ((_, call, command), _) = service.mint.calls[0]
    assert (command.purpose, command.phone, call.address_tag) == ("login", None, None)


def test_address_in_a_token_needs_its_own_scope(service, minter):
    reply = minter(Scope.TOKENS).post("/otp/client-tokens", json={"client_ip": "203.0.113.7"})

    assert refused(reply)
    assert service.mint.calls == []


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.TOKENS])
def test_minting_needs_its_scope(service, minter, scope):
    assert refused(minter(scope).post("/otp/client-tokens", json={}))
    assert service.mint.calls == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"purpose": "Login"}, "#/purpose"),
        ({"phone": 380}, "#/phone"),
        ({"client_ip": "203.0.113"}, "#/client_ip"),
        ({"message": {"text": "x"}}, "#/message/text"),
        ({"context": {str(n): "x" for n in range(17)}}, "#/context"),
        ({"context": {"k": "v" * MAX_CANONICAL_BYTES}}, "#/context"),
        ({"context": {"k": "é" * (MAX_CANONICAL_BYTES // 2)}}, "#/context"),
        ({"context": {"k": 1}}, "#/context/k"),
        ({"context": {"": "v"}}, "#/context/"),
        ({"starts": 5}, "#/starts"),
    ],
)
def test_what_a_token_cannot_carry_is_named(service, minter, body, pointer):
    reply = minter(*Scope).post("/otp/client-tokens", json=body)

    assert refused(reply, 400, "invalid_request")
    assert reply.json["errors"][0]["pointer"] == pointer
    assert service.mint.calls == []


def test_largest_context_is_taken(minter):
    context = {f"{n:02}": "v" * 55 for n in range(15)}
    context |= {"15": "v" * (MAX_CANONICAL_BYTES - 15 * 63 - 9)}
    assert len(json.dumps(context, separators=(",", ":"))) == MAX_CANONICAL_BYTES

    assert minter(*Scope).post("/otp/client-tokens", json={"context": context}).status_code == 201


def test_number_that_no_start_would_take_is_refused_alike(service, minter):
    service.mint.answer = PhoneInvalid("This is no phone number.")

    assert refused(minter(*Scope).post("/otp/client-tokens", json={}), 400, "phone_invalid")


def test_number_tags_of_the_token_and_of_the_start_are_the_same():
    ids = IdScheme(b"n" * 32)

    assert ids.number_tag(PHONE) == ids.new(PHONE).number_tag


def test_token_s_context_binds_start_and_verify_unnamed(service, holder):
    pairs = {"amount": "120.00", "payee": "Example Shop"}
    client = holder(context=pairs)

    client.post("/otp/start", json={"phone": PHONE})
    client.post("/otp/verify", json={"verification_id": ID, "code": "123456"})

    ((_, command), _) = service.start.calls[0]
    assert command.context == Context.of(pairs)
    assert service.verify.calls[0][1]["context"] == Context.of(pairs)
