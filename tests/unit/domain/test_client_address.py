import re

import pytest

from otp_service.domain.client_address import AddressScheme

SCHEME = AddressScheme(b"number key of the tests, 32 bytes")


def test_tag_is_12_url_safe_characters_and_tells_nothing_of_the_address() -> None:
    tag = SCHEME.tag("203.0.113.7")

    assert re.fullmatch(r"[A-Za-z0-9_-]{12}", tag)
    assert tag == SCHEME.tag("203.0.113.7")
    assert tag != AddressScheme(b"another number key of 32 bytes...").tag("203.0.113.7")


def test_each_ipv4_address_has_a_tag_of_its_own() -> None:
    assert len({SCHEME.tag(f"203.0.113.{last}") for last in range(256)}) == 256


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        pytest.param("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True, id="one /64"),
        pytest.param("2001:db8:0:1::1", "2001:db8:0:2::1", False, id="neighbouring /64"),
        pytest.param("::ffff:203.0.113.7", "203.0.113.7", True, id="IPv4 within IPv6"),
        pytest.param("::ffff:203.0.113.7", "::ffff:203.0.113.8", False, id="two within IPv6"),
        pytest.param("0.0.0.1", "::1", False, id="same figure, other protocol"),
    ],
)
def test_ipv6_addresses_share_a_tag_by_64(one: str, other: str, *, is_same: bool) -> None:
    assert (SCHEME.tag(one) == SCHEME.tag(other)) is is_same


@pytest.mark.parametrize("text", ["", "203.0.113", "example.com", "203.0.113.7/32"], ids=repr)
def test_text_that_is_no_address_has_no_tag(text: str) -> None:
    with pytest.raises(ValueError, match="does not appear"):
        SCHEME.tag(text)


def test_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        AddressScheme(b"short")
