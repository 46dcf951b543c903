"""How a connection ends without its answer, under any WSGI server."""

import socket
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from flask import Response

PROMISED_BYTES = 64


def lost_answer(environ: Mapping[str, Any]) -> Response:
    """Give a response of which the caller sees nothing, or at worst a part.

    Werkzeug's server hands its socket over, which is then shut. Other servers get a body that is
    promised and does not come: they can only close the connection. Granian mostly does so before
    the first byte; under load it has sometimes written the status line by then, and leaves a
    truncated answer, which a caller must take for lost just as well.
    """
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    # An iterator and no list: servers hand a list on whole, without waiting for the rest.
    response = Response(iter(()), status=HTTPStatus.OK, content_type="application/json")
    response.content_length = PROMISED_BYTES
    return response
