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
from otp_service.api.incoming import current_request
from otp_service.api.operator_access import OperatorAccess
from otp_service.api.problems import (
    MEDIA_TYPE,
    Problem,
    problem_of_error,
    problem_of_status,
)
from otp_service.api.scopes import check_scope, is_protected
from otp_service.api.working_places import WorkingPlaces
from otp_service.domain.events import RequestServed
from otp_service.errors import OtpError
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

    def begin(self) -> None:
        """Check key, its scope, host name, length of the URL, route and method, size of the body.

        In this order; then wait for a place to work at.

        Raises:
            Unauthenticated, Forbidden, HTTPException: the first check that fails.
        """
        request = current_request()
        given = request.headers.get("X-Request-Id", "")
        request.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        self.bind_request_id(request.request_id)
        if is_protected(request.path):
            request.caller = self.admission.admit(request.headers.get("Authorization"))
            if request.url_rule is not None:
                check_scope(request.caller, request.url_rule.rule)
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

    def finish(self, response: Response) -> Response:
        """Set what every reply carries, read what nobody read, and take note."""
        request = current_request()
        request.drain_body()
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Request-Id"] = request.request_id
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        self.journal.record(
            RequestServed(
                route=request.url_rule.rule if request.url_rule else UNMATCHED,
                method=request.method if request.method in _METHODS else "OTHER",
                status=response.status_code,
                took=timedelta(seconds=time.monotonic() - request.arrived_at),
                code=request.problem_code,
                application=request.caller.application.id if request.caller else None,
                key=request.caller.key_id if request.caller else None,
            )
        )
        return response


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
    return render_problem(problem_of_error(error))


def _refuse_by_status(error: HTTPException) -> Response:
    response = render_problem(problem_of_status(error.code or HTTPStatus.INTERNAL_SERVER_ERROR))
    for name, value in error.get_headers():
        if name != "Content-Type":
            response.headers[name] = value
    return response
