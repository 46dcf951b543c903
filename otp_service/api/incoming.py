"""A request as our routes see it: a body of bounded size that is one JSON object."""

import time
from io import BytesIO
from typing import Any

from flask import Request, request
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

from otp_service.api.json_body import read_json_object
from otp_service.domain.caller import Caller
from otp_service.errors import InvalidRequest

MAX_BODY_BYTES = 16 * 1024

MAX_DRAINED_BYTES = 4 * 1024 * 1024
"""How much of a body nobody wants is still read, so that its sender gets to read the answer."""

_PIECE_BYTES = 64 * 1024


class ApiRequest(Request):
    """One request, with what is found out about it on its way in and out."""

    def __init__(self, environ: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(environ, *args, **kwargs)
        self.arrived_at = time.monotonic()
        self.request_id = ""
        self.caller: Caller | None = None
        self.problem_code: str | None = None
        self.has_place = False
        self._body = b""
        self._bytes_read = 0
        self._json_object: dict[str, Any] | None = None

    @property
    def body(self) -> bytes:
        """What ``load_body`` has read."""
        return self._body

    def load_body(self) -> None:
        """Read the body, once, before any route runs.

        Raises:
            RequestEntityTooLarge: it is longer than a body may be.
            BadRequest: it broke off.
        """
        declared = self.content_length
        if declared is not None and declared > MAX_BODY_BYTES:
            raise RequestEntityTooLarge
        try:
            self._body = self._read(MAX_BODY_BYTES + 1)
        except OSError as broken:
            raise BadRequest from broken
        if len(self._body) > MAX_BODY_BYTES:
            raise RequestEntityTooLarge
        if declared is not None and len(self._body) < declared:
            raise BadRequest

    def drain_body(self) -> None:
        """Read what is left of the body, within reason, and forget it.

        A server that closes a connection with unread bytes on it resets it, and the sender never
        sees the answer.
        """
        try:
            while self._bytes_read < MAX_DRAINED_BYTES and self._read(_PIECE_BYTES):
                pass
        except (OSError, ClientDisconnected):
            return

    def _get_stream_for_parsing(self) -> BytesIO:
        """Give the body once more to whoever reads a form: a page's route, not one of the API."""
        return BytesIO(self._body)

    def get_json(
        self,
        force: bool = False,  # noqa: ARG002, FBT001, FBT002 - Flask's signature
        silent: bool = False,  # noqa: ARG002, FBT001, FBT002
        cache: bool = True,  # noqa: ARG002, FBT001, FBT002
    ) -> dict[str, Any]:
        """Give the body as a JSON object, whatever the flags: no route takes anything else.

        The framework asks for it silently and reads a text in it as JSON once more; so it must
        never see anything but an object.

        Raises:
            InvalidRequest: it is empty, or not such an object.
            UnsupportedMediaType: it does not say that it is JSON.
        """
        if self._json_object is None:
            if not self._body:
                raise InvalidRequest(detail="The body is empty.")
            if not self.is_json:
                raise UnsupportedMediaType
            self._json_object = read_json_object(self._body)
        return self._json_object

    def _read(self, limit: int) -> bytes:
        pieces = bytearray()
        while len(pieces) < limit:
            piece = self.stream.read(min(_PIECE_BYTES, limit - len(pieces)))
            if not piece:
                break
            pieces += piece
        self._bytes_read += len(pieces)
        return bytes(pieces)


def current_request() -> ApiRequest:
    """Give the request being served."""
    served: ApiRequest = request._get_current_object()  # type: ignore[attr-defined]
    return served


def current_caller() -> Caller:
    """Give whoever sent the request, by the key it carries.

    Raises:
        LookupError: the route is open to everybody; its path is not under ``/otp``.
    """
    caller = current_request().caller
    if caller is None:
        raise LookupError("this route does not ask for a key")
    return caller
