"""Server-sent events at ``/events``: the page learns at once that something changed.

An event carries nothing but the version the phones now have. Each stream keeps one of the server's
threads, so there are few of them and each ends by itself; a page that gets none asks once a second.
"""

import threading
import time
from collections.abc import Callable, Iterator

from flask import Blueprint, Response

from otp_service.simulator.inbox import Inbox

# A browser opens six connections to one host: with five streams the sixth page still loads.
MAX_STREAMS = 5
STREAM_SECONDS = 300
# A reader that went away is noticed when a heartbeat cannot be written, and frees its place then:
# soon enough for who walks from phone to phone.
HEARTBEAT_SECONDS = 0.5
RETRY_AFTER_SECONDS = 1
RETRY_MS = 1_000

_HEARTBEAT = ": still here\n\n"


def blueprint(
    inbox: Inbox,
    *,
    max_streams: int = MAX_STREAMS,
    seconds: Callable[[], float] = time.monotonic,
) -> Blueprint:
    """Give the route of the events.

    Args:
        seconds: The time that ends a stream after ``STREAM_SECONDS``.
    """
    routes = Blueprint("events", __name__)
    places = threading.BoundedSemaphore(max_streams)

    @routes.get("/events")
    def stream() -> Response:
        if not places.acquire(blocking=False):
            refused = Response("every event stream is taken\n", 503, content_type="text/plain")
            refused.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
            return refused
        response = Response(_events(inbox, seconds), content_type="text/event-stream")
        response.headers["Cache-Control"] = "no-store"
        response.call_on_close(places.release)
        return response

    return routes


def _events(inbox: Inbox, seconds: Callable[[], float]) -> Iterator[str]:
    ends_at = seconds() + STREAM_SECONDS
    version = inbox.version
    yield f"retry: {RETRY_MS}\n{_event(version)}"
    while seconds() < ends_at:
        newer = inbox.wait_for_change(version, HEARTBEAT_SECONDS)
        yield _HEARTBEAT if newer == version else _event(newer)
        version = newer


def _event(version: str) -> str:
    return f"data: {version}\n\n"
