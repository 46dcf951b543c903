import re
from collections import Counter

import pytest

from otp_service.domain.identity import IdScheme

NUMBER = "+380671234567"
OTHER_NUMBER = "+380671234568"
SCHEME = IdScheme(b"number key of the tests, 32 bytes")


def test_id_is_36_url_safe_characters() -> None:
    ids = [SCHEME.new(NUMBER) for _ in range(200)]

    assert all(re.fullmatch(r"[A-Za-z0-9_-]{36}", vid.text) for vid in ids)
    assert all(vid.text.startswith(vid.random) and len(vid.random) == 22 for vid in ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{14}", vid.number_tag) for vid in ids)


def test_id_that_was_made_reads_back_whole() -> None:
    made = [SCHEME.new(NUMBER) for _ in range(200)]

    read = [SCHEME.read(vid.text) for vid in made]

    assert read == made


def test_ids_of_one_number_lead_to_one_tag_and_of_another_to_another() -> None:
    tags = {SCHEME.new(NUMBER).number_tag for _ in range(20)}

    assert len(tags) == 1
    assert SCHEME.new(OTHER_NUMBER).number_tag not in tags


def test_tag_of_a_number_is_that_of_its_ids() -> None:
    assert SCHEME.number_tag(NUMBER) == SCHEME.new(NUMBER).number_tag
    assert SCHEME.number_tag(NUMBER) != SCHEME.number_tag(OTHER_NUMBER)


def test_ids_of_one_number_share_nothing_visible() -> None:
    texts = [SCHEME.new(NUMBER).text for _ in range(640)]

    # Each of 64 characters about ten times at each of 36 places; 50 times in no lifetime.
    commonest = [Counter(place).most_common(1)[0][1] for place in zip(*texts, strict=True)]
    assert len(set(texts)) == len(texts)
    assert max(commonest) < 50


def test_number_tag_does_not_stand_in_the_id() -> None:
    vid = SCHEME.new(NUMBER)

    assert vid.number_tag not in vid.text
    assert vid.number_tag not in repr(vid)


def test_two_ids_of_one_number_mask_the_tag_differently() -> None:
    masked = {SCHEME.new(NUMBER).text[22:] for _ in range(200)}

    assert len(masked) == 200


def test_another_key_reads_another_tag() -> None:
    vid = SCHEME.new(NUMBER)

    read = IdScheme(b"another number key, also 32 bytes").read(vid.text)

    assert read is not None
    assert read.number_tag != vid.number_tag


@pytest.mark.parametrize("place", range(36))
def test_altered_id_reads_another_tag(place: int) -> None:
    vid = SCHEME.new(NUMBER)
    other = "A" if vid.text[place] != "A" else "B"

    read = SCHEME.read(vid.text[:place] + other + vid.text[place + 1 :])

    assert read is not None
    assert read.number_tag != vid.number_tag


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("a" * 35, id="35_characters"),
        pytest.param("a" * 37, id="37_characters"),
        pytest.param("a" * 36 + "\n", id="line_feed_after_it"),
        pytest.param("a" * 35 + "+", id="other_base64_alphabet"),
        pytest.param("a" * 35 + "=", id="padding"),
        pytest.param("a" * 35 + "é", id="not_ascii"),
        pytest.param("a" * 35 + "\u0663", id="arabic_digit"),
        pytest.param("a" * 35 + "\ud800", id="lone_surrogate"),
        pytest.param("a" * 35 + "\x00", id="nul"),
    ],
)
def test_text_that_cannot_be_an_id_reads_as_none(text: str) -> None:
    assert SCHEME.read(text) is None
