import pytest
from flask.testing import FlaskClient
from support.scripted_service import ScriptedService

FORM = {"phone": "+380671234567"}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="another port"),
        pytest.param({"Origin": "http://evil.example"}, id="another origin"),
        pytest.param({"Origin": "null"}, id="no origin to tell"),
        pytest.param(
            {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"}, id="one is enough"
        ),
    ],
)
def test_form_of_another_origin_is_refused(
    browser: FlaskClient, service: ScriptedService, headers: dict[str, str]
) -> None:
    answer = browser.post("/demo/", data=FORM, headers=headers)

    assert answer.status_code == 403
    assert service.calls == []


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="tells nothing"),
        pytest.param({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, id="ours"),
        pytest.param({"Sec-Fetch-Site": "none"}, id="the person"),
    ],
)
def test_form_of_ours_is_taken(browser: FlaskClient, headers: dict[str, str]) -> None:
    assert browser.post("/demo/", data=FORM, headers=headers).status_code == 303


def test_page_can_be_opened_from_anywhere(browser: FlaskClient) -> None:
    answer = browser.get("/demo/", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/demo/", "/demo/static/demo.js"])
def test_nothing_from_elsewhere_has_a_place_in_a_page(browser: FlaskClient, path: str) -> None:
    with browser.get(path) as answer:
        headers = answer.headers

    policy = headers["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not [rule for rule in policy if "unsafe" in rule or "http" in rule or "*" in rule]
    assert headers["Referrer-Policy"] == "same-origin"
