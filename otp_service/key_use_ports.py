"""What noting the use of API keys needs from the outside."""

from collections.abc import Collection
from typing import Protocol


class KeyUseStore(Protocol):
    """Remembers when each API key was last used, for 90 days."""

    def note_uses(self, fingerprints: Collection[str]) -> None:
        """Note that the keys of these fingerprints are used now."""
        ...
