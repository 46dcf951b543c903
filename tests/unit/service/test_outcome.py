import pytest
from support.fakes import ENDS

from otp_service.domain.verification import Status
from otp_service.errors import VerificationEnded
from otp_service.ports import Ended
from otp_service.service.outcome import ending


@pytest.mark.parametrize("status", ENDS, ids=str)
def test_every_end_has_its_public_code(status: Status) -> None:
    error = ending(Ended(status))

    assert isinstance(error, VerificationEnded)
    assert error.code == f"verification_{status}"
    assert error.detail


def test_no_other_status_is_an_end() -> None:
    assert set(Status) - set(ENDS) == {Status.PENDING, Status.UNDELIVERED}
