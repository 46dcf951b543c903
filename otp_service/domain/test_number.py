"""Test numbers: numbers with a fixed PIN, which never get a message.

A fixed PIN stands in the settings as a keyed hash, so that whoever reads the file learns neither
the PIN nor the number. In the store it stands as every PIN does, under a key of its own use: a
fixed PIN never opens a verification whose PINs were drawn, nor a drawn PIN one of a test number.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from otp_service.domain.application import Application, FixedPin
from otp_service.domain.explain import fixed_pin_guesses
from otp_service.domain.keys import derive_key
from otp_service.domain.limits import Budget, Charge, NumberBudgets

LONGEST_LIFE = timedelta(days=366)
"""How far ahead the end of a test number may be: wrong guesses at a PIN that stays add up."""

STARTS_BUDGET = "test_number_starts_per_day"

_DAY = timedelta(days=1)
_SEAL_BYTES = 12
_STRAIGHT = "01234567890"


@dataclass(frozen=True, slots=True)
class HashedPin:
    """What the settings keep of one number's fixed PIN.

    Args:
        number_tag: stands for the number (``IdScheme``).
        pin_hash: 64 hexadecimal digits.
        seal: 16 URL-safe characters that hold the other two to one application, one length of PIN
            and one number key.
    """

    number_tag: str = field(repr=False)
    pin_hash: str = field(repr=False)
    seal: str = field(repr=False)


class FixedPinScheme:
    """Hashes fixed PINs, each bound to its application and its number.

    Args:
        number_key: the secret behind the hashes. Without it a million guesses find a PIN of six
            digits; with another key every hash is void.

    Raises:
        ValueError: the key is under 32 bytes.
    """

    def __init__(self, number_key: bytes) -> None:
        self._pin_key = derive_key(number_key, "fixed-pin")
        self._seal_key = derive_key(number_key, "fixed-pin-seal")

    def make(self, application_id: str, number_tag: str, *, digits: str) -> HashedPin:
        """Give what the settings keep of a PIN."""
        pin_hash = self.hash(application_id, number_tag, digits=digits)
        seal = self._seal(application_id, number_tag, pin_hash, len(digits))
        return HashedPin(number_tag, pin_hash, seal)

    def hash(self, application_id: str, number_tag: str, *, digits: str) -> str:
        """Give the 64 hexadecimal digits that stand for a PIN of this number, here alone."""
        return _digest(self._pin_key, application_id, number_tag, digits).hex()

    def is_sealed(self, hashed: HashedPin, application_id: str, *, pin_digits: int) -> bool:
        """Tell whether it was made with this number key, for this application and this length."""
        seal = self._seal(application_id, hashed.number_tag, hashed.pin_hash, pin_digits)
        return hmac.compare_digest(seal, hashed.seal)

    def _seal(self, application_id: str, number_tag: str, pin_hash: str, pin_digits: int) -> str:
        digest = _digest(self._seal_key, application_id, number_tag, pin_hash, str(pin_digits))
        return base64.urlsafe_b64encode(digest[:_SEAL_BYTES]).decode()


def find_fixed_pin(application: Application, number_tag: str, now: datetime) -> FixedPin | None:
    """Give the fixed PIN of a number, unless it has none or its time is over."""
    pin = named_fixed_pin(application, number_tag)
    return None if pin is None or pin.is_over(now) else pin


def named_fixed_pin(application: Application, number_tag: str) -> FixedPin | None:
    """Give the fixed PIN of a number, be its time over or not."""
    return next((pin for pin in application.fixed_pins if pin.number_tag == number_tag), None)


def as_met_by(application: Application, pin: FixedPin) -> Application:
    """Give an application as a test number meets it: a budget of its own, and no cooldown.

    The guess budget stays the application's: a fixed PIN is guessed at like any other.
    """
    starts = Budget(STARTS_BUDGET, Charge.TEST_START, pin.starts_per_day, _DAY)
    return replace(
        application,
        rules=replace(application.rules, resend_cooldown=timedelta(0)),
        budgets=NumberBudgets((starts,), application.budgets.guesses),
    )


def chance_to_guess(application: Application, pin: FixedPin, now: datetime) -> float:
    """Give the most that the chance of a stranger to find a fixed PIN before its end can be.

    The stranger knows the number, may call the application, and guesses whatever is allowed.
    """
    return fixed_pin_guesses(application, pin, now).chance(application.rules.pin_digits)


def fixed_pin_problem(digits: str, *, pin_digits: int) -> str | None:
    """Say what is wrong with a PIN that somebody thought up, without repeating it; None if nothing.

    Args:
        pin_digits: how many the application's PINs have.
    """
    if not (digits.isascii() and digits.isdigit() and len(digits) == pin_digits):
        return f"must have {pin_digits} digits, as every PIN of this application"
    if len(set(digits)) == 1 or digits in _STRAIGHT or digits[::-1] in _STRAIGHT:
        return "must not be one digit repeated or a straight row: these are guessed first"
    return None


def _digest(key: bytes, *texts: str) -> bytes:
    return hmac.digest(key, "\x00".join(texts).encode(), hashlib.sha256)
