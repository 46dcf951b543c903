"""What every exchange has in common, whatever its route: the way in, the way out, the refusals."""

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from flask import Flask, Response
from werkzeug.exceptions import HTTPException, RequestURITooLarge

from otp_service.api.admission import Admission, check_host, check_peer
from otp_service.api.cors import answer_preflight, is_preflight, open_to_origin
from otp_service.api.incoming import current_request
from otp_service.api.operator_access import OperatorAccess
from otp_service.api.problems import (
    MEDIA_TYPE,
    Problem,
    problem_of_error,
    problem_of_status,
)
from otp_service.api.rate_limit import rate_limit_headers
from otp_service.api.scopes import TOKEN_ROUTES, check_scope, check_token_route, is_protected
from otp_service.api.working_places import WorkingPlaces
from otp_service.domain.caller import Caller
from otp_service.domain.events import RequestServed
from otp_service.errors import OtpError, RetryLater
from otp_service.ports import Journal

UNMATCHED = "unmatched"
"""Stands for the route of a request that has none, as paths are without number."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

MAX_URL_CHARACTERS = 2_048
"""Of path and query; the longest of ours has some 170."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """The way in and the way out of every request.

    Args:
        admission: knows the callers by their keys.
        operators: knows who may see what operators see.
        places: where requests are worked on; bodies are waited for outside.
        allowed_hosts: the ``Host`` names to answer to; None for any.
        bind_request_id: told the id of each request before anything is logged about it.
    """

    admission: Admission
    operators: OperatorAccess
    places: WorkingPlaces
    allowed_hosts: frozenset[str] | None
    journal: Journal
    bind_request_id: Callable[[str], None]

    def install(self, app: Flask) -> None:
        """Put every request of an app through here."""
        app.before_request(self.begin)
        app.after_request(self.finish)
        self.places.install(app)
        app.register_error_handler(OtpError, _refuse)
        app.register_error_handler(HTTPException, _refuse_by_status)

    def begin(self) -> Response | None:
        """Check key, its scope, host name, length of the URL, route and method, size of the body.

        In this order; then wait for a place to work at, unless it is for watchers.

        A preflight carries no key; it is answered at once, where the host name is right.

        Raises:
            Unauthenticated, Forbidden, HTTPException: the first check that fails.
        """
        request = current_request()
        given = request.headers.get("X-Request-Id", "")
        request.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        self.bind_request_id(request.request_id)
        route = request.url_rule.rule if request.url_rule else None
        if is_preflight(request.method, request.headers, route):
            check_host(request.headers.get("Host"), self.allowed_hosts)
            check_peer(request.remote_addr, self.allowed_hosts)
            return answer_preflight(request.headers["Origin"], self.admission.origins)
        if is_protected(request.path):
            request.caller = self.admission.admit(request.headers.get("Authorization"))
            self.admission.check_token_life(request.caller, route)
            if request.caller.token is not None:
                check_token_route(route)
            elif route is not None:
                check_scope(request.caller, route)
        else:
            self.operators.check(request.path, request.headers.get("Authorization"))
        check_host(request.headers.get("Host"), self.allowed_hosts)
        check_peer(request.remote_addr, self.allowed_hosts)
        if len(request.path) + len(request.query_string) > MAX_URL_CHARACTERS:
            raise RequestURITooLarge
        if request.routing_exception is not None:
            raise request.routing_exception
        request.load_body()
        self.places.enter()
        return None

    def finish(self, response: Response) -> Response:
        """Set what every reply carries, read what nobody read, and take note."""
        request = current_request()
        request.drain_body()
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Request-Id"] = request.request_id
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        route = request.url_rule.rule if request.url_rule else UNMATCHED
        if route in TOKEN_ROUTES:
            open_to_origin(response, request.headers.get("Origin"), request.caller)
        self.journal.record(
            RequestServed(
                route=route,
                method=request.method if request.method in _METHODS else "OTHER",
                status=response.status_code,
                took=timedelta(seconds=time.monotonic() - request.arrived_at),
                code=request.problem_code,
                application=request.caller.application.id if request.caller else None,
                key=request.caller.key_id if request.caller else None,
                token=_token_id(request.caller),
            )
        )
        return response


def _token_id(caller: Caller | None) -> str | None:
    return caller.token.id if caller and caller.token else None


def render_problem(problem: Problem) -> Response:
    """Give the reply that tells of a problem."""
    current_request().problem_code = problem.code
    response = Response(
        problem.model_dump_json(exclude_none=True), status=problem.status, mimetype=MEDIA_TYPE
    )
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _refuse(error: OtpError) -> Response:
    problem = problem_of_error(error)
    response = render_problem(problem)
    if isinstance(error, RetryLater) and problem.retry_after is not None:
        response.headers.update(rate_limit_headers(error, retry_after=problem.retry_after))
    return response


def _refuse_by_status(error: HTTPException) -> Response:
    response = render_problem(problem_of_status(error.code or HTTPStatus.INTERNAL_SERVER_ERROR))
    for name, value in error.get_headers():
        if name != "Content-Type":
            response.headers[name] = value
    return response
