import pytest

from otp_service.simulator import phone


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+380671234567", "+380 67 123 4567"),
        ("+12025550123", "+1 202-555-0123"),
        ("+9991234567", "+9991234567"),
    ],
    ids=["spaces", "hyphens", "no-such-country"],
)
def test_number_is_written_as_its_country_does(number, shown):
    assert phone.spaced(number) == shown


@pytest.mark.parametrize("typed", ["+380 (67) 123-45-67", " 380671234567", "380.67.1234567"])
def test_typed_number_is_read_without_its_separators(typed):
    assert phone.from_person(typed) == "+380671234567"


@pytest.mark.parametrize("typed", ["", "+", "++380671234567", "abc", "0671234567", "+380"])
def test_what_is_no_number_is_none(typed):
    assert phone.from_person(typed) is None
