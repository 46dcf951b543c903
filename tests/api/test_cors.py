"""Which pages a browser lets call us, and read what we say."""

from dataclasses import replace
from datetime import timedelta

import pytest

from otp_service.errors import StoreUnavailable, TooManyRequests

SHOP, BANK = "https://shop.example.com", "https://bank.example"
START = {"phone": "+380671234567"}
ROUTES = ["/otp/start", "/otp/verify", "/otp/resend"]
LOOK_ALIKES = [
    "https://shop.example.com.evil.example",
    "https://evil.example/https://shop.example.com",
    "https://shop.example.com/",
    "https://shop.example.com:443",
    "https://shop.example.com:8443",
    "http://shop.example.com",
    "https://SHOP.example.com",
    "HTTPS://shop.example.com",
    "https://www.shop.example.com",
    "https://shop.example.co",
    "https://shop-example.com",
    "https://shop.example.com@evil.example",
    "https://shop.example.com, https://evil.example",
    "null",
    "*",
    "",
    "file://",
]
ALLOWED = "authorization, content-type, idempotency-key, x-request-id"
ASKS = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture(autouse=True)
def origins(service):
    for name, origin in (("shop", SHOP), ("bank", BANK)):
        caller = service.keys[f"key-of-{name}"]
        application = replace(caller.application, cors_origins=frozenset({origin}))
        service.keys[f"key-of-{name}"] = replace(caller, application=application)


@pytest.fixture
def page(service, make_token):
    """Give a page of this origin that holds a token of the shop."""

    def give(origin, **said):
        client = service.app().test_client()
        text = service.tokens.write(make_token(**said))
        client.environ_base |= {"HTTP_AUTHORIZATION": f"Bearer {text}", "HTTP_ORIGIN": origin}
        return client

    return give


def of_cors(reply):
    return {name: value for name, value in reply.headers if name.startswith("Access-Control-")}


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("origin", [SHOP, BANK])
def test_preflight_needs_no_key(anonymous, service, path, origin):
    reply = anonymous.options(path, headers=ASKS | {"Origin": origin})

    assert (reply.status_code, reply.data) == (204, b"")
    assert of_cors(reply) == {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": ALLOWED,
        "Access-Control-Max-Age": "7200",
    }
    assert "Origin" in reply.headers["Vary"]
    assert service.calls() == 0


@pytest.mark.parametrize("origin", LOOK_ALIKES)
def test_preflight_of_any_other_origin_allows_nothing(anonymous, origin):
    reply = anonymous.options("/otp/start", headers=ASKS | {"Origin": origin})

    assert reply.status_code == 204
    assert of_cors(reply) == {}


@pytest.mark.parametrize(
    "path", ["/otp/cancel", "/otp/proof", "/otp/client-tokens", "/otp/verifications/x", "/otp/none"]
)
def test_preflight_of_what_no_token_opens_is_a_call_without_a_key(anonymous, path):
    reply = anonymous.options(path, headers=ASKS | {"Origin": SHOP})

    assert reply.status_code == 401
    assert of_cors(reply) == {}


@pytest.mark.parametrize(
    "headers", [{"Origin": SHOP}, ASKS, {}], ids=["nothing asked", "no origin", "neither"]
)
def test_options_that_is_no_preflight_needs_a_key(anonymous, headers):
    assert anonymous.options("/otp/start", headers=headers).status_code == 401


def test_preflight_to_another_host_name_is_refused_where_names_are_listed(service):
    service.allowed_hosts = frozenset({"localhost"})
    client = service.app().test_client()
    headers = ASKS | {"Origin": SHOP, "Host": "rebound.example"}

    reply = client.options("/otp/start", headers=headers)

    assert reply.status_code == 403
    assert of_cors(reply) == {}


@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
def test_what_looks_like_a_preflight_by_another_method_is_none(anonymous, method):
    reply = anonymous.open("/otp/start", method=method, headers=ASKS | {"Origin": SHOP})

    assert reply.status_code == 401


def test_reply_is_for_pages_of_the_token_s_application(page):
    reply = page(SHOP).post("/otp/start", json=START)

    assert reply.status_code == 201
    assert of_cors(reply) == {
        "Access-Control-Allow-Origin": SHOP,
        "Access-Control-Expose-Headers": "Retry-After, X-Request-Id, RateLimit, RateLimit-Policy",
    }
    assert reply.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", [BANK, *LOOK_ALIKES])
def test_reply_is_for_no_other_page(page, origin):
    reply = page(origin).post("/otp/start", json=START)

    assert of_cors(reply) == {}
    assert reply.headers["Vary"] == "Origin"


def test_two_origins_are_none(service, page):
    reply = page(SHOP).post(
        "/otp/start", json=START, headers=[("Origin", SHOP), ("Origin", "https://evil.example")]
    )

    assert of_cors(reply) == {}


@pytest.mark.parametrize(
    ("body", "answer", "status"),
    [
        ({}, None, 400),
        (START | {"purpose": "other"}, None, 403),
        (START, TooManyRequests("x", retry_after=timedelta(seconds=9), budget="b"), 429),
        (START, StoreUnavailable("x", retry_after=timedelta(seconds=1)), 503),
        (START, RuntimeError(), 500),
    ],
)
def test_errors_are_for_the_page_too(service, page, body, answer, status):
    service.start.answer = answer

    reply = page(SHOP).post("/otp/start", json=body)

    assert reply.status_code == status
    assert of_cors(reply)["Access-Control-Allow-Origin"] == SHOP


def test_page_can_read_that_its_token_has_expired(service, page):
    client = page(SHOP)
    service.now += timedelta(hours=1)

    reply = client.post("/otp/start", json=START)

    assert reply.status_code == 401
    assert "expired" in reply.json["detail"]
    assert of_cors(reply)["Access-Control-Allow-Origin"] == SHOP


@pytest.mark.parametrize("key", [None, "Bearer unknown", "Bearer otp_ct_x.y"])
def test_where_the_application_is_unknown_no_page_reads_anything(anonymous, key):
    headers = {"Origin": SHOP} | ({"Authorization": key} if key else {})

    reply = anonymous.post("/otp/start", json=START, headers=headers)

    assert reply.status_code == 401
    assert of_cors(reply) == {}


def test_reply_to_an_api_key_is_for_no_page(client):
    reply = client.post("/otp/start", json=START, headers={"Origin": SHOP})

    assert reply.status_code == 201
    assert of_cors(reply) == {}


@pytest.mark.parametrize("path", ["/otp/cancel", "/otp/proof", "/healthz", "/openapi/openapi.json"])
def test_nothing_else_is_for_pages(page, path):
    reply = page(SHOP).post(path)

    assert of_cors(reply) == {}


def test_pages_send_no_cookies_along(anonymous, page):
    replies = [
        anonymous.options("/otp/start", headers=ASKS | {"Origin": SHOP}),
        page(SHOP).post("/otp/start", json=START),
    ]

    assert [r.headers.get("Access-Control-Allow-Credentials") for r in replies] == [None, None]
