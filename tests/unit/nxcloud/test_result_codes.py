import pytest

from otp_service import data
from otp_service.nxcloud.result_codes import Fault, code_reasons, meaning_of

ROWS = data.load("result_codes.json")["viber"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["code"]))
def test_known_code_has_its_fault_its_advice_and_a_word_of_its_own(row: dict) -> None:
    meaning = meaning_of(row["code"])

    assert meaning.fault.value == row["fault"]
    assert meaning.advice == row["advice"]
    assert meaning.reason == f"code_{row['code']}"


@pytest.mark.parametrize("code", [1, -2, 1010, 1101, 9006, 10**30])
def test_other_code_is_the_providers_and_shares_one_word(code: int) -> None:
    meaning = meaning_of(code)

    assert meaning.fault is Fault.PROVIDER
    assert meaning.reason == "code_other"


@pytest.mark.parametrize("row", [row for row in ROWS if row["fault"] == "setup"], ids=str)
def test_what_is_ours_to_set_right_comes_with_advice(row: dict) -> None:
    assert meaning_of(row["code"]).advice


def test_reasons_are_a_closed_set() -> None:
    assert code_reasons() == {f"code_{row['code']}" for row in ROWS} | {"code_other"}
