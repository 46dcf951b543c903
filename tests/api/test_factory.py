import logging

import pytest


@pytest.fixture
def broken(client, service):
    service.start.answer = KeyError("+380671234567 has 123456")
    return client


def test_what_nobody_expected_is_a_problem_without_a_code(broken):
    reply = broken.post("/otp/start", json={"phone": "+380671234567"})

    assert (reply.status_code, reply.content_type) == (500, "application/problem+json")
    assert reply.json == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Something broke here. The log has it under this reply's X-Request-Id.",
    }


def test_what_nobody_expected_still_carries_the_common_headers(broken, service):
    reply = broken.post(
        "/otp/start", json={"phone": "+380671234567"}, headers={"X-Request-Id": "abc"}
    )

    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Request-Id"] == "abc"
    assert (service.journal.events[-1].status, service.journal.events[-1].code) == (500, None)


def test_what_nobody_expected_is_logged_by_type_and_place_and_never_by_value(broken, caplog):
    with caplog.at_level(logging.ERROR):
        broken.post("/otp/start", json={"phone": "+380671234567"})

    (record,) = caplog.records
    assert "unexpected KeyError" in record.getMessage()
    assert "start (" in record.getMessage()
    assert "verification_routes.py:" in record.getMessage()
    assert record.exc_info is None
    assert "380671234567" not in caplog.text
    assert "123456" not in caplog.text


@pytest.mark.parametrize("error", [RecursionError(), MemoryError(), UnicodeError(), OSError()])
def test_no_kind_of_failure_gets_a_page(client, service, error):
    service.start.answer = error

    reply = client.post("/otp/start", json={"phone": "+380671234567"})

    assert (reply.status_code, reply.content_type) == (500, "application/problem+json")


def test_two_apps_live_side_by_side(service):
    apps = [service.app(), service.app()]

    documents = [app.test_client().get("/openapi/openapi.json").json for app in apps]

    assert documents[0] == documents[1]
    assert len(documents[0]["tags"]) == 3
