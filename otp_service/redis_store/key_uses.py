"""When each API key was last used, kept in Redis under the key's fingerprint."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from otp_service.ports import Journal
from otp_service.redis_store.budget_text import milliseconds
from otp_service.redis_store.connection import Connection
from otp_service.redis_store.key_names import key_use_key
from otp_service.redis_store.operations import Operations
from otp_service.redis_store.record import moment

KEPT = timedelta(days=90)
"""How long a key must rest to be taken for one that was never used."""


class RedisKeyUses:
    """Implements ``KeyUseStore``.

    Raises:
        StoreUnavailable: from every operation, when Redis did not answer; some uses may be noted.
    """

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._operations = Operations(connection, journal, scripts=("note_use",))

    def note_uses(self, fingerprints: Collection[str]) -> None:
        """Note that the keys of these fingerprints are used now."""
        kept_ms = milliseconds(KEPT)
        calls = [("note_use", [key_use_key(each)], [kept_ms]) for each in fingerprints]
        self._operations.run_together("note_uses", *calls)

    def last_uses(self, fingerprints: Sequence[str]) -> list[datetime | None]:
        """Give the last use of each, in their order, in UTC; None where none is known."""
        commands = [("GET", key_use_key(each)) for each in fingerprints]
        answers = self._operations.ask("last_uses", commands)
        return [moment(int(answer)) if answer is not None else None for answer in answers]
