import re
import unicodedata
from datetime import timedelta
from itertools import pairwise, product

import pytest

from otp_service import data
from otp_service.domain.languages import LANGUAGES
from otp_service.domain.message_text import MessageRequest, has_link, text_problem
from otp_service.domain.pin import Pin
from otp_service.domain.sms_alphabet import SmsEncoding, measure
from otp_service.domain.sms_text import (
    SmsAutofill,
    SmsText,
    compose_sms,
    languages_without_room,
    sms_holds,
)

ROWS = {row["code"]: row for row in data.load("sms_texts.json")["languages"]}
LIMITS = {SmsEncoding.GSM7: 160, SmsEncoding.UCS2: 70}
# The languages whose words are all in the GSM alphabet, and so have 160 characters.
GSM_LANGUAGES = {
    *("en", "hr", "da", "de", "es", "fi", "fr", "id"),
    *("it", "nb", "nl", "pl", "ro", "sr", "sv", "tr"),
}
RIGHT_TO_LEFT = [
    row["code"] for row in data.load("languages.json")["languages"] if row["direction"] == "rtl"
]

APP_HASH = "Ab1+Cd2/Ef3"
AUTOFILL = {
    "no lines": SmsAutofill(),
    "hash": SmsAutofill(android_app_hash=APP_HASH),
    "origin": SmsAutofill(web_otp_origin="example.com"),
    "both": SmsAutofill(android_app_hash=APP_HASH, web_otp_origin="example.com"),
}
BRANDS = {
    "no brand": None,
    "short": "Acme",
    "ascii of 50": "Example Shop and Its Many Friends in Every Country",
    "cyrillic of 50": "Ж" * 50,
    "emoji of 50": "🛍" * 50,
    "escaped": "[Acme] €",
}
NO_WHOLE_MINUTES = timedelta(seconds=90)
LIVES = [NO_WHOLE_MINUTES, *(timedelta(minutes=n) for n in (1, 5, 10, 60))]
EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
# Of ten digits, none of which the words hold otherwise.
LONGEST_PIN = "9876504321"


def composed(
    language: str,
    *,
    digits: str = "123456",
    minutes: float = 5,
    brand: str | None = None,
    autofill: SmsAutofill = AUTOFILL["no lines"],
) -> SmsText:
    life = timedelta(minutes=minutes)
    return compose_sms(Pin(digits), language=language, life=life, brand=brand, autofill=autofill)


def said(sms: SmsText) -> str:
    return sms.text.partition("\n")[0]


def direction(text: str) -> str | None:
    """The direction that a phone gives a line: that of its first letter."""
    strong = (unicodedata.bidirectional(character) for character in text)
    return next(
        ({"L": "ltr", "R": "rtl", "AL": "rtl"}[kind] for kind in strong if kind in "RAL"), None
    )


def test_there_are_words_in_every_language() -> None:
    assert list(ROWS) == list(LANGUAGES)


def test_brands_of_these_tests_are_ones_a_caller_can_give() -> None:
    assert [brand for brand in BRANDS.values() if brand and text_problem(brand)] == []
    assert {len(brand) for name, brand in BRANDS.items() if brand and "of 50" in name} == {50}


@EVERY_LANGUAGE
@pytest.mark.parametrize("autofill", AUTOFILL.values(), ids=AUTOFILL)
def test_text_goes_out_as_one_message(language: str, autofill: SmsAutofill) -> None:
    cases = product(range(4, 11), LIVES, BRANDS.values())

    for digits, life, brand in cases:
        sms = compose_sms(
            Pin(LONGEST_PIN[:digits]), language=language, life=life, brand=brand, autofill=autofill
        )

        counted = measure(sms.text)
        assert (sms.encoding, sms.length) == (counted.encoding, counted.length)
        assert sms.length <= LIMITS[sms.encoding]
        if autofill.android_app_hash is not None:
            assert len(sms.text.encode()) <= 140


