"""Which list decides over a destination, and what a list may hold."""

import pytest

from otp_service.domain.destinations import (
    EVERYWHERE,
    DestinationLists,
    NumberHashes,
    read_number_hash,
    read_prefix,
)
from otp_service.domain.phone import PhoneNumber
from otp_service.errors import DestinationNotAllowed

KEY = b"number key of the tests, 32 byte"
HASHES = NumberHashes(KEY)
PHONE = PhoneNumber("+380671234567", "UA")
HASH = HASHES.hash(PHONE.e164)
OTHER = HASHES.hash("+380671234568")

TRUSTED, ORDINARY = True, False


def lists(**given: str) -> DestinationLists:
    return DestinationLists(**{name: frozenset(text.split()) for name, text in given.items()})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({}, ORDINARY, id="no_list"),
        pytest.param({"allowed_countries": "PL UA"}, ORDINARY, id="country_allowed"),
        pytest.param({"allowed_countries": "PL"}, "country_not_allowed", id="others_allowed"),
        pytest.param({"denied_countries": "UA"}, "denied_country", id="country_denied"),
        pytest.param({"denied_countries": "PL"}, ORDINARY, id="another_country_denied"),
        pytest.param(
            {"allowed_countries": "UA", "denied_countries": "UA"},
            "denied_country",
            id="country_in_both",
        ),
        pytest.param({"allowed_prefixes": "+38067"}, TRUSTED, id="prefix_allowed"),
        pytest.param({"allowed_prefixes": "+38050"}, ORDINARY, id="allowed_prefixes_deny_no_other"),
        pytest.param({"denied_prefixes": "+38067"}, "denied_prefix", id="prefix_denied"),
        pytest.param({"denied_prefixes": "+3"}, "denied_prefix", id="shortest_prefix"),
        pytest.param({"denied_prefixes": "+38050"}, ORDINARY, id="another_prefix_denied"),
        pytest.param(
            {"allowed_prefixes": "+38067", "denied_prefixes": "+38067"},
            "denied_prefix",
            id="prefix_in_both",
        ),
        pytest.param(
            {"allowed_prefixes": "+38067", "denied_prefixes": "+380"},
            TRUSTED,
            id="longer_prefix_allowed",
        ),
        pytest.param(
            {"allowed_prefixes": "+380", "denied_prefixes": "+38067"},
            "denied_prefix",
            id="longer_prefix_denied",
        ),
        pytest.param(
            {"allowed_prefixes": "+38067", "denied_countries": "UA"},
            TRUSTED,
            id="prefix_before_denied_country",
        ),
        pytest.param(
            {"allowed_prefixes": "+38067", "allowed_countries": "PL"},
            TRUSTED,
            id="prefix_before_allowed_countries",
        ),
        pytest.param(
            {"denied_prefixes": "+38067", "allowed_countries": "UA"},
            "denied_prefix",
            id="denied_prefix_before_allowed_country",
        ),
        pytest.param({"allowed_numbers": HASH}, TRUSTED, id="number_allowed"),
        pytest.param({"allowed_numbers": OTHER}, ORDINARY, id="allowed_numbers_deny_no_other"),
        pytest.param({"denied_numbers": HASH}, "denied_number", id="number_denied"),
        pytest.param({"denied_numbers": OTHER}, ORDINARY, id="another_number_denied"),
        pytest.param(
            {"allowed_numbers": HASH, "denied_numbers": HASH}, "denied_number", id="number_in_both"
        ),
        pytest.param(
            {"allowed_numbers": HASH, "denied_prefixes": "+380671"},
            TRUSTED,
            id="number_before_denied_prefix",
        ),
        pytest.param(
            {"denied_numbers": HASH, "allowed_prefixes": "+380671"},
            "denied_number",
            id="denied_number_before_allowed_prefix",
        ),
        pytest.param(
            {"allowed_numbers": HASH, "denied_countries": "UA", "denied_prefixes": "+3"},
            TRUSTED,
            id="number_before_everything",
        ),
        pytest.param(
            {"denied_numbers": HASH, "allowed_countries": "UA"},
            "denied_number",
            id="denied_number_before_allowed_country",
        ),
    ],
)
def test_more_exact_list_decides_and_a_denial_wins_at_one_exactness(
    *, given: dict[str, str], expected: bool | str
) -> None:
    try:
        found: bool | str = lists(**given).admit(PHONE, HASH)
    except DestinationNotAllowed as refusal:
        found = refusal.reason

    assert found == expected


def test_without_lists_everything_may_be_sent_to() -> None:
    assert EVERYWHERE.admit(PHONE, HASH) is False


def test_caller_is_not_told_which_list_it_was() -> None:
    details = set()
    for given in (
        {"denied_numbers": HASH},
        {"denied_prefixes": "+380"},
        {"denied_countries": "UA"},
        {"allowed_countries": "PL"},
    ):
        with pytest.raises(DestinationNotAllowed) as refusal:
            lists(**given).admit(PHONE, HASH)
        details.add(refusal.value.detail)

    assert details == {"No code is sent to this destination."}


def test_hash_is_the_number_s_and_the_key_s() -> None:
    assert read_number_hash(HASH) == HASH == NumberHashes(KEY).hash(PHONE.e164)
    assert len({HASH, OTHER, NumberHashes(KEY[::-1]).hash(PHONE.e164)}) == 3


def test_hashes_are_not_shown() -> None:
    assert HASH not in repr(lists(allowed_numbers=HASH, denied_numbers=HASH))


@pytest.mark.parametrize(
    "text",
    ["", "+380671234567", "380671234567", "x" * 19, "x" * 21, "x" * 19 + "=", "x" * 19 + "\n"],
)
def test_entry_that_is_no_hash_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="otp-service fraud hash") as refusal:
        read_number_hash(text)

    assert not text or text not in str(refusal.value)


@pytest.mark.parametrize("text", ["+1", "+88213", "+380671", "+38067123456"])
def test_prefix_begins_numbers(text: str) -> None:
    assert read_prefix(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "380",
        "+0",
        "+380 67",
        "+38067x",
        "+٣٨٠",
        "+3806\n",
        "+" + "3" * 16,
        pytest.param("+380671234567", id="whole_number"),
    ],
)
def test_prefix_of_another_form_or_a_whole_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must ") as refusal:
        read_prefix(text)

    assert len(text) < 4 or text not in str(refusal.value)
