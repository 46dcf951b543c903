from collections.abc import Callable

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from otp_service.domain.phone import PhoneNumber, read_country, read_phone
from otp_service.errors import DestinationNotAllowed, InvalidRequest, OtpError, PhoneInvalid

UKRAINIAN = PhoneNumber("+380671234567", "UA")
# Two territories of the metadata have no mobile numbers of their own.
COUNTRIES_WITH_MOBILES = sorted(
    country
    for country in phonenumbers.SUPPORTED_REGIONS
    if phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
)


def example(country: str, kind: int) -> str:
    number = phonenumbers.example_number_for_type(country, kind)
    assert number is not None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("+380671234567", id="e164"),
        pytest.param("+380 67 123 45 67", id="spaces"),
        pytest.param("+380\u00a067\u202f123\u200945\u300067", id="unicode_spaces"),
        pytest.param("+380-67-123-45-67", id="hyphens"),
        pytest.param("+380\u201067\u2011123\u201345\u201467", id="unicode_dashes"),
        pytest.param("+380\u221267\u2212123\u30fc4567", id="minus_and_sound_mark"),
        pytest.param("+380.67.123.4567", id="dots"),
        pytest.param("+380 (67) 123/45/67", id="parentheses_and_slashes"),
        pytest.param("(+380) 67 1234567", id="plus_in_parentheses"),
        pytest.param("+380 (0)67 123 45 67", id="trunk_prefix_in_parentheses"),
        pytest.param("  +380671234567 ", id="spaces_around"),
        pytest.param("\uff0b\uff13\uff18\uff10\uff08\uff16\uff17\uff091234567", id="fullwidth"),
        pytest.param("+٣٨٠٦٧١٢٣٤٥٦٧", id="arabic_digits"),
        pytest.param("+३८०६७१२३४५६७", id="devanagari_digits"),
        pytest.param("\u202a+380671234567\u202c", id="embedding_marks"),
        pytest.param("\u2066\u200e+380 67 1234567\u200f\u2069", id="isolate_marks"),
        pytest.param("067 123 45 67", id="national"),
        pytest.param("671234567", id="without_trunk_prefix"),
        pytest.param("380671234567", id="without_plus"),
        pytest.param("00380671234567", id="international_prefix"),
    ],
)
def test_every_spelling_of_a_number_gives_the_same_e164(text: str) -> None:
    number = read_phone(text, country="UA")

    assert number == UKRAINIAN


def test_number_with_plus_is_read_whatever_the_country() -> None:
    number = read_phone("+380671234567", country="US")

    assert number == UKRAINIAN


@pytest.mark.parametrize("country", COUNTRIES_WITH_MOBILES)
def test_example_mobile_of_every_country_reads_in_every_format(country: str) -> None:
    number = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    assert number is not None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    formats = (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL)
    spellings = [e164, *(phonenumbers.format_number(number, form) for form in formats)]

    read = [read_phone(spelling, country=country) for spelling in spellings]

    assert {phone.e164 for phone in read} == {e164}
    shown = f"+{number.country_code}"
    stars = "*" * (len(e164) - len(shown) - 2)
    assert {phone.masked for phone in read} == {shown + stars + e164[-2:]}


@given(st.sampled_from(COUNTRIES_WITH_MOBILES), st.text("0123456789", min_size=4, max_size=13))
def test_number_that_reads_at_all_reads_the_same_from_its_e164(country: str, digits: str) -> None:
    calling_code = phonenumbers.country_code_for_region(country)
    try:
        number = read_phone(f"+{calling_code}{digits}", country=None)
    except OtpError:
        return

    again = read_phone(number.e164, country=None)

    assert again == number


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("+", id="plus_alone"),
        pytest.param("+380", id="calling_code_alone"),
        pytest.param("+38067123456", id="too_short"),
        pytest.param("+3806712345678", id="too_long"),
        pytest.param("+999671234567", id="no_such_calling_code"),
        pytest.param("+380001234567", id="no_such_area"),
        pytest.param("+1 123 555 0123", id="area_code_beginning_with_one"),
        pytest.param("+380 67 CALLNOW", id="vanity"),
        pytest.param("+380671234567 ext. 5", id="extension"),
        pytest.param("+380671234567x5", id="short_extension"),
        pytest.param("+380671234567,,5", id="pause"),
        pytest.param("+380671234567#5", id="hash"),
        pytest.param("tel:+380671234567", id="uri"),
        pytest.param("671234567;phone-context=+380", id="phone_context"),
        pytest.param("+380671234567\n", id="line_feed"),
        pytest.param("+380\t671234567", id="tab"),
        pytest.param("+380671234567\x00", id="nul"),
        pytest.param("+380671234567\ud800", id="lone_surrogate"),
        pytest.param("+380\u200b671234567", id="zero_width_space"),
        pytest.param("++380671234567", id="two_plus_signs"),
        pytest.param("+380671234567+", id="plus_at_the_end"),
        pytest.param("380+671234567", id="plus_inside"),
        pytest.param("+380⁶⁷1234567", id="superscripts"),
        pytest.param("+380①②1234567", id="circled_digits"),
        pytest.param("+380671234567 / +380671234568", id="two_numbers"),
        pytest.param("+380671234567" + " " * 28, id="more_than_40_characters"),
    ],
)
def test_text_that_is_no_possible_number_is_invalid(text: str) -> None:
    with pytest.raises(PhoneInvalid):
        read_phone(text, country="UA")


