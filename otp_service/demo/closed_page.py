"""What every page carries and refuses, so that no other site can use it or look into it."""

from flask import Blueprint, Response, abort, request

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Older browsers send no Sec-Fetch-Site; "none" is a person who typed the address.
_OWN_SITES = frozenset({None, "same-origin", "none"})

_HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not "no-referrer": with that browsers send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
}


def close_to_others(routes: Blueprint) -> None:
    """Refuse what another site's page has a browser send, and give every answer its headers."""
    routes.before_request(_refuse_other_origins)
    routes.after_request(_close)


def _refuse_other_origins() -> None:
    """Let a change through if it comes from a page of ours.

    Source:
        Fetch Metadata Request Headers: Sec-Fetch-Site. RFC 6454 section 7: Origin.
    """
    if request.method in _SAFE_METHODS:
        return
    own = request.host_url.rstrip("/")
    if (
        request.headers.get("Sec-Fetch-Site") not in _OWN_SITES
        or request.headers.get("Origin", own) != own
    ):
        abort(403)


def _close(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers[name] = value
    return response