@EVERY_LANGUAGE
@pytest.mark.parametrize("autofill", AUTOFILL.values(), ids=AUTOFILL)
def test_text_holds_what_it_says_it_holds(language: str, autofill: SmsAutofill) -> None:
    cases = product(range(4, 11), LIVES, BRANDS.values())

    for digits, life, brand in cases:
        pin = LONGEST_PIN[:digits]
        sms = compose_sms(Pin(pin), language=language, life=life, brand=brand, autofill=autofill)

        assert said(sms).count(pin) == 1
        assert "{{" not in sms.text
        assert sms.holds_brand == (brand is not None and brand in said(sms))
        rest = said(sms).replace(pin, "").replace(brand or "-", "")
        assert re.findall(r"\d+", rest) == ([str(life // LIVES[1])] if sms.holds_life else [])


@EVERY_LANGUAGE
def test_life_is_said_in_whole_minutes(language: str) -> None:
    texts = [composed(language, digits=LONGEST_PIN, minutes=minutes) for minutes in range(1, 61)]

    assert all(sms.holds_life for sms in texts)
    said_minutes = [re.findall(r"\d+", sms.text.replace(LONGEST_PIN, "")) for sms in texts]
    assert said_minutes == [[str(minutes)] for minutes in range(1, 61)]


@EVERY_LANGUAGE
@pytest.mark.parametrize("minutes", [0, 0.5, 1.5, 9.999])
def test_life_that_is_no_whole_minutes_is_not_said(language: str, minutes: float) -> None:
    sms = composed(language, minutes=minutes)

    assert not sms.holds_life
    assert re.findall(r"\d+", sms.text) == ["123456"]


@EVERY_LANGUAGE
def test_words_need_the_alphabet_they_are_known_to(language: str) -> None:
    sms = composed(language, brand="Acme")

    expected = SmsEncoding.GSM7 if language in GSM_LANGUAGES else SmsEncoding.UCS2
    assert sms.encoding is expected


@EVERY_LANGUAGE
def test_short_brand_and_life_have_room_in_every_language(language: str) -> None:
    sms = composed(language, brand="Acme")

    assert sms.holds_brand
    assert sms.holds_life


@pytest.mark.parametrize("language", sorted(GSM_LANGUAGES))
def test_longest_brand_has_room_beside_all_else_in_the_gsm_alphabet(language: str) -> None:
    sms = composed(language, digits=LONGEST_PIN, minutes=10, brand=BRANDS["ascii of 50"])

    assert sms.holds_brand
    assert sms.holds_life
    assert sms.text.endswith(ROWS[language]["warning"])


@EVERY_LANGUAGE
@pytest.mark.parametrize("brand", BRANDS.values(), ids=BRANDS)
def test_pin_stands_early_whatever_the_brand(language: str, brand: str | None) -> None:
    sms = composed(language, brand=brand)

    assert sms.text.index("123456") <= 11


@EVERY_LANGUAGE
def test_no_text_holds_a_link(language: str) -> None:
    assert not has_link(said(composed(language, brand="Acme")))
    assert [part for part in ROWS[language].values() if has_link(part)] == []


@EVERY_LANGUAGE
def test_no_text_holds_a_control_or_direction_character(language: str) -> None:
    held = "".join(ROWS[language].values())

    assert [c for c in held if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"}] == []


@pytest.mark.parametrize(
    ("brand", "minutes", "domain", "parts"),
    [
        # 10 digits, "Acme" and each part, in Ukrainian: 70 characters are room for all of them.
        pytest.param("Acme", 5, 0, ["branded", "life", "warning"], id="everything"),
        pytest.param("Acme", 5, 8, ["branded", "life"], id="no warning"),
        pytest.param("Acme", 5, 25, ["branded"], id="no life"),
        pytest.param("Acme", 1.5, 0, ["branded", "warning"], id="untrue life"),
        pytest.param("A" * 45, 5, 0, ["branded"], id="long brand"),
        pytest.param("A" * 50, 5, 0, ["plain", "life", "warning"], id="brand without room"),
        pytest.param(None, 5, 0, ["plain", "life", "warning"], id="no brand"),
    ],
)
def test_what_there_is_room_for_is_said_in_its_order(
    brand: str | None, minutes: float, domain: int, parts: list[str]
) -> None:
    autofill = SmsAutofill(web_otp_origin="a" * domain) if domain else SmsAutofill()

    sms = composed("uk", digits="1234567890", minutes=minutes, brand=brand, autofill=autofill)

    expected = " ".join(ROWS["uk"][part] for part in parts)
    for name, value in (("pin", "1234567890"), ("brand", brand), ("minutes", minutes)):
        expected = expected.replace(f"{{{{{name}}}}}", str(value))
    assert said(sms) == expected


def test_brand_in_other_letters_changes_the_alphabet_and_is_counted_there() -> None:
    latin, cyrillic = composed("en", brand="Nova"), composed("en", brand="Нова")

    assert (latin.encoding, latin.holds_life) == (SmsEncoding.GSM7, True)
    assert (cyrillic.encoding, cyrillic.holds_brand) == (SmsEncoding.UCS2, True)
    assert said(cyrillic) == "123456 is your Нова code. It is valid for 5 min."


def test_brand_whose_letters_leave_it_no_room_is_left_out() -> None:
    sms = composed("en", brand=BRANDS["cyrillic of 50"])

    assert not sms.holds_brand
    assert sms.encoding is SmsEncoding.GSM7
    assert said(sms).endswith(ROWS["en"]["warning"])


def test_placeholder_in_a_brand_stays_as_it_is() -> None:
    sms = composed("en", brand="{{pin}}{{minutes}}")

    assert said(sms).startswith("123456 is your {{pin}}{{minutes}} code. It is valid for 5 min.")


def test_text_without_autofill_is_one_line() -> None:
    assert "\n" not in composed("en", brand="Acme").text


@EVERY_LANGUAGE
def test_lines_that_phones_read_stand_below_the_words(language: str) -> None:
    sms = composed(language, digits=LONGEST_PIN, autofill=AUTOFILL["both"])

    assert sms.text.split("\n")[1:] == [APP_HASH, f"@example.com #{LONGEST_PIN}"]


def test_origin_is_bound_as_browsers_read_it() -> None:
    sms = composed("en", autofill=AUTOFILL["origin"])

    last_line = sms.text.split("\n")[-1]
    assert re.fullmatch(r"@(\S+) #(\S+)", last_line)
    assert last_line == "@example.com #123456"


def test_brand_can_make_no_line_that_browsers_read() -> None:
    sms = composed("en", brand="@evil.example #999999")

    assert [line for line in sms.text.split("\n") if line.startswith("@")] == []


def test_message_with_a_hash_is_counted_in_bytes_too() -> None:
    # With the hash 70 characters, so that the warning would have room but for its bytes.
    without, hashed = composed("th"), composed("th", autofill=AUTOFILL["hash"])

    assert measure(f"{without.text}\n{APP_HASH}").length == 70
    assert without.text.endswith(ROWS["th"]["warning"])
    assert said(hashed) == said(without).removesuffix(f" {ROWS['th']['warning']}")


@pytest.mark.parametrize("language", RIGHT_TO_LEFT)
@pytest.mark.parametrize("brand", ["Acme", None])
def test_right_to_left_text_reads_from_the_right(language: str, brand: str | None) -> None:
    assert direction(said(composed(language, brand=brand))) == "rtl"


@pytest.mark.parametrize("language", RIGHT_TO_LEFT)
def test_letters_keep_pin_and_brand_apart_where_the_direction_changes(language: str) -> None:
    text = said(composed(language, brand="Acme"))

    numbers_and_brand = [m.span() for m in re.finditer(r"123456|Acme|\b5\b", text)]

    assert len(numbers_and_brand) == 3
    for (_, end), (start, _) in pairwise(numbers_and_brand):
        assert direction(text[end:start]) == "rtl"


def test_longest_domain_that_fits_is_taken_and_one_more_is_not() -> None:
    room = max(n for n in range(1, 160) if not languages_without_room(of_length(n), pin_digits=10))

    assert languages_without_room(of_length(room), pin_digits=10) == ()
    assert languages_without_room(of_length(room + 1), pin_digits=10) != ()
    for language in LANGUAGES:
        assert composed(language, digits=LONGEST_PIN, autofill=of_length(room))


def of_length(characters: int) -> SmsAutofill:
    return SmsAutofill(APP_HASH, "a" * characters)


def test_shorter_pin_leaves_room_for_a_longer_domain() -> None:
    autofill = SmsAutofill(web_otp_origin="a" * 31)

    assert languages_without_room(autofill, pin_digits=9) == ()
    assert languages_without_room(autofill, pin_digits=10) == ("pt", "br")


@pytest.mark.parametrize("digits", range(4, 11))
def test_hash_alone_leaves_room_in_every_language(digits: int) -> None:
    assert languages_without_room(AUTOFILL["hash"], pin_digits=digits) == ()


def test_lines_without_room_are_refused_without_showing_the_pin() -> None:
    with pytest.raises(ValueError, match="no room for the text in 'uk'") as refusal:
        composed("uk", autofill=SmsAutofill(web_otp_origin="a" * 60))

    assert "123456" not in str(refusal.value)


def test_representation_hides_the_words() -> None:
    shown = repr(composed("en", brand="Acme"))

    assert "123456" not in shown
    assert "Acme" not in shown


@pytest.mark.parametrize(
    ("request_", "brand", "held"),
    [
        pytest.param(MessageRequest(business_name="Acme"), "Acme", {"business_name"}, id="held"),
        pytest.param(MessageRequest(business_name="🛍" * 50), "🛍" * 50, set(), id="no room"),
        pytest.param(MessageRequest(), "Acme", set(), id="the application's own"),
        pytest.param(
            MessageRequest(business_name="Acme", action="a", reason="r", pin_type="p"),
            *("Acme", {"business_name"}),
            id="no place for the others",
        ),
    ],
)
def test_callers_name_is_held_where_the_text_says_it(
    request_: MessageRequest, brand: str, held: set[str]
) -> None:
    assert sms_holds(composed("en", brand=brand), request_) == held
