import pytest

HOSTS = ["127.0.0.1", "127.0.0.1:8001", "localhost", "LOCALHOST:1", "[::1]", "[::1]:65535"]
STRANGERS = [
    "",
    "example.org",
    "localhost.example.org",
    "127.0.0.1.example.org",
    "127.0.0.1:8001@example.org",
    "127.0.0.1:port",
    "127.0.0.2",
    "::1",
    "localhost\n",
]
PATHS = ["/", "/simulator/messages", "/simulator/faults", "/static/phone.css", "/missing"]


@pytest.mark.parametrize("host", HOSTS)
def test_loopback_host_is_answered(client, host):
    answer = client.get("/simulator/messages", environ_overrides={"HTTP_HOST": host})

    assert answer.status_code == 200


@pytest.mark.parametrize("host", STRANGERS)
def test_other_host_is_403(client, host):
    answer = client.get("/simulator/messages", environ_overrides={"HTTP_HOST": host})

    assert answer.status_code == 403


@pytest.mark.parametrize("path", PATHS)
def test_other_host_is_403_on_every_path(client, path):
    answer = client.get(path, headers={"Host": "example.org"})

    assert answer.status_code == 403


def test_other_host_may_not_send_either(sender):
    headers = sender.signed_headers(b"{}") | {"Host": "example.org"}

    answer = sender.post(b"{}", headers)

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://example.org"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://127.0.0.1:8001", "Sec-Fetch-Site": "cross-site"},
    ],
    ids=["other", "opaque", "other-port", "cross-site", "same-site", "one-is-enough"],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/simulator/faults"),
        ("DELETE", "/simulator/faults"),
        ("DELETE", "/simulator/messages"),
        ("POST", "/api/viber/mt"),
    ],
)
def test_page_of_another_origin_may_change_nothing(sender, method, path, headers):
    sender.text()

    answer = sender.client.open(
        path, method=method, json={"code": -1}, headers={"Host": "127.0.0.1:8001"} | headers
    )

    assert answer.status_code == 403
    assert sender.client.get("/simulator/faults").json == {"faults": []}
    assert len(sender.inbox()) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://127.0.0.1:8001", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=["no-browser", "own-page", "typed"],
)
def test_own_page_and_programs_may_change(client, headers):
    answer = client.put(
        "/simulator/faults", json={"code": -1}, headers={"Host": "127.0.0.1:8001"} | headers
    )

    assert answer.status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_answers_are_closed_to_other_pages(client, path):
    answer = client.get(path, headers={"Origin": "http://example.org"})

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cache-Control"] in {"no-store", "no-cache"}
    answer.close()


def test_preflight_gives_no_other_origin_leave(client):
    answer = client.options(
        "/simulator/faults",
        headers={"Origin": "http://example.org", "Access-Control-Request-Method": "PUT"},
    )

    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
