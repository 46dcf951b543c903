import pytest
from support.fakes import AWAY, FakeStore, verification
from support.verifications import IDS, PHONE, SHOP

from otp_service.errors import StoreUnavailable, VerificationNotFound
from otp_service.service.status import ReadVerification


def test_verification_is_given_as_it_stands() -> None:
    stored = verification()
    store = FakeStore(stored)

    given = ReadVerification(ids=IDS, store=store)(SHOP, stored.id.text)

    assert given is stored
    assert store.asked == [("read", stored.id, SHOP, {})]


def test_unknown_id_is_not_found() -> None:
    with pytest.raises(VerificationNotFound):
        ReadVerification(ids=IDS, store=FakeStore(None))(SHOP, IDS.new(PHONE).text)


@pytest.mark.parametrize("text", ["", "short", "\x00" * 36, "A" * 35 + "\n"], ids=ascii)
def test_text_that_is_no_id_is_not_found_and_asks_nothing(text: str) -> None:
    store = FakeStore(verification())

    with pytest.raises(VerificationNotFound):
        ReadVerification(ids=IDS, store=store)(SHOP, text)

    assert store.asked == []


def test_lost_store_is_told() -> None:
    with pytest.raises(StoreUnavailable):
        ReadVerification(ids=IDS, store=FakeStore(AWAY))(SHOP, IDS.new(PHONE).text)
