import re
from datetime import timedelta

import pytest

from otp_service.domain.events import RequestServed
from otp_service.errors import CodeIncorrect, ResendTooSoon

ID = "A1b2C3d4E5f6G7h8I9j0K1L2M3n4O5p6Q7r8"
GUARDED = [
    ("POST", "/otp/start"),
    ("POST", "/otp/verify"),
    ("POST", "/otp/resend"),
    ("POST", "/otp/cancel"),
    ("POST", "/otp/proof"),
    ("GET", f"/otp/verifications/{ID}"),
    ("GET", "/otp"),
    ("GET", "/otp/"),
    ("GET", "/otp/nothing"),
    ("GET", "/otp/start"),
    ("OPTIONS", "/otp/start"),
    ("DELETE", f"/otp/verifications/{ID}"),
    ("BREW", "/otp/start"),
    ("GET", "/%6ftp/start"),
]
EVERYTHING = [
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/metrics", 200),
    ("GET", "/docs", 200),
    ("GET", "/docs/page.js", 200),
    ("GET", "/docs/nothing", 404),
    ("GET", "/openapi/openapi.json", 200),
    ("GET", "/nothing", 404),
    ("POST", "/healthz", 405),
    ("POST", "/otp/start", 400),
    ("GET", f"/otp/verifications/{ID}", 200),
    ("OPTIONS", "/otp/start", 200),
    ("HEAD", "/docs", 200),
]


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize("key", [None, "Bearer unknown", "Basic key-of-shop"])
def test_without_a_known_key_nothing_is_told(anonymous, service, method, path, key):
    headers = {"Authorization": key} if key else {}

    reply = anonymous.open(path, method=method, headers=headers, data=b"\xff" * 20_000)

    assert (reply.status_code, reply.json["code"]) == (401, "unauthenticated")
    assert reply.headers.getlist("WWW-Authenticate") == ["Bearer"]
    assert reply.content_type == "application/problem+json"
    assert service.calls() == 0


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/metrics", "/docs", "/otpx", "/OTP/start"]
)
def test_outside_otp_no_key_is_asked_for(anonymous, path):
    assert anonymous.get(path).status_code in {200, 404}


