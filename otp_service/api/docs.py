"""The OpenAPI document and the page to browse it, which asks no other host for anything."""

from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from flask import Blueprint, Response, abort, current_app

# The data: images are in Swagger UI's stylesheet.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"

_OWN = files("otp_service.api") / "docs_assets"
_SWAGGER = files("flask_openapi3_swagger") / "templates" / "swagger"
_PAGE = _OWN / "index.html"
_ASSETS = {
    "page.css": (_OWN / "page.css", "text/css"),
    "page.js": (_OWN / "page.js", "text/javascript"),
    "swagger-ui.css": (_SWAGGER / "css" / "swagger-ui.css", "text/css"),
    "swagger-ui-bundle.js": (_SWAGGER / "js" / "swagger-ui-bundle.js", "text/javascript"),
    "swagger.svg": (_SWAGGER / "images" / "swagger.svg", "image/svg+xml"),
}

docs_routes = Blueprint("docs", __name__)


@docs_routes.get("/openapi/openapi.json")
def document() -> dict[str, Any]:
    """Give the OpenAPI document."""
    written: dict[str, Any] = current_app.api_doc  # type: ignore[attr-defined]
    return written


@docs_routes.get("/docs")
def page() -> Response:
    """Give the page to browse it."""
    response = Response(_PAGE.read_bytes(), mimetype="text/html")
    response.headers["Content-Security-Policy"] = _PAGE_POLICY
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = _PAGE_PERMISSIONS
    return response


@docs_routes.get("/docs/<name>")
def asset(name: str) -> Response:
    """Give one of the files that the page is made of."""
    if name not in _ASSETS:
        abort(HTTPStatus.NOT_FOUND)
    return Response(_read(name), mimetype=_ASSETS[name][1])


@cache
def _read(name: str) -> bytes:
    return _ASSETS[name][0].read_bytes()
