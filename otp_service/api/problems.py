"""Problems: the one map from what went wrong to what HTTP says about it.

Source:
    RFC 9457: the members of ``application/problem+json``, ``about:blank`` where the status says
    all there is, and the form of ``errors``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field

from otp_service.api.model_notes import leave_null_out
from otp_service.api.pointers import fragment
from otp_service.errors import CodeIncorrect, InvalidRequest, OtpError, RetryLater

MEDIA_TYPE = "application/problem+json"


class ProblemCode(StrEnum):
    """The public list: a code may be added, none ever changes its meaning."""

    INVALID_REQUEST = "invalid_request"
    PHONE_INVALID = "phone_invalid"
    CODE_INCORRECT = "code_incorrect"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    DESTINATION_NOT_ALLOWED = "destination_not_allowed"
    VERIFICATION_NOT_FOUND = "verification_not_found"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    REQUEST_IN_PROGRESS = "request_in_progress"
    VERIFICATION_EXPIRED = "verification_expired"
    VERIFICATION_EXHAUSTED = "verification_exhausted"
    VERIFICATION_APPROVED = "verification_approved"
    VERIFICATION_CANCELED = "verification_canceled"
    PHONE_UNREACHABLE = "phone_unreachable"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    RESEND_TOO_SOON = "resend_too_soon"
    SEND_LIMIT_REACHED = "send_limit_reached"
    TOO_MANY_REQUESTS = "too_many_requests"
    PROVIDER_FAILED = "provider_failed"
    PROVIDER_MISCONFIGURED = "provider_misconfigured"
    STORE_UNAVAILABLE = "store_unavailable"
    SERVICE_BUSY = "service_busy"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One row of the map.

    Args:
        detail: for the caller's developer, where the error itself has nothing to add.
    """

    status: int
    title: str
    detail: str


PROBLEM_TYPES: Mapping[ProblemCode, ProblemType] = MappingProxyType(
    {
        ProblemCode.INVALID_REQUEST: ProblemType(
            400, "Invalid request", "The request is not what this endpoint takes."
        ),
        ProblemCode.PHONE_INVALID: ProblemType(
            400,
            "Invalid phone number",
            "No such number can exist. Give E.164, or a national number with its country.",
        ),
        ProblemCode.CODE_INCORRECT: ProblemType(400, "Incorrect code", "The code is not right."),
        ProblemCode.UNAUTHENTICATED: ProblemType(
            401,
            "Not authenticated",
            "Give a known API key or client token: 'Authorization: Bearer <key>'.",
        ),
        ProblemCode.FORBIDDEN: ProblemType(403, "Forbidden", "This key may not do that."),
        ProblemCode.DESTINATION_NOT_ALLOWED: ProblemType(
            403, "Destination not allowed", "No codes are sent to this kind of number."
        ),
        ProblemCode.VERIFICATION_NOT_FOUND: ProblemType(
            404, "Verification not found", "There is no such verification."
        ),
        ProblemCode.NOT_FOUND: ProblemType(404, "Not found", "There is nothing at this path."),
        ProblemCode.METHOD_NOT_ALLOWED: ProblemType(
            405, "Method not allowed", "This path takes other methods; 'Allow' names them."
        ),
        ProblemCode.PAYLOAD_TOO_LARGE: ProblemType(
            413, "Payload too large", "A body has at most 16 KiB."
        ),
        ProblemCode.UNSUPPORTED_MEDIA_TYPE: ProblemType(
            415, "Unsupported media type", "A body is JSON and says so: 'application/json'."
        ),
        ProblemCode.REQUEST_IN_PROGRESS: ProblemType(
            409, "Request in progress", "The first request with this Idempotency-Key still runs."
        ),
        ProblemCode.VERIFICATION_EXPIRED: ProblemType(
            410, "Verification expired", "Its last code's life is over."
        ),
        ProblemCode.VERIFICATION_EXHAUSTED: ProblemType(
            410, "Verification exhausted", "It has no attempts left."
        ),
        ProblemCode.VERIFICATION_APPROVED: ProblemType(
            410, "Verification already approved", "A code works once."
        ),
        ProblemCode.VERIFICATION_CANCELED: ProblemType(
            410, "Verification canceled", "It was called off."
        ),
        ProblemCode.PHONE_UNREACHABLE: ProblemType(
            422, "Phone number unreachable", "The provider cannot reach this number."
        ),
        ProblemCode.IDEMPOTENCY_KEY_REUSED: ProblemType(
            422, "Idempotency key reused", "This Idempotency-Key came with another body before."
        ),
        ProblemCode.RESEND_TOO_SOON: ProblemType(
            429, "Resend too soon", "The last message is too recent."
        ),
        ProblemCode.SEND_LIMIT_REACHED: ProblemType(
            429, "Send limit reached", "This verification has no messages left."
        ),
        ProblemCode.TOO_MANY_REQUESTS: ProblemType(
            429, "Too many requests", "A limit is used up; try again later."
        ),
        ProblemCode.PROVIDER_FAILED: ProblemType(
            502, "Provider failed", "The message was not taken and nothing was charged; try again."
        ),
        ProblemCode.PROVIDER_MISCONFIGURED: ProblemType(
            503, "Provider misconfigured", "The service's operator must set this right."
        ),
        ProblemCode.STORE_UNAVAILABLE: ProblemType(
            503, "Store unavailable", "The store did not answer; what was asked may have happened."
        ),
        ProblemCode.SERVICE_BUSY: ProblemType(
            503, "Service busy", "Too much is under way at once; try again shortly."
        ),
    }
)

