import pytest
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from otp_service.demo.countries import Country, countries, e164, likely_country, spaced


def accepted(header: str) -> LanguageAccept:
    return parse_accept_header(header, LanguageAccept)


def test_every_country_has_a_name_and_a_calling_code() -> None:
    by_code = {country.code: country for country in countries()}

    assert by_code["UA"] == Country("UA", "Ukraine", 380)
    assert len(by_code) > 240
    assert [c for c in countries() if c.name in {"", c.code} or not c.calling_code] == []


def test_countries_stand_by_name() -> None:
    names = [country.name for country in countries()]

    assert names == sorted(names)


@pytest.mark.parametrize(
    ("header", "country"),
    [
        pytest.param("uk-UA,uk;q=0.9,en-US;q=0.8", "UA", id="first region"),
        pytest.param("tlh,pl-PL;q=0.5", "PL", id="region of a later tag"),
        pytest.param("uk,en-US;q=0.5", "UA", id="first language before a later region"),
        pytest.param("en", "US", id="english alone"),
        pytest.param("zh-Hant-TW", "TW", id="region after a script"),
        pytest.param("uk", "UA", id="language alone"),
        pytest.param("xx-ZZ", "", id="no such region"),
        pytest.param("tlh", "", id="language without a country"),
        pytest.param("*", "", id="anything"),
        pytest.param("", "", id="nothing"),
        pytest.param("x" * 300, "", id="no language"),
    ],
)
def test_country_is_guessed_by_what_the_browser_reads(header: str, country: str) -> None:
    assert likely_country(accepted(header)) == country


@pytest.mark.parametrize(
    ("typed", "country", "phone"),
    [
        ("067 123 45 67", "UA", "+380671234567"),
        ("+44 7700 900123", "UA", "+447700900123"),
        ("067 123 45 67", "", ""),
        ("call me", "UA", ""),
        ("067", "ZZ", ""),
    ],
)
def test_number_is_read_with_its_country(typed: str, country: str, phone: str) -> None:
    assert e164(typed, country) == phone


@pytest.mark.parametrize(
    ("phone", "shown"), [("+447700900123", "+44 7700 900123"), ("unread", "unread"), ("", "")]
)
def test_number_is_shown_with_the_spaces_of_its_country(phone: str, shown: str) -> None:
    assert spaced(phone) == shown
