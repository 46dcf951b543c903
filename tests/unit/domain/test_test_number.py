import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support.listed_numbers import FIXED_PIN, SCHEME, listing
from support.verifications import BUDGETS, IDS, OTHER_PHONE, PHONE, SHOP, shop

from otp_service.domain.limits import Charge
from otp_service.domain.test_number import (
    FixedPinScheme,
    as_met_by,
    chance_to_guess,
    find_fixed_pin,
    fixed_pin_problem,
    named_fixed_pin,
)

TAG, OTHER_TAG = IDS.number_tag(PHONE), IDS.number_tag(OTHER_PHONE)
UNTIL = datetime(2027, 1, 31, tzinfo=UTC)
TESTED = listing(until=UNTIL)
MILLISECOND = timedelta(milliseconds=1)


def test_hash_is_another_for_every_number_application_pin_and_key() -> None:
    hashes = {
        SCHEME.hash("shop", TAG, digits=FIXED_PIN),
        SCHEME.hash("bank", TAG, digits=FIXED_PIN),
        SCHEME.hash("shop", OTHER_TAG, digits=FIXED_PIN),
        SCHEME.hash("shop", TAG, digits="314159"),
        FixedPinScheme(b"another number key, of 32 bytes.").hash("shop", TAG, digits=FIXED_PIN),
    }

    assert len(hashes) == 5


def test_hash_cannot_be_had_without_the_key() -> None:
    made = SCHEME.hash("shop", TAG, digits=FIXED_PIN)

    plain = hashlib.sha256(FIXED_PIN.encode()).hexdigest()
    named = hashlib.sha256(f"shop\x00{TAG}\x00{FIXED_PIN}".encode()).hexdigest()
    keyless = hmac.digest(b"", f"shop\x00{TAG}\x00{FIXED_PIN}".encode(), hashlib.sha256).hex()
    assert made not in {plain, named, keyless}


def test_seal_holds_for_what_it_was_made_for_alone() -> None:
    made = SCHEME.make("shop", TAG, digits=FIXED_PIN)
    other = SCHEME.make("shop", OTHER_TAG, digits="314159")

    assert SCHEME.is_sealed(made, "shop", pin_digits=6)
    assert not SCHEME.is_sealed(made, "bank", pin_digits=6)
    assert not SCHEME.is_sealed(made, "shop", pin_digits=8)
    assert not SCHEME.is_sealed(replace(made, number_tag=OTHER_TAG), "shop", pin_digits=6)
    assert not SCHEME.is_sealed(replace(made, pin_hash=other.pin_hash), "shop", pin_digits=6)
    anew = FixedPinScheme(b"another number key, of 32 bytes.")
    assert not anew.is_sealed(made, "shop", pin_digits=6)


def test_pin_is_found_by_its_number_until_its_end() -> None:
    (pin,) = TESTED.fixed_pins

    assert find_fixed_pin(TESTED, TAG, UNTIL - MILLISECOND) == pin
    assert find_fixed_pin(TESTED, TAG, UNTIL) is None
    assert find_fixed_pin(TESTED, OTHER_TAG, UNTIL - MILLISECOND) is None
    assert find_fixed_pin(SHOP, TAG, UNTIL - MILLISECOND) is None
    assert named_fixed_pin(TESTED, TAG) == pin


def test_application_as_a_test_number_meets_it_keeps_all_but_cooldown_and_budgets() -> None:
    (pin,) = TESTED.fixed_pins

    met = as_met_by(TESTED, pin)

    (budget,) = met.budgets.sliding
    assert (budget.charge, budget.limit, budget.window) == (
        Charge.TEST_START,
        50,
        timedelta(days=1),
    )
    assert met.budgets.guesses == BUDGETS.guesses
    assert met.rules == replace(SHOP.rules, resend_cooldown=timedelta(0))
    assert replace(met, rules=SHOP.rules, budgets=BUDGETS) == TESTED


@pytest.mark.parametrize(
    ("digits", "is_fit"),
    [
        ("271828", True),
        ("012345", False),
        ("567890", False),
        ("543210", False),
        ("777777", False),
        ("27182", False),
        ("2718281", False),
        ("27182a", False),
        ("٢٧١٨٢٨", False),
    ],
)
def test_pin_that_is_guessed_first_or_has_another_length_is_refused(
    digits: str, *, is_fit: bool
) -> None:
    problem = fixed_pin_problem(digits, pin_digits=6)

    assert (problem is None) == is_fit
    assert digits not in (problem or "")


@pytest.mark.parametrize(
    ("left", "chance"),
    [
        # And what began before now and lives on.
        (timedelta(days=366), 20 * 5 * 367 / 10**6),
        (timedelta(days=1, milliseconds=1), 20 * 5 * 2 / 10**6),
        (timedelta(0), 0),
        (-timedelta(days=3), 0),
    ],
)
def test_chance_adds_up_over_the_days_that_are_left(left: timedelta, chance: float) -> None:
    tested = listing(until=UNTIL, starts_per_day=20)

    found = chance_to_guess(tested, tested.fixed_pins[0], UNTIL - left)

    assert found == pytest.approx(chance)


def test_chance_is_never_more_than_certain() -> None:
    tested = listing(shop(pin_digits=4), until=UNTIL, starts_per_day=10_000)

    assert chance_to_guess(tested, tested.fixed_pins[0], UNTIL - timedelta(days=1)) == 1


def test_neither_number_nor_hash_is_shown() -> None:
    (pin,) = TESTED.fixed_pins
    shown = repr(pin) + repr(TESTED) + repr(SCHEME.make("shop", TAG, digits=FIXED_PIN))

    assert pin.number_tag not in shown
    assert pin.pin_hash not in shown
