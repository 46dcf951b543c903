"""Processes whose clock is wrong, by libfaketime (Debian package ``faketime``)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from support.redis_servers import RedisServer, binary_of_wheel

# Source: Debian, package libfaketime, by architecture.
_PLACES = ("*/faketime/libfaketimeMT.so.1", "faketime/libfaketimeMT.so.1")


def library() -> str | None:
    """Give the library's path; None where it is not installed."""
    named = os.environ.get("OTP_TEST_FAKETIME")
    found = [str(path) for place in _PLACES for path in Path("/usr/lib").glob(place)]
    return named or next(iter(found), None)


def clock_off_by(span: timedelta) -> dict[str, str]:
    """Give the environment of a process whose wall clock is so much ahead."""
    return {**_preloaded(), "FAKETIME": _offset(span)}


class SetRedis:
    """A Redis server whose clock can be set while it runs."""

    def __init__(self, server: RedisServer, offset_file: Path) -> None:
        self.server = server
        self._offset_file = offset_file

    def set(self, ahead: timedelta) -> None:
        """Set its clock to so much ahead of everybody else's; behind if negative."""
        self._offset_file.write_text(_offset(ahead))


@contextmanager
def redis_with_clock(directory: Path, ahead: timedelta) -> Iterator[SetRedis]:
    offset_file = directory / "redis-clock"
    offset_file.write_text(_offset(ahead))
    before = dict(os.environ)
    # The server inherits what this process has; nothing here reads it.
    os.environ.update(_preloaded(), FAKETIME_TIMESTAMP_FILE=str(offset_file), FAKETIME_NO_CACHE="1")
    # Debian's server allocates by jemalloc, which asks for the time before libfaketime can tell it.
    os.environ["OTP_TEST_REDIS_SERVER"] = binary_of_wheel() or ""
    try:
        server = RedisServer()
    finally:
        os.environ.clear()
        os.environ.update(before)
    with server:
        yield SetRedis(server, offset_file)


def _preloaded() -> dict[str, str]:
    # How long something takes is measured by another clock, which nobody sets.
    return {"LD_PRELOAD": library() or "", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def _offset(span: timedelta) -> str:
    return f"{span.total_seconds():+.0f}s"
