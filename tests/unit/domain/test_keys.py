import hashlib
import hmac

import pytest

from otp_service.domain.keys import KeyRing, Use, derive_key

NEW = b"n" * 32
OLD = b"o" * 32


def test_every_use_has_a_key_of_its_own() -> None:
    ring = KeyRing([NEW])

    keys = {ring.newest(use) for use in Use}

    assert len(keys) == len(Use)
    assert {len(key) for key in keys} == {32}
    assert NEW not in keys


def test_derived_key_is_hkdf_with_sha_256() -> None:
    extracted = hmac.digest(bytes(32), NEW, hashlib.sha256)
    expanded = hmac.digest(extracted, b"otp_service:pin\x01", hashlib.sha256)

    assert derive_key(NEW, "pin") == expanded


def test_first_secret_signs_and_all_are_accepted_in_their_order() -> None:
    ring = KeyRing([NEW, OLD])

    assert ring.newest(Use.PIN) == derive_key(NEW, "pin")
    assert ring.accepted(Use.PIN) == (derive_key(NEW, "pin"), derive_key(OLD, "pin"))


def test_rotation_in_two_deploys_never_signs_with_a_key_that_others_refuse() -> None:
    before, added, moved = KeyRing([OLD]), KeyRing([OLD, NEW]), KeyRing([NEW, OLD])

    for one, other in ((before, added), (added, moved)):
        assert one.newest(Use.SEAL) in other.accepted(Use.SEAL)
        assert other.newest(Use.SEAL) in one.accepted(Use.SEAL)


def test_no_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        KeyRing([])


@pytest.mark.parametrize("secrets", [[b"x" * 31], [NEW, b""]], ids=["too_short", "empty_second"])
def test_short_secret_is_refused_without_being_shown(secrets: list[bytes]) -> None:
    with pytest.raises(ValueError, match="at least 32 bytes") as refusal:
        KeyRing(secrets)

    assert "xxx" not in str(refusal.value)


def test_ring_does_not_show_its_keys() -> None:
    assert repr(KeyRing([NEW, OLD])) == "KeyRing(2 secrets)"
