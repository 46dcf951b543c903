import hmac
from hashlib import sha256

import pytest

from otp_service.api.operator_access import OperatorAccess

KEY = "otp_operator_" + "o" * 43
OTHER = "otp_operator_" + "p" * 43
GUARDED = [
    "/metrics",
    "/docs",
    "/docs/page.js",
    "/docs/nothing",
    "/openapi",
    "/openapi/openapi.json",
]


def digest(key):
    return sha256(key.encode()).digest()


def shown(key):
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def service(service):
    service.operators = OperatorAccess(keys=(digest(KEY), digest(OTHER)))
    service.reasons = ("Redis 5.0 is too old.",)
    return service


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "BREW"])
def test_what_operators_see_is_closed_to_everybody_else(anonymous, path, method):
    reply = anonymous.open(path, method=method)

    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert reply.content_type == "application/problem+json"


@pytest.mark.parametrize("key", [KEY, OTHER], ids=["first", "second"])
@pytest.mark.parametrize("path", ["/metrics", "/docs", "/docs/page.js", "/openapi/openapi.json"])
def test_every_operator_s_key_opens_it(anonymous, path, key):
    assert anonymous.get(path, headers=shown(key)).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer key-of-shop",
        f"Bearer {KEY[:-1]}",
        f"Bearer {KEY}x",
        f"Bearer {KEY},Bearer {OTHER}",
        f"Basic {KEY}",
        KEY,
        f"Bearer {digest(KEY).hex()}",
        "Bearer ",
        "",
    ],
    ids=["API key", "cut", "longer", "two", "basic", "bare", "hash", "none", "empty"],
)
def test_nothing_else_opens_it(anonymous, authorization):
    reply = anonymous.get("/metrics", headers={"Authorization": authorization})

    assert reply.status_code == 401


def test_without_any_key_in_the_settings_it_stays_closed(service):
    service.operators = OperatorAccess()
    client = service.app().test_client()

    for authorization in ("", "Bearer ", "Bearer x", f"Bearer {KEY}"):
        headers = {"Authorization": authorization}
        assert client.get("/metrics", headers=headers).status_code == 401


@pytest.mark.parametrize("path", ["/otp/verifications/x", "/otp/nothing", "/otp"])
def test_an_operator_s_key_is_good_for_no_call(anonymous, service, path):
    assert anonymous.get(path, headers=shown(KEY)).status_code == 401
    assert service.calls() == 0


def test_public_docs_are_for_everybody_and_metrics_are_not(service):
    service.operators = OperatorAccess(keys=(digest(KEY),), has_public_docs=True)
    client = service.app().test_client()

    paths = ["/docs", "/docs/page.js", "/openapi/openapi.json", "/metrics"]
    assert [client.get(path).status_code for path in paths] == [200, 200, 200, 401]


@pytest.mark.parametrize("headers", [{}, shown("key-of-shop")], ids=["nobody", "application"])
def test_the_reasons_are_told_to_operators_alone(anonymous, headers):
    reply = anonymous.get("/readyz", headers=headers)

    assert (reply.status_code, reply.json["code"]) == (503, "store_unavailable")
    assert "Redis" not in reply.text
    assert "Redis 5.0" in anonymous.get("/readyz", headers=shown(KEY)).json["detail"]


@pytest.mark.parametrize("headers", [{}, shown("wrong"), shown(KEY)])
def test_load_balancers_need_no_key(anonymous, service, headers):
    service.reasons = ()

    assert anonymous.get("/healthz", headers=headers).status_code == 200
    assert anonymous.get("/readyz", headers=headers).status_code == 200


def test_every_route_is_under_otp_or_guarded_or_meant_for_everybody(service):
    # Whoever adds a route decides here for whom it is.
    client = service.app().test_client()
    for_everybody = {"/healthz", "/readyz"}

    for rule in service.app().url_map.iter_rules():
        path = rule.rule.replace("<", "").replace(">", "")
        if path.startswith("/callbacks/") or path in for_everybody:
            continue
        assert client.get(path).status_code == 401, path


def test_every_known_key_is_compared_to_the_end(monkeypatch):
    compared = []

    def noting(known, given):
        compared.append(known)
        return known == given

    monkeypatch.setattr(hmac, "compare_digest", noting)
    access = OperatorAccess(keys=(digest(KEY), digest(OTHER)))

    assert access.knows(f"Bearer {KEY}")
    assert compared == [digest(KEY), digest(OTHER)]


def test_keys_are_in_no_repr():
    assert digest(KEY).hex() not in repr(OperatorAccess(keys=(digest(KEY),)))
    assert "keys" not in repr(OperatorAccess(keys=(digest(KEY),)))
