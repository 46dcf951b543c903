import re

import pytest

from otp_service.domain.number_prefix import PrefixScheme, prefix_of

SCHEME = PrefixScheme(b"number key of the tests, 32 bytes")


def test_prefix_leaves_the_last_four_digits_out() -> None:
    assert prefix_of("+380671234567") == "+38067123"


def test_tag_is_8_url_safe_characters_that_only_the_key_leads_to() -> None:
    tag = SCHEME.tag("+380671234567")

    assert re.fullmatch(r"[A-Za-z0-9_-]{8}", tag)
    assert tag != PrefixScheme(b"another number key of 32 bytes...").tag("+380671234567")


def test_numbers_of_one_range_share_a_tag_and_others_do_not() -> None:
    assert SCHEME.tag("+380671234567") == SCHEME.tag("+380671239999")
    assert SCHEME.tag("+380671234567") != SCHEME.tag("+380671244567")


def test_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        PrefixScheme(b"short")
