"""The six endpoints under ``/otp``."""

import re
from http import HTTPStatus
from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from otp_service.api.documented import needing_scope, problems, taking_idempotency_key
from otp_service.api.idempotency import with_idempotency
from otp_service.api.incoming import current_caller, current_request
from otp_service.api.parts import current_parts
from otp_service.api.problems import ProblemCode
from otp_service.api.replies import (
    ApprovalReply,
    CancelReply,
    ProofReply,
    StatusReply,
    VerificationReply,
)
from otp_service.api.schemas import (
    IDENTIFIER_PATTERN,
    CancelBody,
    ProofBody,
    ResendBody,
    StartBody,
    VerificationPath,
    VerifyBody,
)
from otp_service.api.token_terms import context_on, purpose_on, start_on
from otp_service.domain.api_key import Scope
from otp_service.domain.call import Call
from otp_service.errors import VerificationNotFound

Reply = tuple[dict[str, Any], HTTPStatus]

_EVERYWHERE = (ProblemCode.UNAUTHENTICATED, ProblemCode.FORBIDDEN, ProblemCode.STORE_UNAVAILABLE)
_WITH_A_BODY = (
    *_EVERYWHERE,
    ProblemCode.INVALID_REQUEST,
    ProblemCode.PAYLOAD_TOO_LARGE,
    ProblemCode.UNSUPPORTED_MEDIA_TYPE,
)
_WITH_A_SEND = (
    ProblemCode.PHONE_UNREACHABLE,
    ProblemCode.TOO_MANY_REQUESTS,
    ProblemCode.PROVIDER_FAILED,
    ProblemCode.PROVIDER_MISCONFIGURED,
    ProblemCode.SERVICE_BUSY,
)
_HELD = (ProblemCode.REQUEST_IN_PROGRESS, ProblemCode.IDEMPOTENCY_KEY_REUSED)
_ENDINGS = (
    ProblemCode.VERIFICATION_EXPIRED,
    ProblemCode.VERIFICATION_EXHAUSTED,
    ProblemCode.VERIFICATION_APPROVED,
    ProblemCode.VERIFICATION_CANCELED,
)

verification_routes = APIBlueprint(
    "verifications",
    __name__,
    url_prefix="/otp",
    abp_tags=[Tag(name="verifications", description="Send a code, check it, show that it was.")],
)


@verification_routes.post(
    "/start",
    operation_id="start",
    **needing_scope("/otp/start"),
    **taking_idempotency_key(),
    responses={
        201: VerificationReply,
        **problems(
            *_WITH_A_BODY,
            *_WITH_A_SEND,
            ProblemCode.PHONE_INVALID,
            ProblemCode.DESTINATION_NOT_ALLOWED,
            *_HELD,
            # Of a start that broke off and is repeated with its Idempotency-Key.
            *_ENDINGS,
            ProblemCode.SEND_LIMIT_REACHED,
        ),
    },
)
def start(body: StartBody) -> Reply:
    """Start a verification and send its first code."""
    command = start_on(current_caller().token, body, current_parts().addresses)
    call = with_idempotency(current_call(body.client_ip))
    verification = current_parts().use_cases.start(call, command)
    return VerificationReply.of(verification).model_dump(mode="json"), HTTPStatus.CREATED


@verification_routes.post(
    "/resend",
    operation_id="resend",
    **needing_scope("/otp/resend"),
    **taking_idempotency_key(),
    responses={
        200: VerificationReply,
        **problems(
            *_WITH_A_BODY,
            *_WITH_A_SEND,
            *_ENDINGS,
            *_HELD,
            ProblemCode.VERIFICATION_NOT_FOUND,
            ProblemCode.RESEND_TOO_SOON,
            ProblemCode.SEND_LIMIT_REACHED,
        ),
    },
)
def resend(body: ResendBody) -> Reply:
    """Send one more message, with a code of its own; earlier codes stay good."""
    call = with_idempotency(current_call(), verification_id=body.verification_id)
    verification = current_parts().use_cases.resend(call, body.verification_id, body.channel)
    return VerificationReply.of(verification).model_dump(mode="json"), HTTPStatus.OK


