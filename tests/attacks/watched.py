"""An application that reads whole bodies, for a server that is started with ``watched:create``."""

import os
import threading
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from otp_service.cli.stale_connections import watch_connections

_LONGEST = timedelta(seconds=1)


def create() -> Any:
    watch_connections(
        int(os.environ["WATCHED_PORT"]),
        longest=_LONGEST,
        every=_LONGEST / 10,
        until=threading.Event(),
    )
    return _read_and_answer


def _read_and_answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    environ["wsgi.input"].read(length)
    start_response("200 OK", [("Content-Length", "0")])
    return []
