"""How a worker stands with its server, in memory that both of them see.

A signal would say less: it is lost on a worker that still loads, and says nothing back.
"""

import mmap
from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any

_Headers = list[tuple[str, str]]
_StartResponse = Callable[..., Any]
_Application = Callable[[dict[str, Any], _StartResponse], Iterable[bytes]]


class Stage(IntEnum):
    """Where a worker's life has got to.

    ``LEAVING``: others take its place. ``ENDING``: nobody does, the whole service ends.
    """

    LOADING = 0
    SERVING = 1
    LEAVING = 2
    ENDING = 3


class Standing:
    """The stage of one worker. Made before the fork, so that server and worker share it."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 1)

    @property
    def stage(self) -> Stage:
        """The stage that was reached."""
        return Stage(self._memory[0])

    def reach(self, stage: Stage) -> None:
        """Go on to a stage; none is gone back to."""
        if stage > self.stage:
            self._memory[0] = stage


class _Own:
    """This process' own standing, where it is a worker."""

    standing: Standing | None = None


def take_up(standing: Standing, load: Callable[[], _Application]) -> _Application:
    """Load this worker's application, say so, and give it as callers are to meet it."""
    _Own.standing = standing
    application = load()
    standing.reach(Stage.SERVING)
    return _Parting(application, standing)


def is_ending() -> bool:
    """Tell a worker whether the whole service ends."""
    return _Own.standing is not None and _Own.standing.stage is Stage.ENDING


class _Parting:
    """An application that closes each connection with its next answer once its worker leaves.

    So callers that keep connections open come back over another, to a worker that stays. Cutting
    an idle connection instead would cut off whoever sends a request at that moment.

    Source:
        RFC 9112 section 9.6: a server that sends the ``close`` option closes after that answer.
    """

    def __init__(self, application: _Application, standing: Standing) -> None:
        self._application = application
        self._standing = standing

    def __call__(self, environ: dict[str, Any], start_response: _StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: _Headers, *rest: Any) -> Any:
            if self._standing.stage > Stage.SERVING:
                headers = [*headers, ("Connection", "close")]
            return start_response(status, headers, *rest)

        return self._application(environ, start)
