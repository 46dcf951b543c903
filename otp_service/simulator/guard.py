"""Who may talk to the simulator: programs and pages of this machine, no page from elsewhere.

A page of another site can make a browser send requests here. Its own name pointed at 127.0.0.1
(DNS rebinding) shows in ``Host``; a request across origins shows in ``Origin`` and
``Sec-Fetch-Site``.
"""

import re

from flask import Flask, Response, abort, request

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_LOOPBACK_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
_OWN_FETCH_SITES = frozenset({None, "same-origin", "none"})
_CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def install(app: Flask) -> None:
    """Refuse strangers before every request, and give every answer the headers of a closed page."""
    app.before_request(_refuse_other_hosts)
    app.before_request(_refuse_other_origins)
    app.after_request(_close)


def _refuse_other_hosts() -> None:
    if not _LOOPBACK_HOST.fullmatch(request.environ.get("HTTP_HOST", "")):
        abort(403, "the simulator answers at 127.0.0.1, localhost and [::1] alone")


def _refuse_other_origins() -> None:
    if request.method in SAFE_METHODS:
        return
    if request.headers.get("Sec-Fetch-Site") not in _OWN_FETCH_SITES:
        abort(403, "a page of another origin may change nothing here")
    if request.headers.get("Origin", request.host_url.rstrip("/")) != request.host_url.rstrip("/"):
        abort(403, "a page of another origin may change nothing here")


def _close(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _CONTENT_POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    # Not "no-referrer": with that a browser sends a form of the page's own as from origin "null".
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    return response
