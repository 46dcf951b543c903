import re
import string

import pytest

from otp_service.domain.identity import IdScheme
from otp_service.domain.keys import KeyRing, Use
from otp_service.domain.proof import ProofScheme

OLD, NEW = b"o" * 32, b"n" * 32
VID = IdScheme(b"number key of the tests, 32 bytes").new("+380671234567").text
URL_SAFE = string.ascii_letters + string.digits + "-_"


def scheme(*secrets: bytes) -> ProofScheme:
    return ProofScheme(KeyRing(secrets).accepted(Use.PROOF))


def test_proof_reads_back_to_its_verification() -> None:
    proof = scheme(NEW).sign(VID)

    assert scheme(NEW).read(proof) == VID


def test_proof_is_url_safe_and_says_nothing_of_the_number() -> None:
    proof = scheme(NEW).sign(VID)

    assert re.fullmatch(r"[A-Za-z0-9_.-]+", proof)
    assert len(proof) < 128


def test_proof_with_any_other_character_anywhere_is_none() -> None:
    proofs = scheme(NEW)
    proof = proofs.sign(VID)
    altered = [
        proof[:place] + character + proof[place + 1 :]
        for place in range(len(proof))
        for character in (URL_SAFE if place == len(proof) - 1 else "A.-")
        if character != proof[place]
    ]

    read = {proofs.read(text) for text in altered}

    assert read == {None}


@pytest.mark.parametrize(
    "addition", ["=", "==", "A", ".", "\n", " ", "é", "\ud800", "\x00"], ids=ascii
)
def test_proof_with_something_before_or_after_it_is_none(addition: str) -> None:
    proofs = scheme(NEW)
    proof = proofs.sign(VID)

    assert proofs.read(proof + addition) is None
    assert proofs.read(addition + proof) is None


def test_truncated_proof_is_none() -> None:
    proofs = scheme(NEW)
    proof = proofs.sign(VID)

    read = {proofs.read(proof[:length]) for length in range(len(proof))}

    assert read == {None}


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "a.b", VID, "\ud800.\ud800"],
    ids=["nothing", "dot", "dots", "two parts", "an id", "surrogates"],
)
def test_text_that_is_no_proof_is_none(text: str) -> None:
    assert scheme(NEW).read(text) is None


def test_proof_of_another_secret_is_none() -> None:
    assert scheme(NEW).read(scheme(OLD).sign(VID)) is None


def test_proof_signed_with_the_key_of_another_use_is_none() -> None:
    proof = ProofScheme(KeyRing([NEW]).accepted(Use.PIN)).sign(VID)

    assert scheme(NEW).read(proof) is None


def test_workers_of_neighbouring_deploys_of_a_rotation_read_each_others_proofs() -> None:
    before, added, moved = scheme(OLD), scheme(OLD, NEW), scheme(NEW, OLD)

    assert [added.read(before.sign(VID)), before.read(added.sign(VID))] == [VID, VID]
    assert [moved.read(added.sign(VID)), added.read(moved.sign(VID))] == [VID, VID]


def test_first_key_signs() -> None:
    proof = scheme(NEW, OLD).sign(VID)

    assert scheme(NEW).read(proof) == VID
    assert scheme(OLD).read(proof) is None
