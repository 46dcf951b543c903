"""Where the provider calls back. Nothing signs its calls, so their URL is a secret."""

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort
from werkzeug.exceptions import UnsupportedMediaType

from otp_service.api.incoming import current_request
from otp_service.domain.receipt import Receipt, Reply
from otp_service.errors import InvalidRequest

Read = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What stands behind the provider's callbacks.

    Args:
        secrets: each opens the URLs that hold it; none closes them.
        read_receipt, read_reply: give what a body says, or raise ``InvalidRequest``.
        receive, hear: the use cases.
    """

    secrets: Sequence[str] = field(repr=False)
    read_receipt: Callable[[Mapping[str, Any]], Receipt]
    read_reply: Callable[[Mapping[str, Any]], Reply]
    receive: Callable[[Receipt], None]
    hear: Callable[[Reply], None]

    def routes(self) -> Blueprint:
        """Give the two routes, which no API document shows."""
        routes = Blueprint("callbacks", __name__, url_prefix="/callbacks/nxcloud")

        @routes.post("/<secret>/receipt")
        def receipt(secret: str) -> dict[str, str]:
            self._check(secret)
            self.receive(self.read_receipt(_json_object()))
            return {"status": "ok"}

        @routes.post("/<secret>/reply")
        def reply(secret: str) -> dict[str, str]:
            self._check(secret)
            self.hear(self.read_reply(_json_object()))
            return {"status": "ok"}

        return routes

    def _check(self, given: str) -> None:
        """Let a call with an accepted secret through, in a time that tells nothing of the others.

        Raises:
            NotFound: another.
        """
        matches = [hmac.compare_digest(given.encode(), known.encode()) for known in self.secrets]
        if not any(matches):
            abort(HTTPStatus.NOT_FOUND)


def _json_object() -> dict[str, Any]:
    """Give the body as a JSON object, whatever else is in it: the provider may add to it.

    Raises:
        InvalidRequest: it is empty, or not such an object.
        UnsupportedMediaType: it does not say that it is JSON.
    """
    request = current_request()
    if not request.body:
        raise InvalidRequest(detail="The body is empty.")
    if not request.is_json:
        raise UnsupportedMediaType
    # Not chained: the parser's own exceptions carry the body.
    try:
        content = json.loads(request.body.decode())
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise InvalidRequest(detail="The body is not a JSON object.") from None
    return content
