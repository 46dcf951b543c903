"""What operators and their tools ask: is it alive, can it work, what did it do."""

from http import HTTPStatus

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from otp_service.api.documented import needing_operator, problems
from otp_service.api.exchange import render_problem
from otp_service.api.incoming import current_request
from otp_service.api.parts import current_parts
from otp_service.api.problems import ProblemCode, problem_of
from otp_service.api.replies import AliveReply, ReadyReply

_SECONDS_TO_NEXT_LOOK = 1
_NOT_NOW = "No verification can be started or checked now."
_ENDING = "This instance is about to end. Send new callers to another."

operator_routes = APIBlueprint(
    "operators",
    __name__,
    abp_tags=[Tag(name="operators", description="For load balancers and monitoring.")],
)


@operator_routes.get("/healthz", operation_id="health", responses={200: AliveReply, **problems()})
def health() -> dict[str, str]:
    """Tell that the process answers, whatever it depends on."""
    return AliveReply(status="ok").model_dump()


@operator_routes.get(
    "/readyz",
    operation_id="readiness",
    description="What is wrong is told to whoever shows an operator's key.",
    responses={
        200: ReadyReply,
        **problems(ProblemCode.STORE_UNAVAILABLE, ProblemCode.SERVICE_BUSY),
    },
)
def readiness() -> tuple[dict[str, str], HTTPStatus] | Response:
    """Tell whether verifications can be started and checked now."""
    parts = current_parts()
    if parts.is_ending():
        return render_problem(
            problem_of(ProblemCode.SERVICE_BUSY, detail=_ENDING, retry_after=_SECONDS_TO_NEXT_LOOK)
        )
    reasons = parts.readiness()
    if not reasons:
        return ReadyReply(status="ready").model_dump(), HTTPStatus.OK
    asked_by_operator = parts.operators.knows(current_request().headers.get("Authorization"))
    return render_problem(
        problem_of(
            ProblemCode.STORE_UNAVAILABLE,
            # They tell of versions, addresses and settings of the store.
            detail=" ".join(reasons) if asked_by_operator else _NOT_NOW,
            retry_after=_SECONDS_TO_NEXT_LOOK,
        )
    )


@operator_routes.get(
    "/metrics",
    operation_id="metrics",
    **needing_operator(),
    responses={
        200: {
            "description": "The exposition, as Prometheus reads it.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **problems(ProblemCode.UNAUTHENTICATED),
    },
)
def metrics() -> Response:
    """Give every metric of this process."""
    exposition, media_type = current_parts().metrics()
    return Response(exposition, content_type=media_type)
