# ruff: noqa: RUF001 - characters that look like others are what these tests are about
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.message_text import MessageRequest, check_message, has_link, text_problem
from otp_service.errors import InvalidRequest


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("https://example.com", id="https"),
        pytest.param("see HTTPS://EXAMPLE.COM", id="upper_case"),
        pytest.param("mailto:a@example.com", id="mailto"),
        pytest.param("javascript:alert", id="javascript"),
        pytest.param("tel:+1", id="tel"),
        pytest.param("viber://chat", id="viber"),
        pytest.param("web+pay:x", id="any_scheme"),
        pytest.param("x:1", id="one_letter_scheme"),
        pytest.param("see1https://example", id="scheme_after_a_digit"),
        pytest.param("приветhttp://example", id="scheme_after_another_script"),
        pytest.param("https: //example", id="known_scheme_and_a_space"),
        pytest.param("open https:", id="known_scheme_at_the_end"),
        pytest.param("Tel: 5", id="known_scheme_capitalised"),
        pytest.param("www.example", id="www"),
        pytest.param("WwW.Example", id="www_mixed_case"),
        pytest.param("(www.x)", id="www_inside"),
        pytest.param("shop.example.com/x", id="name_and_path"),
        pytest.param("shop.example.com/", id="name_and_slash"),
        pytest.param("Example.COM/x", id="name_in_capitals"),
        pytest.param("example.com./x", id="name_with_root_dot"),
        pytest.param("example.com:8080/x", id="name_with_port"),
        pytest.param("me@example.com/x", id="name_after_user"),
        pytest.param("(bit.ly/x)", id="name_in_parentheses"),
        pytest.param("24/7 at t.co/x", id="second_slash"),
        pytest.param("example.co.za/x", id="domain_sold_at_third_level_only"),
        pytest.param("example.ck/x", id="domain_listed_by_wildcard"),
        pytest.param("пример.рф/x", id="idn_unicode"),
        pytest.param("ПРИМЕР.РФ/x", id="idn_capitals"),
        pytest.param("пример.xn--p1ai/x", id="idn_encoded"),
        pytest.param("उदाहरण.भारत/x", id="idn_with_combining_marks"),
        pytest.param("example。com/x", id="ideographic_dot"),
        pytest.param("example．com/x", id="fullwidth_dot"),
        pytest.param("example｡com/x", id="halfwidth_dot"),
        pytest.param("www。example", id="www_ideographic_dot"),
        pytest.param("ｈｔｔｐｓ：／／ｅｘａｍｐｌｅ", id="fullwidth"),
        pytest.param("example.ⓒⓞⓜ/x", id="circled_letters"),
        pytest.param("example.com／x", id="fullwidth_slash"),
        pytest.param("ht\u200btps\u200d: x", id="zero_width_in_scheme"),
        pytest.param("w\u2060ww\ufeff.x", id="zero_width_in_www"),
        pytest.param("example.c\u00ado\u200cm\u200b/x", id="zero_width_in_name"),
        pytest.param("https\ufe0f: x", id="variation_selector"),
        pytest.param("https\u3164: x", id="hangul_filler"),
        pytest.param("https\u034f: x", id="grapheme_joiner"),
    ],
)
def test_link_in_any_disguise_is_found(text: str) -> None:
    assert has_link(text)
    assert text_problem(text) == "must not hold a link"


@pytest.mark.parametrize(
    "text",
    [
        "Note: hi",
        "12:30",
        "Booking.com",
        "Booking.com / Hotels",
        "and/or",
        "A/B",
        "24/7",
        "9/11.",
        "v2.0/3",
        "U.S./Canada",
        "com/x",
        ".com/x",
        "a..com/x",
        "hotel: Adlon",
        "Your data: changed",
        "Acme: payments",
        "why:",
        "Привет:мир",
        "your 1.5/2 share",
        "O'Reilly & Söhne GmbH",
        "ООО «Ромашка»",
        "می\u200cخواهم",
        "👨\u200d👩\u200d👧 family ❤\ufe0f",
        "日本語のテキスト",
    ],
)
def test_text_without_a_link_is_taken(text: str) -> None:
    assert not has_link(text)
    assert text_problem(text) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("   ", id="spaces"),
        pytest.param("\u00a0\u3000", id="unicode_spaces"),
        pytest.param("\u200b\u200d", id="zero_width"),
        pytest.param("\u3164\ufe0f", id="undrawn"),
    ],
)
def test_text_that_shows_nothing_is_empty(text: str) -> None:
    assert text_problem(text) == "must not be empty"


