import pytest
from support.fakes import AWAY, ENDS, FakeStore, verification
from support.verifications import IDS, PHONE, SHOP, SilentJournal

from otp_service.domain.call import Call
from otp_service.domain.events import VerificationCalledOff
from otp_service.domain.verification import Status
from otp_service.errors import OtpError, StoreUnavailable, VerificationNotFound
from otp_service.ports import Ended
from otp_service.service.cancel import CancelVerification


def refused(answer: object, expected: type[OtpError], text: str | None = None) -> OtpError:
    journal = SilentJournal()
    cancel = CancelVerification(ids=IDS, store=FakeStore(answer), journal=journal)
    with pytest.raises(expected) as refusal:
        cancel(Call(SHOP), IDS.new(PHONE).text if text is None else text)
    assert journal.events == [VerificationCalledOff("shop", refusal.value.code)]
    return refusal.value


def test_canceled_verification_is_given_and_told() -> None:
    canceled = verification(status=Status.CANCELED)
    store, journal = FakeStore(canceled), SilentJournal()
    cancel = CancelVerification(ids=IDS, store=store, journal=journal)

    given = cancel(Call(SHOP), canceled.id.text)

    assert given is canceled
    assert store.asked == [("cancel", canceled.id, Call(SHOP), {})]
    assert journal.events == [VerificationCalledOff("shop", "canceled", canceled.id.random)]


@pytest.mark.parametrize("status", ENDS, ids=str)
def test_another_end_is_told(status: Status) -> None:
    assert refused(Ended(status), OtpError).code == f"verification_{status}"


def test_unknown_id_is_not_found() -> None:
    refused(None, VerificationNotFound)


def test_text_that_is_no_id_asks_nothing() -> None:
    refused(verification(), VerificationNotFound, text="no id")


def test_lost_store_is_told() -> None:
    refused(AWAY, StoreUnavailable)
