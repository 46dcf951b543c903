"""A code is good for the context it was asked for, and for no other."""

import pytest
from support.store_view import StoreView
from support.verifications import PIN, SEALER, Desk

from otp_service.domain.context import Context, open_context_hash
from otp_service.ports import Verdict

PAYMENT = Context.of({"amount": "250.00", "payee": "Nova"})
OTHER = Context.of({"amount": "250.01", "payee": "Nova"})


def test_right_code_with_its_context_is_approved(desk: Desk) -> None:
    started = desk.start(context=PAYMENT)
    again = Context.of({"payee": "Nova", "amount": "250.00"})

    assert desk.guess(started.id, PIN, context=again).verdict is Verdict.APPROVED


@pytest.mark.parametrize(
    ("at_start", "at_verify"),
    [(PAYMENT, OTHER), (PAYMENT, None), (None, PAYMENT)],
    ids=["another", "none given", "none at start"],
)
def test_right_code_with_another_context_is_a_wrong_guess(
    desk: Desk, at_start: Context | None, at_verify: Context | None
) -> None:
    started = desk.start(context=at_start)

    judged = desk.guess(started.id, PIN, context=at_verify)

    assert judged.verdict is Verdict.INCORRECT
    assert judged.verification.attempts_left == 4
    assert desk.guess(started.id, PIN, context=at_start).verdict is Verdict.APPROVED


def test_code_of_a_resend_is_bound_to_the_context_too(desk: Desk, view: StoreView) -> None:
    started = desk.start(context=PAYMENT)
    view.advance(desk.application.rules.resend_cooldown)
    desk.resend(started.id, "654321")

    assert desk.guess(started.id, "654321").verdict is Verdict.INCORRECT
    assert desk.guess(started.id, "654321", context=PAYMENT).verdict is Verdict.APPROVED


def test_context_can_be_told_by_its_hash_once_approved(desk: Desk) -> None:
    started = desk.start(context=PAYMENT)
    desk.guess(started.id, PIN, context=PAYMENT)

    proven = desk.prove(started.id)

    assert proven is not None
    assert open_context_hash(SEALER, proven.sealed_context, proven.id) == PAYMENT.sha256


def test_neither_a_context_nor_its_hash_is_readable(desk: Desk, view: StoreView) -> None:
    desk.start(context=PAYMENT)

    stored = repr(view.dump())

    assert "Nova-payee" not in stored
    assert "250.00" not in stored
    assert PAYMENT.sha256.hex() not in stored
    assert repr(PAYMENT.sha256)[2:-1] not in stored
