"""Where a back end mints client tokens."""

from http import HTTPStatus
from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from otp_service.api.documented import needing_scope, problems
from otp_service.api.incoming import current_caller
from otp_service.api.parts import current_parts
from otp_service.api.problems import ProblemCode
from otp_service.api.token_schemas import ClientTokenBody, ClientTokenReply
from otp_service.api.verification_routes import current_call

token_routes = APIBlueprint(
    "client_tokens",
    __name__,
    url_prefix="/otp",
    abp_tags=[Tag(name="client tokens", description="For apps and pages that cannot keep a key.")],
)


@token_routes.post(
    "/client-tokens",
    operation_id="mint",
    **needing_scope("/otp/client-tokens"),
    responses={
        201: ClientTokenReply,
        **problems(
            ProblemCode.UNAUTHENTICATED,
            ProblemCode.FORBIDDEN,
            ProblemCode.INVALID_REQUEST,
            ProblemCode.PAYLOAD_TOO_LARGE,
            ProblemCode.UNSUPPORTED_MEDIA_TYPE,
            ProblemCode.PHONE_INVALID,
            ProblemCode.DESTINATION_NOT_ALLOWED,
        ),
    },
)
def mint(body: ClientTokenBody) -> tuple[dict[str, Any], HTTPStatus]:
    """Mint a token for one app or page, to start and see through a few verifications."""
    call = current_call(body.client_ip)
    minted = current_parts().use_cases.mint(current_caller(), call, body.to_command())
    return ClientTokenReply.of(minted).model_dump(mode="json"), HTTPStatus.CREATED