def test_two_keys_are_no_key(anonymous):
    reply = anonymous.post(
        "/otp/start",
        json={"phone": "+380671234567"},
        headers=[("Authorization", "Bearer key-of-shop")] * 2,
    )

    assert reply.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/", 404, "not_found"),
        ("GET", "/otp", 404, "not_found"),
        ("POST", "/otp/start/", 404, "not_found"),
        ("POST", "//otp/start", 404, "not_found"),
        ("POST", "/otp//start", 404, "not_found"),
        ("GET", "/healthz/", 404, "not_found"),
        ("GET", "/docs/", 404, "not_found"),
        ("GET", "/docs/../factory.py", 404, "not_found"),
        ("GET", "/openapi", 404, "not_found"),
        ("GET", "/static/x", 404, "not_found"),
        ("GET", "/otp/start", 405, "method_not_allowed"),
        ("PUT", "/otp/verify", 405, "method_not_allowed"),
        ("POST", f"/otp/verifications/{ID}", 405, "method_not_allowed"),
        ("DELETE", "/docs", 405, "method_not_allowed"),
        ("TRACE", "/healthz", 405, "method_not_allowed"),
        ("BREW", "/metrics", 405, "method_not_allowed"),
    ],
)
def test_a_wrong_path_or_method_is_a_problem_and_never_a_page(client, method, path, status, code):
    reply = client.open(path, method=method, data=b"x" * 20_000)

    assert (reply.status_code, reply.json["code"]) == (status, code)
    assert reply.content_type == "application/problem+json"
    assert reply.json["status"] == status


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/otp/start", {"POST", "OPTIONS"}),
        ("POST", "/metrics", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(client, method, path, allowed):
    reply = client.open(path, method=method)

    assert set(reply.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(("method", "path", "status"), EVERYTHING)
def test_every_reply_carries_the_common_headers(client, method, path, status):
    reply = client.open(path, method=method, headers={"X-Request-Id": "Abc.1_2-3"})

    assert reply.status_code == status
    assert reply.headers.getlist("Cache-Control") == ["no-store"]
    assert reply.headers.getlist("X-Request-Id") == ["Abc.1_2-3"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert reply.headers["Referrer-Policy"] == "no-referrer"


def test_refusals_carry_the_common_headers_too(anonymous):
    replies = [
        anonymous.post("/otp/start", headers={"X-Request-Id": "abc"}),
        anonymous.get("/healthz", data=bytes(20_000), headers={"X-Request-Id": "abc"}),
    ]

    assert [reply.status_code for reply in replies] == [401, 413]
    for reply in replies:
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["X-Request-Id"] == "abc"


@pytest.mark.parametrize("given", ["a", "x" * 64, "0-9_A.z"], ids=len)
def test_a_good_request_id_is_kept_and_bound(client, service, given):
    reply = client.get("/healthz", headers={"X-Request-Id": given})

    assert reply.headers["X-Request-Id"] == given
    assert service.bound_ids == [given]


@pytest.mark.parametrize("given", [None, "", "x" * 65, "a b", "a,b", "é", "a/b", "<x>"])
def test_another_request_id_is_replaced_by_a_fresh_one(client, service, given):
    headers = {} if given is None else {"X-Request-Id": given}

    ids = [client.get("/healthz", headers=headers).headers["X-Request-Id"] for _ in range(2)]

    assert all(re.fullmatch(r"[0-9a-f]{32}", request_id) for request_id in ids)
    assert ids[0] != ids[1]
    assert service.bound_ids == ids


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/nothing", "/metrics"])
def test_another_host_name_is_forbidden(service, path):
    service.allowed_hosts = frozenset({"localhost"})
    client = service.app().test_client()

    reply = client.get(path, headers={"Host": "rebound.example"})

    assert (reply.status_code, reply.json["code"]) == (403, "forbidden")


def test_another_machine_is_forbidden_where_only_this_ones_names_are_answered(service):
    service.allowed_hosts = frozenset({"localhost"})
    client = service.app().test_client()

    reply = client.get("/healthz", environ_base={"REMOTE_ADDR": "192.0.2.7"})

    assert (reply.status_code, reply.json["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("key", "path", "host", "status"),
    [
        ("unknown", "/otp/start", "rebound.example", 401),
        ("key-of-shop", "/otp/start", "rebound.example", 403),
        ("key-of-shop", "/otp/nothing", "rebound.example", 403),
        ("key-of-shop", "/otp/nothing", "localhost:8000", 404),
    ],
)
def test_the_key_is_checked_before_the_host_and_the_host_before_the_route(
    service, key, path, host, status
):
    service.allowed_hosts = frozenset({"localhost"})
    client = service.app().test_client()

    reply = client.post(path, headers={"Host": host, "Authorization": f"Bearer {key}"})

    assert reply.status_code == status


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/healthz", ("/healthz", "GET", 200, None)),
        (
            "GET",
            f"/otp/verifications/{ID}",
            ("/otp/verifications/<verification_id>", "GET", 200, None),
        ),
        ("GET", "/docs/page.js", ("/docs/<name>", "GET", 200, None)),
        ("GET", "/a/b", ("unmatched", "GET", 404, "not_found")),
        ("POST", "/otp/start", ("/otp/start", "POST", 400, "invalid_request")),
        ("BREW", "/healthz", ("unmatched", "OTHER", 405, "method_not_allowed")),
    ],
)
def test_a_request_is_noted_once_and_by_its_route(client, service, method, path, expected):
    client.open(path, method=method)

    (event,) = service.journal.events
    assert isinstance(event, RequestServed)
    assert (event.route, event.method, event.status, event.code) == expected
    assert timedelta(0) <= event.took < timedelta(seconds=30)


def test_a_request_is_noted_with_its_application_and_the_name_of_its_key(client, service):
    client.get(f"/otp/verifications/{ID}")

    (event,) = service.journal.events
    assert (event.application, event.key) == ("shop", "web")
    assert "key-of-shop" not in repr(event)


@pytest.mark.parametrize("path", ["/healthz", "/nothing", "/docs"])
def test_a_key_that_nobody_asked_for_is_neither_noted_nor_used(client, service, path):
    client.get(path)

    (event,) = service.journal.events
    assert (event.application, event.key) == (None, None)
    assert service.used == []


def test_a_refused_key_is_noted_without_it(anonymous, service):
    anonymous.post("/otp/start", headers={"Authorization": "Bearer some-secret"})

    (event,) = service.journal.events
    assert (event.route, event.status, event.code) == ("/otp/start", 401, "unauthenticated")
    assert (event.application, event.key) == (None, None)
    assert "some-secret" not in repr(event)


def test_a_wait_is_told_in_the_header_and_the_body(client, service):
    service.resend.answer = ResendTooSoon(retry_after=timedelta(seconds=12, milliseconds=1))

    reply = client.post("/otp/resend", json={"verification_id": ID})

    assert reply.status_code == 429
    assert reply.headers["Retry-After"] == "13"
    assert reply.json["retry_after"] == 13


def test_a_refusal_without_a_wait_has_no_such_header(client, service):
    service.verify.answer = CodeIncorrect(attempts_left=4)

    reply = client.post("/otp/verify", json={"verification_id": ID, "code": "123456"})

    assert reply.json["attempts_left"] == 4
    assert "Retry-After" not in reply.headers
    assert "retry_after" not in reply.json
