"""Test numbers in the use cases: which PIN counts for them, and a note of every use."""

import hmac

from otp_service.domain.application import Application, FixedPin
from otp_service.domain.call import Call
from otp_service.domain.events import TestNumberUsed
from otp_service.domain.identity import VerificationId
from otp_service.domain.keys import KeyRing, Use
from otp_service.domain.pin import digests_to_accept, pin_digest
from otp_service.domain.test_number import FixedPinScheme, find_fixed_pin, named_fixed_pin
from otp_service.domain.verification import Verification
from otp_service.ports import Clock, Journal


class FixedPins:
    """What the use cases ask about test numbers.

    A fixed PIN is good only while the settings list it and its time is not over, whenever the
    verification began.
    """

    def __init__(
        self, *, scheme: FixedPinScheme, keys: KeyRing, clock: Clock, journal: Journal
    ) -> None:
        self._scheme = scheme
        self._keys = keys
        self._clock = clock
        self._journal = journal

    def find(self, application: Application, number_tag: str) -> FixedPin | None:
        """Give the fixed PIN of a number that is a test number now: no message goes to it."""
        return find_fixed_pin(application, number_tag, self._clock.now())

    def digest(self, pin: FixedPin, vid: VerificationId) -> bytes:
        """Give the digest to store for a test number's verification."""
        key = self._keys.newest(Use.FIXED_PIN)
        return pin_digest(key, verification_id=vid.text, digits=pin.pin_hash)

    def digests_of_guess(
        self, application: Application, vid: VerificationId, digits: str
    ) -> tuple[bytes, ...]:
        """Give the digests of a guess as a fixed PIN, newest secret first.

        None of them if it is not the fixed PIN of this number now.
        """
        pin = self.find(application, vid.number_tag)
        if pin is None:
            return ()
        pin_hash = self._scheme.hash(application.id, vid.number_tag, digits=digits)
        if not hmac.compare_digest(pin_hash, pin.pin_hash):
            return ()
        return digests_to_accept(
            self._keys.accepted(Use.FIXED_PIN), verification_id=vid.text, text=pin_hash
        )

    def note(self, call: Call, verification: Verification, use: str, outcome: str) -> None:
        """Note one use, if the verification is a test number's."""
        if not verification.is_test:
            return
        vid = verification.id
        pin = named_fixed_pin(call.application, vid.number_tag)
        self._journal.record(
            TestNumberUsed(
                application=call.application.id,
                use=use,
                outcome=outcome,
                test_number=pin.name if pin else None,
                key=call.key_id,
                country=verification.country,
                phone=verification.masked_phone,
                verification_id=vid.random,
            )
        )
