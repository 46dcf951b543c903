from dataclasses import replace

import pytest
from support.fakes import AWAY, NOW, FakeStore, verification
from support.verifications import IDS, KEYS, PHONE, SEALER, SHOP, SilentJournal

from otp_service.domain.context import Context, seal_context_hash
from otp_service.domain.events import ProofChecked
from otp_service.domain.keys import KeyRing, Use
from otp_service.domain.proof import ProofScheme
from otp_service.domain.verification import Status, Verification
from otp_service.errors import StoreUnavailable
from otp_service.service.proof import CheckProof, Proven

PROOFS = ProofScheme(KEYS.accepted(Use.PROOF))
FOREIGN = ProofScheme(KeyRing([b"a secret of another installation"]).accepted(Use.PROOF))


class Desk:
    """The use case with fakes around it."""

    def __init__(self, answer: object) -> None:
        self.store = FakeStore(answer)
        self.journal = SilentJournal()
        self.check = CheckProof(
            ids=IDS, sealer=SEALER, proofs=PROOFS, store=self.store, journal=self.journal
        )


def approved(**changes: object) -> Verification:
    return verification(status=Status.APPROVED, verified_at=NOW, **changes)


@pytest.mark.parametrize(
    ("consume", "outcome"), [(False, "active"), (True, "consumed_now")], ids=["look", "consume"]
)
def test_living_proof_shows_what_was_approved(*, consume: bool, outcome: str) -> None:
    stored = approved(purpose="payment")
    desk = Desk(stored)

    proven = desk.check(SHOP, proof=PROOFS.sign(stored.id.text), consume=consume)

    assert proven == Proven(stored.id.text, PHONE, "payment", "shop", NOW)
    assert desk.store.asked == [("prove", stored.id, SHOP, {"consume": consume})]
    assert desk.journal.events == [ProofChecked("shop", outcome)]


def test_living_proof_shows_the_hash_of_the_context() -> None:
    context, stored = Context.of({"amount": "250.00"}), approved()
    stored = replace(stored, sealed_context=seal_context_hash(SEALER, context, stored.id))

    proven = Desk(stored).check(SHOP, proof=PROOFS.sign(stored.id.text), consume=False)

    assert proven is not None
    assert proven.context_sha256 == context.sha256


def test_proof_whose_context_cannot_be_opened_shows_nothing() -> None:
    stored = approved(sealed_context=SEALER.seal("another place", bound_to="elsewhere"))

    assert Desk(stored).check(SHOP, proof=PROOFS.sign(stored.id.text), consume=False) is None


def test_proof_the_store_knows_no_more_shows_nothing() -> None:
    desk = Desk(None)

    proven = desk.check(SHOP, proof=PROOFS.sign(IDS.new(PHONE).text), consume=True)

    assert proven is None
    assert desk.journal.events == [ProofChecked("shop", "inactive")]


@pytest.mark.parametrize(
    "proof",
    [
        "",
        "no proof",
        "\ud800",
        "é.è",
        "a.b.c",
        FOREIGN.sign(IDS.new(PHONE).text),
        PROOFS.sign("no id"),
        PROOFS.sign(IDS.new(PHONE).text) + "A",
        PROOFS.sign(IDS.new(PHONE).text)[:-1],
    ],
    ids=[
        "empty",
        "text",
        "surrogate",
        "letters",
        "dots",
        "another secret's",
        "no id",
        "longer",
        "shorter",
    ],
)
def test_what_is_no_proof_of_ours_asks_nothing(proof: str) -> None:
    desk = Desk(approved())

    proven = desk.check(SHOP, proof=proof, consume=True)

    assert proven is None
    assert desk.store.asked == []
    assert desk.journal.events == [ProofChecked("shop", "inactive")]


def test_number_that_cannot_be_opened_shows_nothing() -> None:
    stored = approved(sealed_phone=b"sealed with a secret that was removed")
    desk = Desk(stored)

    assert desk.check(SHOP, proof=PROOFS.sign(stored.id.text), consume=False) is None


def test_lost_store_is_told() -> None:
    desk = Desk(AWAY)

    with pytest.raises(StoreUnavailable):
        desk.check(SHOP, proof=PROOFS.sign(IDS.new(PHONE).text), consume=True)


def test_repr_of_what_is_shown_holds_no_number() -> None:
    stored = approved()

    proven = Desk(stored).check(SHOP, proof=PROOFS.sign(stored.id.text), consume=False)

    assert PHONE[4:] not in repr(proven)