# What the framework itself refuses, by status.
_CODE_OF_STATUS = {
    400: ProblemCode.INVALID_REQUEST,
    404: ProblemCode.NOT_FOUND,
    405: ProblemCode.METHOD_NOT_ALLOWED,
    413: ProblemCode.PAYLOAD_TOO_LARGE,
    415: ProblemCode.UNSUPPORTED_MEDIA_TYPE,
}


class FieldError(BaseModel):
    """What is wrong with one field of the request's body."""

    pointer: str = Field(description="JSON pointer into the body, such as `#/message/reason`.")
    detail: str = Field(description="What is wrong there, for a developer.")


class Problem(BaseModel):
    """Why a request was refused or failed (RFC 9457)."""

    model_config = ConfigDict(frozen=True, json_schema_extra=leave_null_out)

    type: str = Field(
        description="`urn:otp-service:problem:` and the code, or `about:blank` without a code."
    )
    title: str = Field(description="The same for every problem of this type.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened this time, for a developer.")
    code: ProblemCode | None = Field(
        default=None, description="One of a closed list; for programs."
    )
    errors: list[FieldError] | None = Field(
        default=None, description="The fields at fault, if any can be named."
    )
    attempts_left: int | None = Field(
        default=None, description="With `code_incorrect`: guesses left."
    )
    retry_after: int | None = Field(
        default=None, description="Seconds to wait, at least 1; the same as `Retry-After`."
    )


def problem_of(code: ProblemCode, *, detail: str = "", retry_after: int | None = None) -> Problem:
    """Give the problem of a code, with the detail of its row if there is no better one."""
    row = PROBLEM_TYPES[code]
    return Problem(
        type=f"urn:otp-service:problem:{code}",
        title=row.title,
        status=row.status,
        detail=detail or row.detail,
        code=code,
        retry_after=retry_after,
    )


def problem_of_error(error: OtpError) -> Problem:
    """Give the problem of a refusal or failure.

    What is said about a failure of our own side is the row's sentence and nothing else: no text of
    a provider or a store can slip out.
    """
    code = ProblemCode(error.code)
    own_fault = PROBLEM_TYPES[code].status >= HTTPStatus.INTERNAL_SERVER_ERROR
    problem = problem_of(code, detail="" if own_fault else error.detail)
    match error:
        case InvalidRequest(problems=problems) if problems:
            errors = [FieldError(pointer=fragment(p.pointer), detail=p.detail) for p in problems]
            detail = "; ".join(f"{e.pointer}: {e.detail}" for e in errors)
            return problem.model_copy(update={"errors": errors, "detail": detail})
        case CodeIncorrect():
            return problem.model_copy(update={"attempts_left": error.attempts_left})
        case RetryLater():
            wait = max(1, whole_seconds(error.retry_after))
            return problem.model_copy(update={"retry_after": wait})
    return problem


def problem_of_status(status: int) -> Problem:
    """Give the problem of something that the framework refused, or that broke."""
    code = _CODE_OF_STATUS.get(status)
    if code:
        return problem_of(code)
    phrase = HTTPStatus(status).phrase
    detail = HTTPStatus(status).description or phrase
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        detail = "Something broke here. The log has it under this reply's X-Request-Id."
    return Problem(type="about:blank", title=phrase, status=status, detail=detail)


def whole_seconds(span: timedelta) -> int:
    """Give seconds, rounded up, never negative."""
    return max(0, -(-span // timedelta(seconds=1)))