@verification_routes.post(
    "/verify",
    operation_id="verify",
    **needing_scope("/otp/verify"),
    **taking_idempotency_key(),
    responses={
        200: ApprovalReply,
        **problems(
            *_WITH_A_BODY,
            *_ENDINGS,
            ProblemCode.CODE_INCORRECT,
            ProblemCode.IDEMPOTENCY_KEY_REUSED,
            ProblemCode.VERIFICATION_NOT_FOUND,
        ),
    },
)
def verify(body: VerifyBody) -> Reply:
    """Check what the user typed; the right code is good once."""
    approval = current_parts().use_cases.verify(
        with_idempotency(current_call(), verification_id=body.verification_id),
        verification_id=body.verification_id,
        code=body.code,
        purpose=purpose_on(current_caller().token, body),
        context=context_on(current_caller().token, body),
    )
    return ApprovalReply.of(approval).model_dump(mode="json"), HTTPStatus.OK


@verification_routes.post(
    "/cancel",
    operation_id="cancel",
    **needing_scope("/otp/cancel"),
    responses={
        200: CancelReply,
        **problems(*_WITH_A_BODY, *_ENDINGS[:3], ProblemCode.VERIFICATION_NOT_FOUND),
    },
)
def cancel(body: CancelBody) -> Reply:
    """Call a verification off; doing so twice is no mistake."""
    verification = current_parts().use_cases.cancel(current_call(), body.verification_id)
    return CancelReply.of(verification).model_dump(mode="json"), HTTPStatus.OK


@verification_routes.get(
    "/verifications/<verification_id>",
    operation_id="status",
    **needing_scope("/otp/verifications/<verification_id>"),
    responses={200: StatusReply, **problems(*_EVERYWHERE, ProblemCode.VERIFICATION_NOT_FOUND)},
)
def status(path: VerificationPath) -> Reply:
    """Show where a verification stands, until 24 hours after its end."""
    if not re.fullmatch(IDENTIFIER_PATTERN, path.verification_id):
        raise VerificationNotFound
    verification = current_parts().use_cases.status(
        current_caller().application, path.verification_id
    )
    return StatusReply.of(verification).model_dump(mode="json"), HTTPStatus.OK


@verification_routes.post(
    "/proof",
    operation_id="proof",
    **needing_scope("/otp/proof"),
    responses={200: ProofReply, **problems(*_WITH_A_BODY)},
)
def proof(body: ProofBody) -> Reply:
    """Tell whether a proof shows an approval, and use it up if asked to."""
    proven = current_parts().use_cases.proof(
        current_caller().application, proof=body.proof, consume=body.consume
    )
    return ProofReply.of(proven).model_dump(mode="json"), HTTPStatus.OK


def current_call(client_ip: str | None = None) -> Call:
    """Give what is known of the request's sender, for the use cases.

    Args:
        client_ip: the end user's address, where the sender named it. To a client token's sender
            it is none but the token's own (``start_on``), or the connection's.

    Raises:
        Forbidden: the sender's key is not good for naming it.
    """
    caller = current_caller()
    if caller.token is not None:
        return Call(
            caller.application,
            caller.key_id,
            caller.token.address_tag or _connection_tag(),
            token_id=caller.token.id,
        )
    if client_ip is None:
        return Call(caller.application, caller.key_id)
    caller.require(Scope.CLIENT_IP)
    return Call(caller.application, caller.key_id, current_parts().addresses.tag(client_ip))


def _connection_tag() -> str | None:
    """Give the tag of the address the request came from, before the proxies in front of us."""
    request, parts = current_request(), current_parts()
    address = parts.proxies.client_of(
        request.remote_addr, request.headers.getlist("X-Forwarded-For")
    )
    return parts.addresses.tag(address) if address else None
