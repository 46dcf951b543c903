"""The store inside the one process, without Redis: for demos and tests."""

from typing import Any

import fakeredis

_SWEEP_AFTER = 1_000


class EmbeddedRedis(fakeredis.FakeRedis):
    """A fake Redis that does not keep what has ended.

    Left alone it drops an ended key only when somebody asks for that very key, and a verification's
    is never asked for again. Counting the keys looks at each of them.

    Args:
        server: what holds the keys; one of its own if None.
    """

    def __init__(self, server: fakeredis.FakeServer | None = None) -> None:
        super().__init__(server=server or fakeredis.FakeServer())
        self._commands = 0
        # The keys' holder is made when it is first asked for; several at once would make several,
        # each with budgets of its own.
        super().execute_command("DBSIZE")  # type: ignore[no-untyped-call]

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Run one command, and now and then sweep."""
        self._commands += 1
        if self._commands % _SWEEP_AFTER == 0:
            super().execute_command("DBSIZE")  # type: ignore[no-untyped-call]
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
