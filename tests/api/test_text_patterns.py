import re
import unicodedata

import pytest
from phonenumbers import SUPPORTED_REGIONS

from otp_service.api.text_patterns import (
    CODE_PATTERN,
    MESSAGE_TEXT_PATTERN,
    PHONE_PATTERN,
    PRINTABLE_PATTERN,
    country_pattern,
)
from otp_service.domain.message_text import text_problem
from otp_service.domain.phone import read_phone
from otp_service.domain.pin import read_code
from otp_service.errors import OtpError

# Every block with digits, spaces, dashes, marks and invisible characters of interest.
BLOCKS = [
    (0x0, 0x3200),
    (0xA600, 0xAC00),
    (0xFB00, 0x10000),
    (0x10D00, 0x10F00),
    (0x1D7C0, 0x1D800),
]
CHARACTERS = [chr(number) for first, end in BLOCKS for number in range(first, end)]
# What this Python knows of Unicode may be more than the oldest one that runs the service.
OLDEST = "\U00010d00"


def fits(pattern: str, text: str) -> bool:
    # To Python, \d is what other engines call \p{Nd}.
    return bool(re.fullmatch(pattern.replace(r"\p{Nd}", r"\d"), text))


def is_phone(text: str) -> bool:
    try:
        read_phone(text, country="UA")
    except OtpError:
        return False
    return True


def test_a_code_may_hold_what_is_read_as_one_and_nothing_else():
    for character in CHARACTERS:
        read = read_code(f"123{character}456") is not None
        if character < OLDEST or not read:
            assert fits(CODE_PATTERN, f"123{character}456") == read, hex(ord(character))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "123",
        "1234",
        "1234567890",
        "12345678901",
        "١٢٣٤",
        " 1-2 3\u20134 ",
        "12a4",
        "1234\n",
        "+1234",
    ],
)
def test_a_code_has_as_many_digits_as_the_rule_wants(text):
    assert fits(CODE_PATTERN, text) == (read_code(text) is not None)


def test_a_number_may_hold_what_is_read_as_one():
    for character in CHARACTERS:
        category = unicodedata.category(character)
        if category in {"Nd", "Zs", "Pd", "Po", "Ps", "Pe", "Sm", "Cf", "Lm", "Cc"}:
            text = f"+38067{character}1234567" if category != "Nd" else f"+38067{character}234567"
            if is_phone(text) and character < OLDEST:
                assert fits(PHONE_PATTERN, text), hex(ord(character))


@pytest.mark.parametrize(
    "text",
    [
        "+380671234567",
        "067 123-45-67",
        "(067) 123.45/67",
        "\uff0b380671234567",
        "\u202a+380671234567\u202c",
    ],
)
def test_numbers_as_people_write_them_fit(text):
    assert is_phone(text)
    assert fits(PHONE_PATTERN, text)


@pytest.mark.parametrize(
    "text", ["", "+", "123", "++380671234567", "38067+1234567", "tel:067", "*"]
)
def test_what_can_be_no_number_does_not_fit(text):
    assert not is_phone(text)
    assert not fits(PHONE_PATTERN, text)


def test_a_text_that_can_be_sent_fits_and_one_with_controls_does_not():
    for character in CHARACTERS:
        problem = text_problem(f"a{character}b") or ""
        if unicodedata.category(character) != "Cs":
            fitting = "control" not in problem and "direction" not in problem
            assert fits(MESSAGE_TEXT_PATTERN, f"a{character}b") == fitting, hex(ord(character))


def test_any_text_but_controls_is_printable():
    assert fits(PRINTABLE_PATTERN, "proof.of-é 😀")
    assert not any(fits(PRINTABLE_PATTERN, c) for c in "\x00\x1f\x7f\x85\x9f")


def test_every_country_fits_in_either_case_and_no_other_two_letters():
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for code in (a + b for a in letters for b in letters):
        for written in (code, code.lower(), code.capitalize()):
            assert fits(country_pattern(), written) == (code in SUPPORTED_REGIONS)
