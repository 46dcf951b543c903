import pytest

from otp_service.telemetry.labels import ClosedSet, Labels, OwnWords


@pytest.fixture
def labels():
    reasons = ["code_0", "code_9002", "sms_code_0", "sms_code_6", "timeout"]
    return Labels(applications=["shop"], reasons=reasons)


def test_closed_set_lets_its_members_through_and_nothing_else():
    closed = ClosedSet(["a"])

    assert [closed.label(value) for value in ("a", "b", None, 1)] == ["a", "other", "none", "other"]


def test_own_words_are_a_fixed_number_whatever_comes():
    words = OwnWords(r"[a-z]+\d*")

    first = [words.label(f"word{number}") for number in range(1_000)]

    assert len(set(first)) == 65
    assert words.label("word0") == "word0"
    assert words.label("word999") == "other"


@pytest.mark.parametrize("value", ["a b", "", "Word", "+380671234567", "a" * 49])
def test_own_word_of_another_form_is_other(labels, value):
    assert labels.detail.label(value) == "other"
    assert labels.operation.label(value) == "other"


@pytest.mark.parametrize(
    "route",
    ["/otp/start", "/otp/verifications/<string:verification_id>", "/openapi/openapi.json"],
)
def test_pattern_of_a_route_is_a_label(labels, route):
    assert labels.route.label(route) == route


@pytest.mark.parametrize("path", ["/otp/verifications/Ab3", "/otp/380671234567", "/a?b", "otp"])
def test_path_of_a_request_is_none(labels, path):
    assert labels.route.label(path) == "other"


@pytest.mark.parametrize(
    ("name", "known", "unknown"),
    [
        ("application", "shop", "shop2"),
        ("country", "UA", "XX"),
        ("channel", "viber", "mail"),
        ("template", 9, 10),
        ("language", "br", "tlh"),
        ("verdict", "misconfigured", "sent"),
        ("provider_reason", "code_9002", "code_9999999"),
        ("start", "too_many_requests", "resent"),
        ("resend", "resend_too_soon", "started"),
        ("guess", "code_incorrect", "right"),
        ("cancel", "verification_expired", "gone"),
        ("proof", "consumed_now", "approved"),
        ("method", "POST", "BREW"),
        ("status", 503, 1000),
        ("store_outcome", "unavailable", "late"),
    ],
)
def test_label_has_a_closed_set(labels, name, known, unknown):
    closed = getattr(labels, name)

    assert closed.label(known) == str(known)
    assert closed.label(unknown) == "other"
    assert closed.label(None) == "none"


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("code_0", "accepted"),
        ("sms_code_0", "accepted"),
        ("code_9002", "refused"),
        ("sms_code_6", "refused"),
        ("timeout", "no_answer"),
        ("?", "other"),
    ],
)
def test_exchange_is_timed_by_the_class_of_its_reason(labels, reason, outcome):
    assert labels.provider_outcome(reason) == outcome
