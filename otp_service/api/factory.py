"""The HTTP API, put together."""

import logging
from collections.abc import Callable
from importlib.metadata import version
from traceback import extract_tb
from types import TracebackType
from typing import NoReturn

from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from pydantic import ValidationError

from otp_service.api.admission import Admission
from otp_service.api.callback_routes import Callbacks
from otp_service.api.docs import docs_routes
from otp_service.api.documented import SECURITY_SCHEMES
from otp_service.api.exchange import Exchange
from otp_service.api.incoming import ApiRequest, current_request
from otp_service.api.operator_access import OperatorAccess
from otp_service.api.operator_routes import operator_routes
from otp_service.api.parts import Parts
from otp_service.api.peer import TrustedProxies
from otp_service.api.problems import Problem
from otp_service.api.schemas import CONTEXT_NAMES, refusal_of
from otp_service.api.token_routes import token_routes
from otp_service.api.verification_routes import verification_routes
from otp_service.api.working_places import WorkingPlaces
from otp_service.domain.client_address import AddressScheme
from otp_service.domain.idempotency import IdempotencyScheme
from otp_service.ports import Journal
from otp_service.service.use_cases import UseCases

_DISTRIBUTION = "otp-service"

_log = logging.getLogger(__name__)


class OtpApi(OpenAPI):
    """The Flask application."""

    request_class = ApiRequest

    def generate_spec_json(self) -> None:
        """Write the OpenAPI document, with the keyword that the framework's model leaves out."""
        super().generate_spec_json()  # type: ignore[no-untyped-call]
        for schema in self.spec_json["components"]["schemas"].values():
            if context := schema.get("properties", {}).get("context"):
                context["propertyNames"] = dict(CONTEXT_NAMES)

    def log_exception(
        self,
        exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
    ) -> None:
        """Say what broke and where. What an exception says itself may hold a number or a code."""
        kind, _, traceback = exc_info
        where = " < ".join(
            f"{frame.name} ({frame.filename}:{frame.lineno})"
            for frame in reversed(extract_tb(traceback))
        )
        _log.error("unexpected %s in %s", kind.__name__ if kind else "error", where)


def create_api(
    *,
    use_cases: UseCases,
    addresses: AddressScheme,
    proxies: TrustedProxies,
    idempotency: IdempotencyScheme,
    admission: Admission,
    operators: OperatorAccess,
    readiness: Callable[[], tuple[str, ...]],
    is_ending: Callable[[], bool],
    metrics: Callable[[], tuple[bytes, str]],
    callbacks: Callbacks,
    journal: Journal,
    working_places: int,
    allowed_hosts: frozenset[str] | None,
    bind_request_id: Callable[[str], None],
) -> OtpApi:
    """Give the WSGI application.

    Args:
        proxies: those in front of the service.
        admission: knows the callers by their keys.
        operators: knows who may see what operators see.
        readiness: why the service cannot do its work now; empty if it can.
        is_ending: whether new callers should go elsewhere.
        metrics: the exposition and its media type.
        callbacks: what the provider's own calls lead to.
        working_places: requests that are worked on at a time, once they have arrived whole.
        allowed_hosts: the ``Host`` names to answer to, IPv6 in brackets; None for any.
        bind_request_id: told the id of each request before anything is logged about it.
    """
    app = OtpApi(
        __name__,
        info=Info(
            title="otp_service",
            version=version(_DISTRIBUTION),
            description="One-time codes over Viber: start a verification, check what was typed.",
        ),
        security_schemes=SECURITY_SCHEMES,
        doc_ui=False,
        static_folder=None,
        # Every operation documents its "default" response, so none is added for these.
        validation_error_status="default",
        validation_error_model=Problem,
        validation_error_callback=_refuse,
    )
    # A redirect would be a page, and would lose the body.
    app.url_map.merge_slashes = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.json.sort_keys = False  # type: ignore[attr-defined]
    Parts(
        use_cases=use_cases,
        addresses=addresses,
        proxies=proxies,
        idempotency=idempotency,
        operators=operators,
        readiness=readiness,
        is_ending=is_ending,
        metrics=metrics,
    ).install(app)
    Exchange(
        admission=admission,
        operators=operators,
        places=WorkingPlaces(working_places),
        allowed_hosts=allowed_hosts,
        journal=journal,
        bind_request_id=bind_request_id,
    ).install(app)
    app.register_api(verification_routes)
    app.register_api(token_routes)
    app.register_api(operator_routes)
    app.register_blueprint(docs_routes)
    app.register_blueprint(callbacks.routes())
    return app


def _refuse(error: ValidationError) -> NoReturn:
    # Not chained: the validator's own exception carries what was given.
    raise refusal_of(error, current_request().get_json()) from None
