"""Claims: which verification the Idempotency-Key of a start stands for."""

from datetime import timedelta

from otp_service.domain.idempotency import Claimed, Idempotency, KeyHeld, Replayed
from otp_service.domain.identity import IdScheme, VerificationId
from otp_service.domain.verification import Verification
from otp_service.ports import Journal
from otp_service.redis_store.connection import Connection
from otp_service.redis_store.kept_answers import told_once
from otp_service.redis_store.key_names import claim_key, entry_key
from otp_service.redis_store.operations import Answer, Operations
from otp_service.redis_store.record import decode


class RedisClaims:
    """Implements the port over one connection.

    A claim stands in a slot of its own, for a key says nothing of a number, and names the place of
    a verification as the store knows it: no id that a caller could use. What was answered is kept
    in the number's slot, by the script that writes down what became of the message.

    Raises:
        StoreUnavailable: from any operation; a claim that was made may stand.
    """

    def __init__(self, connection: Connection, journal: Journal, ids: IdScheme) -> None:
        self._operations = Operations(connection, journal, scripts=("claim", "unclaim", "replay"))
        self._ids = ids

    def claim(
        self, idempotency: Idempotency, vid: VerificationId
    ) -> Claimed | Replayed[Verification] | KeyHeld:
        """Claim the key for 30 s, with the verification it stands for; what is kept is replayed.

        One round trip for the first start with the key, two for what comes after.
        """
        status, *rest = self._operations.run(
            "claim", [claim_key(idempotency.name)], [idempotency.fingerprint, _place(vid)]
        )
        if status == b"reused":
            return KeyHeld()
        held = self._ids.join(*rest[0].decode().split(" "))
        kept = self._replay(idempotency, held) if held != vid else None
        if kept is not None:
            return kept
        if status == b"running":
            return KeyHeld(timedelta(milliseconds=rest[1]))
        return Claimed(held)

    def give_up(self, idempotency: Idempotency, vid: VerificationId, *, forget: bool) -> None:
        """Let the next start with this key go on at once."""
        then = "forget" if forget else "continue"
        self._operations.run("unclaim", [claim_key(idempotency.name)], [_place(vid), then])

    def _replay(
        self, idempotency: Idempotency, vid: VerificationId
    ) -> Replayed[Verification] | KeyHeld | None:
        def read(answer: Answer) -> Verification | None:
            status, *rest = answer
            return None if status == b"missing" else decode(vid, *rest[:2])

        told = told_once(
            self._operations.run(
                "replay", [entry_key(vid, idempotency.name)], [idempotency.fingerprint]
            ),
            read,
        )
        match told:
            case Replayed(answer=Verification() as answer):
                return Replayed(answer)
            case KeyHeld():
                return told
            case _:
                return None


def _place(vid: VerificationId) -> str:
    return f"{vid.random} {vid.number_tag}"
