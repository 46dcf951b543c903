"""Which pages of other origins may call with a client token, and read what is answered.

Source:
    Fetch Standard, "CORS protocol": a preflight carries ``Origin`` and
    ``Access-Control-Request-Method``; an origin is compared to the letter.
"""

from collections.abc import Collection
from http import HTTPStatus

from flask import Response
from werkzeug.datastructures import Headers

from otp_service.api.scopes import TOKEN_ROUTES
from otp_service.domain.caller import Caller

_ALLOW_ORIGIN = "Access-Control-Allow-Origin"
_METHODS = "POST"
_REQUEST_HEADERS = "authorization, content-type, idempotency-key, x-request-id"
_REPLY_HEADERS = "Retry-After, X-Request-Id, RateLimit, RateLimit-Policy"
# Browsers cap it themselves: Chromium at two hours, Firefox at a day.
_MAX_AGE_SECONDS = 7_200


def is_preflight(method: str, headers: Headers, route: str | None) -> bool:
    """Tell whether a browser asks if a page may call one of a client token's routes."""
    return (
        method == "OPTIONS"
        and route in TOKEN_ROUTES
        and "Origin" in headers
        and "Access-Control-Request-Method" in headers
    )


def answer_preflight(origin: str, origins: Collection[str]) -> Response:
    """Give the answer, which needs no key and so knows no application.

    Args:
        origins: of every application.
    """
    response = Response(status=HTTPStatus.NO_CONTENT)
    # There is no body, and so no type of one.
    del response.headers["Content-Type"]
    response.vary.update(
        ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"]
    )
    if origin in origins:
        response.headers[_ALLOW_ORIGIN] = origin
        response.headers["Access-Control-Allow-Methods"] = _METHODS
        response.headers["Access-Control-Allow-Headers"] = _REQUEST_HEADERS
        response.headers["Access-Control-Max-Age"] = str(_MAX_AGE_SECONDS)
    return response


def open_to_origin(response: Response, origin: str | None, caller: Caller | None) -> None:
    """Let a page read a reply if it is of the token's application; errors too.

    A reply to an API key is for no page: a key in a page would be everybody's.
    """
    response.vary.add("Origin")
    if origin is None or caller is None or caller.token is None:
        return
    if origin not in caller.application.cors_origins:
        return
    response.headers[_ALLOW_ORIGIN] = origin
    response.headers["Access-Control-Expose-Headers"] = _REPLY_HEADERS
