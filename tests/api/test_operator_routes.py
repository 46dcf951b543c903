def test_health_answers(anonymous):
    reply = anonymous.get("/healthz")

    assert (reply.status_code, reply.json) == (200, {"status": "ok"})


def test_health_answers_whatever_is_missing(anonymous, service):
    service.reasons = ("The store does not answer.",)

    assert anonymous.get("/healthz").status_code == 200


def test_a_service_that_can_work_is_ready(anonymous):
    reply = anonymous.get("/readyz")

    assert (reply.status_code, reply.json) == (200, {"status": "ready"})


def test_a_service_that_cannot_work_says_why(anonymous, service):
    service.reasons = ("The store does not answer.", "The store may evict keys.")

    reply = anonymous.get("/readyz")

    assert reply.status_code == 503
    assert reply.content_type == "application/problem+json"
    assert reply.headers["Retry-After"] == "1"
    assert reply.json == {
        "type": "urn:otp-service:problem:store_unavailable",
        "title": "Store unavailable",
        "status": 503,
        "detail": "The store does not answer. The store may evict keys.",
        "code": "store_unavailable",
        "retry_after": 1,
    }


def test_a_service_that_ends_sends_new_callers_elsewhere(anonymous, service):
    service.is_ending = True

    reply = anonymous.get("/readyz")

    assert (reply.status_code, reply.json["code"]) == (503, "service_busy")
    assert anonymous.get("/healthz").status_code == 200


def test_metrics_are_given_as_they_are(anonymous):
    reply = anonymous.get("/metrics")

    assert (reply.status_code, reply.data) == (200, b"up 1\n")
    assert reply.content_type == "text/plain; version=0.0.4; charset=utf-8"
