import pytest

from otp_service.simulator.billing import billed_as, matches
from otp_service.simulator.submission import Submission


def billed(
    rate_type, function_type="text", *, country="UA", place=None, registered=(), text="Code 1"
):
    content = Submission(
        phone="+380671234567", function_type=function_type, text=text, rate_type=rate_type
    )
    return billed_as(content, country=country, registered_texts=registered, place=place)


@pytest.mark.parametrize(
    ("rate_type", "function_type"),
    [("Promotional", "text_image"), ("OtpTemplate", "text"), ("Transactional", "file")],
)
@pytest.mark.parametrize("country", ["UA", "PL", None])
def test_message_is_billed_as_it_asks(rate_type, function_type, country):
    assert billed(rate_type, function_type, country=country) == rate_type


@pytest.mark.parametrize("country", ["RU", "UA", "BY"])
def test_text_of_no_register_is_promotional_in_a_template_country(country):
    assert billed("Transactional", country=country) == "Promotional"


@pytest.mark.parametrize("country", ["PL", "US", "GB", None])
def test_any_text_is_transactional_elsewhere(country):
    assert billed("Transactional", country=country) == "Transactional"


def test_registered_text_is_transactional_in_a_template_country():
    assert billed("Transactional", registered=("Hello", "Code {}")) == "Transactional"


@pytest.mark.parametrize(("place", "expected"), [("first", "Session"), ("later", "free")])
@pytest.mark.parametrize("function_type", ["text", "image", "file"])
def test_session_message_is_billed_once_a_session(place, expected, function_type):
    assert billed("Session", function_type, place=place) == expected


@pytest.mark.parametrize(
    ("function_type", "country", "expected"),
    [
        ("text", "PL", "Transactional"),
        ("text", "UA", "Promotional"),
        ("file", "UA", "Transactional"),
        ("image", "PL", "Promotional"),
    ],
)
def test_session_message_outside_a_session_is_billed_by_its_type(function_type, country, expected):
    assert billed("Session", function_type, country=country, place="outside") == expected


@pytest.mark.parametrize(
    ("text", "registered"),
    [
        ("Your code is 12.", "Your code is 12."),
        ("Your code is 12.", "Your code is {}."),
        ("Your code is 12.", "{}"),
        ("12 is your code", "{} is your code"),
        ("Acme: 12 for Ann, thanks", "{}: {} for {}, thanks"),
        ("a.b.c", "{}.{}"),
        ("ab", "{}{}"),
        ("1\n2", "1{}2"),
        ("a+b(", "a{}b("),
    ],
)
def test_text_matches_what_is_registered(text, registered):
    assert matches(text, registered)


@pytest.mark.parametrize(
    ("text", "registered"),
    [
        ("Your code is 12", "Your code is 12."),
        ("your code is 12.", "Your code is {}."),
        ("Your code is .", "Your code is {}."),
        ("Your code is 12. Now", "Your code is {}."),
        ("Acme 12", "{}: {}"),
        ("Acme: ", "{}: {}"),
        (": 12", "{}: {}"),
        ("a", "{}{}"),
        ("", "{}"),
        ("aba", "ab{}ba"),
    ],
)
def test_text_that_differs_does_not_match(text, registered):
    assert not matches(text, registered)


def test_long_text_with_many_placeholders_is_judged_at_once():
    assert not matches("a" * 60_000, "{}a" * 300 + "b")