@pytest.mark.parametrize("character", ["x", "é", "日", "😀"])
def test_fifty_characters_are_taken_and_one_more_is_not(character: str) -> None:
    assert text_problem(character * 50) is None
    assert text_problem(character * 51) == "must have at most 50 characters"


@pytest.mark.parametrize(
    "character",
    ["\x00", "\t", "\n", "\r", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\udfff"],
    ids=ascii,
)
def test_control_character_is_refused(character: str) -> None:
    assert text_problem(f"a{character}b") == "must not hold control characters"


@pytest.mark.parametrize(
    "character",
    [
        *("\u061c", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e"),
        *("\u2066", "\u2067", "\u2068", "\u2069"),
    ],
    ids=ascii,
)
def test_bidi_character_is_refused(character: str) -> None:
    problem = text_problem(f"a{character}b")

    assert problem == "must not hold characters that change the direction of text"


def test_every_bidi_control_of_unicode_is_refused() -> None:
    # Python names no property Bidi_Control; these bidi classes and names hold all of it.
    classes = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    names = ("LEFT-TO-RIGHT MARK", "RIGHT-TO-LEFT MARK", "ARABIC LETTER MARK")
    controls = [
        character
        for character in map(chr, range(0x110000))
        if unicodedata.bidirectional(character) in classes
        or unicodedata.name(character, "") in names
    ]

    taken = [character for character in controls if text_problem(f"a{character}") is None]

    assert len(controls) == 12
    assert taken == []


def test_every_bad_field_is_named_at_once() -> None:
    request = MessageRequest(
        business_name="", action="x" * 51, reason="https://x", pin_type="a\nb", template_id=10
    )

    with pytest.raises(InvalidRequest) as refusal:
        check_message(request)

    assert {problem.pointer: problem.detail for problem in refusal.value.problems} == {
        "/message/business_name": "must not be empty",
        "/message/action": "must have at most 50 characters",
        "/message/reason": "must not hold a link",
        "/message/pin_type": "must not hold control characters",
        "/message/template_id": "must be 1 to 9",
    }


def test_only_the_bad_field_is_named() -> None:
    request = MessageRequest(business_name="Acme", reason="www.x")

    with pytest.raises(InvalidRequest) as refusal:
        check_message(request)

    assert [problem.pointer for problem in refusal.value.problems] == ["/message/reason"]


@pytest.mark.parametrize("template_id", [-1, 0, 10, 10**30])
def test_template_id_outside_one_to_nine_is_refused(template_id: int) -> None:
    with pytest.raises(InvalidRequest):
        check_message(MessageRequest(template_id=template_id))


@pytest.mark.parametrize(
    "request_",
    [MessageRequest(), *(MessageRequest(template_id=number) for number in range(1, 10))],
    ids=repr,
)
def test_good_request_is_taken(request_: MessageRequest) -> None:
    check_message(request_)


def test_given_texts_keep_one_order() -> None:
    request = MessageRequest(pin_type="login", reason="you asked", action="pay", business_name="A")

    assert list(request.texts) == ["business_name", "action", "reason", "pin_type"]
    assert MessageRequest(pin_type="login").texts == {"pin_type": "login"}


@given(st.text(st.characters(exclude_categories=[]), max_size=80))
def test_any_text_is_judged_without_an_error(text: str) -> None:
    assert isinstance(text_problem(text), str | None)
