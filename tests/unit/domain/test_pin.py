import secrets
from collections import Counter
from collections.abc import Callable

import pytest

from otp_service.domain.keys import KeyRing, Use
from otp_service.domain.pin import (
    Pin,
    digests_to_accept,
    draw_pin,
    pin_digest,
    purpose_digest,
    read_code,
)

VID = "v" * 36
KEY = b"k" * 32


@pytest.mark.parametrize("length", range(4, 11))
def test_pin_has_its_length(length: int) -> None:
    lengths = {len(draw_pin(length).digits) for _ in range(100)}

    assert lengths == {length}


def test_pin_is_drawn_below_the_next_power_of_ten_and_keeps_its_zeros(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bounds = []

    def below(bound: int) -> int:
        bounds.append(bound)
        return 42

    monkeypatch.setattr(secrets, "randbelow", below)

    pin = draw_pin(6)

    assert bounds == [1_000_000]
    assert pin.digits == "000042"


def test_every_digit_is_equally_likely_at_every_place() -> None:
    draws = 5000
    places = zip(*(draw_pin(6).digits for _ in range(draws)), strict=True)

    chi_squares = [
        sum((Counter(place)[digit] - draws / 10) ** 2 / (draws / 10) for digit in "0123456789")
        for place in places
    ]

    # Nine degrees of freedom: 60 is passed by chance once in a billion.
    assert max(chi_squares) < 60


@pytest.mark.parametrize(
    "show", [str, repr, "{}".format, "%s".__mod__], ids=["str", "repr", "format", "percent"]
)
def test_pin_does_not_show_its_digits(show: Callable[[Pin], str]) -> None:
    assert show(Pin("012345")) == "Pin(6 digits)"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("123456", id="plain"),
        pytest.param(" 123 456 ", id="spaces"),
        pytest.param("123-456", id="hyphen"),
        pytest.param("123\u2011456", id="non_breaking_hyphen"),
        pytest.param("123\u2013456", id="dash"),
        pytest.param("123\u00a0456", id="non_breaking_space"),
        pytest.param("123\u202f456", id="narrow_space"),
        pytest.param("١٢٣٤٥٦", id="arabic"),
        pytest.param("۱۲۳۴۵۶", id="persian"),
        pytest.param("१२३४५६", id="devanagari"),
        pytest.param("\uff11\uff12\uff13\uff14\uff15\uff16", id="fullwidth"),
        pytest.param("12٣٤\uff15६", id="mixed"),
    ],
)
def test_code_is_read_as_people_type_it(text: str) -> None:
    assert read_code(text) == "123456"


@pytest.mark.parametrize("digits", ["0000", "0123", "1234567890"])
def test_four_to_ten_digits_are_a_code(digits: str) -> None:
    assert read_code(digits) == digits


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("   -  ", id="separators_alone"),
        pytest.param("123", id="three_digits"),
        pytest.param("12345678901", id="eleven_digits"),
        pytest.param("12345a", id="letter"),
        pytest.param("123456\u00b2", id="superscript"),
        pytest.param("\u2460\u2461\u2462\u2463", id="circled"),
        pytest.param("\u4e00\u4e8c\u4e09\u56db", id="ideographic_numerals"),
        pytest.param("\u2167\u2167\u2167\u2167", id="roman_numerals"),
        pytest.param("123\t456", id="tab"),
        pytest.param("123456\n", id="line_feed"),
        pytest.param("123456\x00", id="nul"),
        pytest.param("123.456", id="dot"),
        pytest.param("+123456", id="plus"),
        pytest.param("123456\ud800", id="lone_surrogate"),
    ],
)
def test_what_is_not_a_code_is_none(text: str) -> None:
    assert read_code(text) is None


def test_pin_digest_is_bound_to_key_verification_and_digits() -> None:
    digests = {
        pin_digest(KEY, verification_id=VID, digits="012345"),
        pin_digest(b"K" * 32, verification_id=VID, digits="012345"),
        pin_digest(KEY, verification_id="w" * 36, digits="012345"),
        pin_digest(KEY, verification_id=VID, digits="12345"),
    }

    assert len(digests) == 4
    assert {len(digest) for digest in digests} == {32}


def test_purpose_digest_is_bound_to_key_verification_and_purpose() -> None:
    digests = {
        purpose_digest(KEY, verification_id=VID, purpose="login"),
        purpose_digest(b"K" * 32, verification_id=VID, purpose="login"),
        purpose_digest(KEY, verification_id="w" * 36, purpose="login"),
        purpose_digest(KEY, verification_id=VID, purpose="pay"),
    }

    assert len(digests) == 4


def test_pin_and_purpose_of_the_same_text_have_different_digests() -> None:
    ring = KeyRing([b"s" * 32])

    pin = pin_digest(ring.newest(Use.PIN), verification_id=VID, digits="012345")
    purpose = purpose_digest(ring.newest(Use.PURPOSE), verification_id=VID, purpose="012345")

    assert pin != purpose


def test_guess_has_a_digest_under_every_accepted_key_newest_first() -> None:
    keys = (b"n" * 32, b"o" * 32)

    digests = digests_to_accept(keys, verification_id=VID, text="012345")

    assert digests == tuple(pin_digest(key, verification_id=VID, digits="012345") for key in keys)
