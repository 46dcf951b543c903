"""How many requests are worked on at a time, once they have arrived whole."""

from threading import BoundedSemaphore

from flask import Flask

from otp_service.api.incoming import current_request

FOR_WATCHERS = frozenset({"/healthz", "/readyz", "/metrics"})
"""Routes that are answered however many requests wait for a place: who watches must see that."""


class WorkingPlaces:
    """Lets so many requests work at a time; the others wait for a place.

    Bodies are waited for outside, in the threads that the server has beyond these: a client that
    sends its body drop by drop takes nobody's place.

    Args:
        count: of the places; what works holds connections to the store and to the provider.
    """

    def __init__(self, count: int) -> None:
        self._free = BoundedSemaphore(count)

    def install(self, app: Flask) -> None:
        """Give back the place of every request of an app at its end, however it ends."""
        app.teardown_request(self._leave)

    def enter(self) -> None:
        """Wait for a place for the request being served, and take it; a watcher needs none."""
        request = current_request()
        if request.url_rule is not None and request.url_rule.rule in FOR_WATCHERS:
            return
        self._free.acquire()
        request.has_place = True

    def _leave(self, _error: BaseException | None) -> None:
        request = current_request()
        if request.has_place:
            request.has_place = False
            self._free.release()
