import pytest

from otp_service.domain.sealing import SealBroken, Sealer

VID = "v" * 36
LONGEST_NUMBER = "+123456789012345"
OLD, NEW = b"o" * 32, b"n" * 32


def test_sealed_number_opens_for_its_verification() -> None:
    sealer = Sealer([NEW])

    sealed = sealer.seal("+380671234567", bound_to=VID)

    assert sealer.open(sealed, bound_to=VID) == "+380671234567"


def test_longest_number_takes_at_most_64_bytes() -> None:
    sealed = Sealer([NEW]).seal(LONGEST_NUMBER, bound_to=VID)

    assert len(sealed) <= 64


def test_sealed_bytes_do_not_hold_the_number_and_are_never_the_same() -> None:
    sealer = Sealer([NEW])

    sealed = {sealer.seal(LONGEST_NUMBER, bound_to=VID) for _ in range(100)}

    assert len(sealed) == 100
    assert not any(LONGEST_NUMBER[1:5].encode() in each for each in sealed)


def test_another_verification_does_not_open_it() -> None:
    sealer = Sealer([NEW])
    sealed = sealer.seal("+380671234567", bound_to=VID)

    with pytest.raises(SealBroken):
        sealer.open(sealed, bound_to="w" * 36)


def test_another_key_does_not_open_it() -> None:
    sealed = Sealer([OLD]).seal("+380671234567", bound_to=VID)

    with pytest.raises(SealBroken):
        Sealer([NEW]).open(sealed, bound_to=VID)


@pytest.mark.parametrize("place", [0, 11, 12, 20, -16, -1])
def test_altered_bytes_do_not_open(place: int) -> None:
    sealer = Sealer([NEW])
    sealed = bytearray(sealer.seal("+380671234567", bound_to=VID))
    sealed[place] ^= 1

    with pytest.raises(SealBroken):
        sealer.open(bytes(sealed), bound_to=VID)


@pytest.mark.parametrize("length", [0, 1, 11, 12, 27, 28, 40])
def test_truncated_bytes_do_not_open(length: int) -> None:
    sealer = Sealer([NEW])
    sealed = sealer.seal("+380671234567", bound_to=VID)

    with pytest.raises(SealBroken):
        sealer.open(sealed[:length], bound_to=VID)


def test_number_sealed_before_the_rotation_opens_after_it() -> None:
    sealed = Sealer([OLD]).seal("+380671234567", bound_to=VID)

    assert Sealer([NEW, OLD]).open(sealed, bound_to=VID) == "+380671234567"


def test_first_key_seals() -> None:
    sealed = Sealer([NEW, OLD]).seal("+380671234567", bound_to=VID)

    assert Sealer([NEW]).open(sealed, bound_to=VID) == "+380671234567"


def test_refusal_says_nothing_of_the_number() -> None:
    sealed = Sealer([OLD]).seal("+380671234567", bound_to=VID)

    with pytest.raises(SealBroken) as refusal:
        Sealer([NEW]).open(sealed, bound_to=VID)

    assert "380" not in str(refusal.value)
