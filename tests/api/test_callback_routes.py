from datetime import timedelta

import pytest

from otp_service.domain.receipt import Receipt, Reply
from otp_service.domain.verification import DeliveryState
from otp_service.errors import FieldProblem, InvalidRequest, StoreUnavailable

SECRET, OTHER = "callback-secret-of-the-tests-number-one", "callback-secret-of-the-tests-two"
BODY = {"status": "seen", "requestId": "b81e", "anything": None}
RECEIPT = Receipt("b81e", DeliveryState.SEEN)
REPLY = Reply("+380671234567", "b81e")
KINDS = pytest.mark.parametrize("kind", ["receipt", "reply"])


@pytest.fixture
def calling(service):
    """The service with its callbacks open; whoever calls has no API key."""
    service.callback_secrets = (SECRET, OTHER)
    service.read_receipt.answer = RECEIPT
    service.read_reply.answer = REPLY
    return service.app().test_client()


def url(kind, secret=SECRET):
    return f"/callbacks/nxcloud/{secret}/{kind}"


def code_of(reply):
    assert reply.mimetype == "application/problem+json"
    return reply.status_code, reply.json["code"]


def handed_over(service, kind):
    verb = {"receipt": service.receive, "reply": service.hear}[kind]
    return [args for args, _ in verb.calls]


@KINDS
@pytest.mark.parametrize("secret", [SECRET, OTHER], ids=["newest", "older"])
def test_what_the_provider_tells_is_handed_over(calling, service, kind, secret):
    reply = calling.post(url(kind, secret), json=BODY)

    assert (reply.status_code, reply.json) == (200, {"status": "ok"})
    expected = {"receipt": RECEIPT, "reply": REPLY}[kind]
    assert handed_over(service, kind) == [(expected,)]


def test_body_is_read_whatever_else_is_in_it(calling, service):
    calling.post(url("receipt"), json=BODY | {"message": "line\nline\u0000", "x": {"y": [None]}})

    ((content,), _) = service.read_receipt.calls[0]
    assert content["x"] == {"y": [None]}


@KINDS
@pytest.mark.parametrize(
    "secret",
    ["wrong", SECRET[:-1], SECRET + "x", SECRET.upper(), "%20", "é", "%C3%28"],
    ids=["other", "shorter", "longer", "capitals", "blank", "not ascii", "not utf-8"],
)
def test_wrong_secret_finds_nothing(calling, service, kind, secret):
    reply = calling.post(url(kind, secret), json=BODY)

    assert code_of(reply) == (404, "not_found")
    assert handed_over(service, kind) == []


@KINDS
def test_without_secrets_nothing_is_open(service, kind):
    client = service.app().test_client()

    assert code_of(client.post(url(kind), json=BODY)) == (404, "not_found")


@KINDS
def test_wrong_secret_says_no_more_whatever_the_body(calling, kind):
    reply = calling.post(url(kind, "wrong"), data=b"no json", content_type="text/plain")

    assert code_of(reply) == (404, "not_found")


def test_every_accepted_secret_is_compared_to_the_end(calling, monkeypatch):
    compared = []

    def compare(given, known):
        compared.append(known)
        return given == known

    monkeypatch.setattr("otp_service.api.callback_routes.hmac.compare_digest", compare)

    calling.post(url("receipt"), json=BODY)

    assert compared == [SECRET.encode(), OTHER.encode()]


@KINDS
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"text"', b"1", b"null", b"\xff", b"[" * 16_000],
    ids=["empty", "broken", "list", "text", "number", "null", "not utf-8", "deep"],
)
def test_body_that_is_no_object_is_refused(calling, service, kind, body):
    reply = calling.post(url(kind), data=body, content_type="application/json")

    assert code_of(reply) == (400, "invalid_request")
    assert handed_over(service, kind) == []


@KINDS
def test_empty_body_is_refused_whatever_its_type(calling, kind):
    assert code_of(calling.post(url(kind))) == (400, "invalid_request")


@KINDS
def test_body_that_does_not_say_it_is_json_is_refused(calling, kind):
    reply = calling.post(url(kind), data=b"{}", content_type="text/plain")

    assert code_of(reply) == (415, "unsupported_media_type")


def test_body_over_the_bound_is_refused(calling):
    reply = calling.post(url("receipt"), json={"message": "x" * 17_000})

    assert code_of(reply) == (413, "payload_too_large")


@KINDS
def test_what_the_reader_refuses_is_named(calling, service, kind):
    refusal = InvalidRequest(FieldProblem("/status", "must be one of seen"))
    service.read_receipt.answer = service.read_reply.answer = refusal

    reply = calling.post(url(kind), json=BODY)

    assert code_of(reply) == (400, "invalid_request")
    assert reply.json["errors"] == [{"pointer": "#/status", "detail": "must be one of seen"}]


@KINDS
def test_store_away_makes_the_provider_send_it_again(calling, service, kind):
    away = StoreUnavailable("The store did not answer.", retry_after=timedelta(seconds=1))
    service.receive.answer = service.hear.answer = away

    reply = calling.post(url(kind), json=BODY)

    assert code_of(reply) == (503, "store_unavailable")
    assert reply.headers["Retry-After"] == "1"


@KINDS
def test_other_methods_are_refused(calling, kind):
    assert code_of(calling.get(url(kind))) == (405, "method_not_allowed")


def test_secret_is_in_no_event_and_no_representation(calling, service):
    calling.post(url("receipt"), json=BODY)
    calling.post(url("receipt", "wrong"), json=BODY)

    assert SECRET not in repr(service.journal.events)
    assert {event.route for event in service.journal.events} == {
        "/callbacks/nxcloud/<secret>/receipt"
    }


def test_callbacks_are_in_no_api_document(calling):
    assert "callbacks" not in calling.get("/openapi/openapi.json").text