def test_forty_characters_are_read() -> None:
    number = read_phone("+380671234567" + " " * 27, country=None)

    assert number == UKRAINIAN


@pytest.mark.parametrize("text", ["067 123 45 67", "380671234567", "00380671234567"])
def test_number_without_plus_and_country_is_invalid(text: str) -> None:
    with pytest.raises(PhoneInvalid, match="needs a country"):
        read_phone(text, country=None)


def test_country_that_is_not_known_makes_a_national_number_invalid() -> None:
    with pytest.raises(PhoneInvalid):
        read_phone("0671234567", country="ZZ")


@pytest.mark.parametrize("text", ["112", "911", "999", "000", "101", "110", "119", "15", "190"])
def test_emergency_number_is_invalid_everywhere(text: str) -> None:
    accepted = []
    for country in sorted(phonenumbers.SUPPORTED_REGIONS):
        try:
            accepted.append(read_phone(text, country=country))
        except PhoneInvalid:
            continue

    assert accepted == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(example("DE", PhoneNumberType.FIXED_LINE), id="fixed_line"),
        pytest.param(example("UA", PhoneNumberType.TOLL_FREE), id="toll_free"),
        pytest.param(example("US", PhoneNumberType.PREMIUM_RATE), id="premium_rate"),
        pytest.param(example("FR", PhoneNumberType.SHARED_COST), id="shared_cost"),
        pytest.param(example("GB", PhoneNumberType.PERSONAL_NUMBER), id="personal_number"),
        pytest.param(example("GB", PhoneNumberType.PAGER), id="pager"),
        pytest.param(example("DE", PhoneNumberType.UAN), id="uan"),
        pytest.param(example("CH", PhoneNumberType.VOICEMAIL), id="voicemail"),
        pytest.param("+80012345678", id="non_geographic_toll_free"),
        pytest.param("+881612345678", id="non_geographic_mobile"),
    ],
)
def test_number_of_a_kind_that_takes_no_message_is_not_allowed(text: str) -> None:
    with pytest.raises(DestinationNotAllowed):
        read_phone(text, country=None)


@pytest.mark.parametrize(
    ("text", "country"),
    [
        pytest.param("+12025550123", "US", id="fixed_line_or_mobile"),
        pytest.param(example("GB", PhoneNumberType.VOIP), "GB", id="voip"),
        pytest.param("+77012345678", "KZ", id="second_country_of_a_calling_code"),
    ],
)
def test_number_that_may_take_messages_is_read(text: str, country: str) -> None:
    number = read_phone(text, country=None)

    assert number == PhoneNumber(text, country)


def test_mask_shows_calling_code_and_last_two_digits_at_full_length() -> None:
    masked = UKRAINIAN.masked

    assert masked == "+380*******67"
    assert len(masked) == len(UKRAINIAN.e164)


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r:>40}".format])
def test_number_shows_itself_only_masked(show: Callable[[PhoneNumber], str]) -> None:
    shown = show(UKRAINIAN)

    assert "+380*******67" in shown
    assert "671234" not in shown


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("+3806712345678", PhoneInvalid),
        ("+380671234567x", PhoneInvalid),
        ("++380671234567", PhoneInvalid),
        ("+999671234567", PhoneInvalid),
        ("+380671234567" + "0" * 40, PhoneInvalid),
        ("0671234567", PhoneInvalid),
        ("+4930123456", DestinationNotAllowed),
        ("+80012345678", DestinationNotAllowed),
    ],
)
def test_refusal_does_not_repeat_the_number(text: str, error: type[OtpError]) -> None:
    with pytest.raises(error) as refusal:
        read_phone(text, country=None)

    causes = [refusal.value, refusal.value.__cause__]
    assert not any(digits in str(cause) for cause in causes for digits in (text[4:9], text[-4:]))


@pytest.mark.parametrize(
    ("text", "country"), [("UA", "UA"), ("ua", "UA"), ("gB", "GB"), ("xk", "XK")]
)
def test_country_is_read_in_either_case(text: str, country: str) -> None:
    assert read_country(text) == country


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("U", id="one_letter"),
        pytest.param("UKR", id="alpha_3"),
        pytest.param("UK", id="not_iso"),
        pytest.param("ZZ", id="unassigned"),
        pytest.param("001", id="world"),
        pytest.param("UA ", id="space"),
        pytest.param("ß", id="one_character_that_capitals_write_as_ss"),
        pytest.param("\uff35\uff21", id="fullwidth"),
        pytest.param("\u0131t", id="dotless_i"),
    ],
)
def test_country_that_is_not_known_is_refused_by_its_pointer(text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read_country(text)

    assert [problem.pointer for problem in refusal.value.problems] == ["/country"]
