"""Every kind of number in every country, by the examples of the numbering plans' own metadata."""

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from otp_service.domain.phone import read_phone
from otp_service.errors import DestinationNotAllowed

KINDS = {
    name: value
    for name, value in vars(PhoneNumberType).items()
    if isinstance(value, int) and name != "UNKNOWN"
}
TAKES_MESSAGES = {"MOBILE", "FIXED_LINE_OR_MOBILE", "VOIP"}


def examples(kind: int) -> list[str]:
    """Give an example of each country that has numbers of this kind and of no other."""
    found = []
    for country in sorted(phonenumbers.SUPPORTED_REGIONS):
        number = phonenumbers.example_number_for_type(country, kind)
        if number is not None and phonenumbers.number_type(number) == kind:
            found.append(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    return found


def test_kinds_are_all_there_are() -> None:
    assert KINDS.keys() == TAKES_MESSAGES | {
        "FIXED_LINE",
        "TOLL_FREE",
        "PREMIUM_RATE",
        "SHARED_COST",
        "PERSONAL_NUMBER",
        "PAGER",
        "UAN",
        "VOICEMAIL",
    }


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - TAKES_MESSAGES))
def test_no_number_of_a_kind_that_takes_no_message_is_sent_to(kind: str) -> None:
    numbers = examples(KINDS[kind])

    assert numbers
    for number in numbers:
        with pytest.raises(DestinationNotAllowed) as refusal:
            read_phone(number, country=None)
        assert refusal.value.reason == "number_kind"


@pytest.mark.parametrize("kind", sorted(TAKES_MESSAGES))
def test_every_number_of_a_kind_that_takes_messages_is_sent_to(kind: str) -> None:
    numbers = examples(KINDS[kind])

    assert numbers
    assert [read_phone(number, country=None).e164 for number in numbers] == numbers
