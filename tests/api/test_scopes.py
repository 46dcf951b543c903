import pytest
from flask import Flask

from otp_service.api.exchange import Exchange
from otp_service.api.incoming import ApiRequest
from otp_service.api.scopes import SCOPE_OF_ROUTE, check_scope, is_protected
from otp_service.api.working_places import WorkingPlaces
from otp_service.domain.api_key import EVERY_SCOPE, Scope
from otp_service.errors import Forbidden

ID = "A1b2C3d4E5f6G7h8I9j0K1L2M3n4O5p6Q7r8"
CALLS = [
    pytest.param("POST", "/otp/start", "start", id="start"),
    pytest.param("POST", "/otp/resend", "start", id="resend"),
    pytest.param("POST", "/otp/cancel", "start", id="cancel"),
    pytest.param("POST", "/otp/verify", "verify", id="verify"),
    pytest.param("GET", f"/otp/verifications/{ID}", "status", id="status"),
    pytest.param("HEAD", f"/otp/verifications/{ID}", "status", id="head of status"),
    pytest.param("POST", "/otp/proof", "status", id="proof"),
    pytest.param("POST", "/otp/client-tokens", "tokens", id="mint"),
    pytest.param("OPTIONS", "/otp/start", "start", id="options of start"),
]
START = {"phone": "+380671234567", "client_ip": "203.0.113.7"}


@pytest.fixture
def client_with(service, make_caller):
    """Give a client whose key has these scopes and no other."""

    def give(*scopes):
        service.keys["key"] = make_caller("shop", key_id="narrow", scopes=frozenset(scopes))
        client = service.app().test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = "Bearer key"
        return client

    return give


def test_every_protected_route_has_its_row_and_no_row_is_left_over(service):
    rules = {rule.rule for rule in service.app().url_map.iter_rules()}

    assert {rule for rule in rules if is_protected(rule)} == set(SCOPE_OF_ROUTE)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/otp", True),
        ("/otp/", True),
        ("/otp/start", True),
        ("/otpx", False),
        ("/OTP/start", False),
        ("/", False),
        ("/metrics", False),
    ],
)
def test_what_is_under_otp_is_protected_and_nothing_else(path, expected):
    assert is_protected(path) is expected


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_the_one_scope_of_a_route_is_enough(client_with, method, path, scope):
    reply = client_with(Scope(scope)).open(path, method=method)

    assert reply.status_code in {200, 400}


@pytest.mark.parametrize("body", [b"", b"\xff" * 20_000, b"{"], ids=["none", "too long", "broken"])
@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_all_the_other_scopes_are_forbidden_before_the_body_is_looked_at(
    client_with, service, *, method, path, scope, body
):
    client = client_with(*EVERY_SCOPE - {Scope(scope)})

    reply = client.open(path, method=method, data=body)

    assert reply.status_code == 403
    assert reply.content_type == "application/problem+json"
    if method != "HEAD":
        assert reply.json["code"] == "forbidden"
        assert reply.json["detail"] == f"This key lacks the scope '{scope}'."
    assert service.calls() == 0


def test_a_body_that_is_forbidden_is_not_loaded(client_with, monkeypatch):
    loaded = []
    monkeypatch.setattr(ApiRequest, "load_body", lambda request: loaded.append(request.path))

    client_with(Scope.VERIFY).post("/otp/start", json={"phone": "+380671234567"})

    assert loaded == []


@pytest.mark.parametrize("key", [None, "Bearer unknown"])
def test_the_key_is_asked_for_before_its_scope(service, make_caller, key):
    service.keys = {"key": make_caller("shop", scopes=frozenset())}
    headers = {"Authorization": key} if key else {}

    reply = service.app().test_client().post("/otp/start", headers=headers)

    assert reply.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/otp/nothing", 404), ("GET", "/otp/start", 405), ("DELETE", "/otp/verify", 405)],
)
def test_where_there_is_no_route_no_scope_is_asked_for(client_with, method, path, status):
    assert client_with(Scope.TOKENS).open(path, method=method).status_code == status


def test_the_scope_is_looked_at_before_the_host_name(client_with, service):
    service.allowed_hosts = frozenset({"localhost"})
    client = client_with(Scope.VERIFY)

    reply = client.post("/otp/start", headers={"Host": "rebound.example"})

    assert reply.json["detail"] == "This key lacks the scope 'start'."


def test_a_client_address_without_its_scope_is_forbidden_and_starts_nothing(client_with, service):
    reply = client_with(Scope.START).post("/otp/start", json=START)

    assert (reply.status_code, reply.json["code"]) == (403, "forbidden")
    assert reply.json["detail"] == "This key lacks the scope 'client_ip'."
    assert "203.0.113.7" not in reply.text
    assert service.calls() == 0


def test_a_client_address_with_its_scope_is_taken(client_with, service):
    reply = client_with(Scope.START, Scope.CLIENT_IP).post("/otp/start", json=START)

    assert reply.status_code == 201
    ((call, _), _) = service.start.calls[0]
    assert call.address_tag == service.addresses.tag("203.0.113.7")


def test_without_a_client_address_its_scope_is_not_asked_for(client_with):
    reply = client_with(Scope.START).post("/otp/start", json={"phone": "+380671234567"})

    assert reply.status_code == 201


def test_a_route_without_a_row_is_for_nobody(service, make_caller):
    with pytest.raises(Forbidden):
        check_scope(make_caller("shop"), "/otp/forgotten")


def test_a_protected_route_that_somebody_forgot_is_closed(service):
    app = Flask(__name__)
    app.request_class = ApiRequest
    Exchange(
        admission=service.admission(),
        operators=service.operators,
        places=WorkingPlaces(1),
        allowed_hosts=None,
        journal=service.journal,
        bind_request_id=service.bound_ids.append,
    ).install(app)
    app.get("/otp/forgotten")(lambda: "open")

    reply = app.test_client().get("/otp/forgotten", headers={"Authorization": "Bearer key-of-shop"})

    assert (reply.status_code, reply.json["code"]) == (403, "forbidden")


def test_a_refused_call_is_a_use_of_the_key_and_noted_with_its_name(client_with, service):
    client_with(Scope.VERIFY).post("/otp/start")

    (event,) = service.journal.events
    assert (event.application, event.key, event.status) == ("shop", "narrow", 403)
    assert service.used == ["print-of-shop-narrow"]
