import pytest

from otp_service import data
from otp_service.domain.verification import Channel
from otp_service.nxcloud.result_codes import Fault, code_reasons, meaning_of

WORDS = {Channel.VIBER: "code_", Channel.SMS: "sms_code_"}
CODES = data.load("result_codes.json")
ROWS = [(channel, row) for channel in Channel for row in CODES[channel]]
IDS = [f"{channel}-{row['code']}" for channel, row in ROWS]
FAULTS_OF_SMS = {
    "none": {0},
    "number": {6},
    "setup": {1, 2, 3, 4, 5, 8, 9, 102, *range(1000, 1010)},
    "provider": {-1, 27, 28, 88, 99},
}


@pytest.mark.parametrize(("channel", "row"), ROWS, ids=IDS)
def test_known_code_has_its_fault_its_advice_and_a_word_of_its_own(
    channel: Channel, row: dict
) -> None:
    meaning = meaning_of(row["code"], channel)

    assert meaning.fault.value == row["fault"]
    assert meaning.advice == row["advice"]
    assert meaning.reason == f"{WORDS[channel]}{row['code']}"


@pytest.mark.parametrize("code", [7, -2, 1010, 1101, 9006, 10**30])
@pytest.mark.parametrize("channel", Channel)
def test_other_code_is_the_providers_and_shares_one_word(channel: Channel, code: int) -> None:
    meaning = meaning_of(code, channel)

    assert meaning.fault is Fault.PROVIDER
    assert meaning.reason == f"{WORDS[channel]}other"
    assert meaning.may_be_retried


@pytest.mark.parametrize(
    ("channel", "code"), [(Channel.VIBER, 6), (Channel.SMS, 9002)], ids=["viber-6", "sms-9002"]
)
def test_code_of_the_other_channel_means_nothing(channel: Channel, code: int) -> None:
    assert meaning_of(code, channel).reason == f"{WORDS[channel]}other"


@pytest.mark.parametrize(("channel", "row"), ROWS, ids=IDS)
def test_what_is_ours_to_set_right_comes_with_advice(channel: Channel, row: dict) -> None:
    is_ours = row["fault"] == "setup"

    assert bool(meaning_of(row["code"], channel).advice) or not is_ours


@pytest.mark.parametrize("fault", FAULTS_OF_SMS)
def test_sms_code_is_whose_the_provider_says(fault: str) -> None:
    assert {row["code"] for row in CODES["sms"] if row["fault"] == fault} == FAULTS_OF_SMS[fault]


def test_what_is_passing_may_be_retried_but_for_a_number_that_had_its_five() -> None:
    retried = {
        (channel, row["code"])
        for channel, row in ROWS
        if meaning_of(row["code"], channel).may_be_retried
    }

    passing = {(channel, row["code"]) for channel, row in ROWS if row["fault"] == "provider"}
    assert retried == passing - {(Channel.SMS, 27)}


def test_reasons_are_a_closed_set() -> None:
    words = {f"{WORDS[channel]}{row['code']}" for channel, row in ROWS}

    assert code_reasons() == words | {"code_other", "sms_code_other"}
