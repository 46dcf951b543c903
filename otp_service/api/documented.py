"""What the OpenAPI document says of the key an operation asks for, and of its problems."""

from itertools import groupby
from typing import Any

from otp_service.api.idempotency import PARAMETER
from otp_service.api.problems import MEDIA_TYPE, PROBLEM_TYPES, ProblemCode, problem_of
from otp_service.api.rate_limit import LIMIT_HEADER, POLICY_HEADER
from otp_service.api.scopes import SCOPE_OF_ROUTE, TOKEN_ROUTES

_API_KEY = "api_key"
_CLIENT_TOKEN = "client_token"  # noqa: S105 - the scheme's name
_OPERATOR_KEY = "operator_key"

SECURITY_SCHEMES: dict[str, Any] = {
    _API_KEY: {
        "type": "http",
        "scheme": "bearer",
        "description": "An application's API key, with the scopes it was given. In the demo: "
        "`otp_demo`, with every one.",
    },
    _CLIENT_TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "description": "A client token that a back end minted for an app or a page: good for one "
        "purpose, for a few starts, and for what it started. A purpose that is not named is the "
        "token's.",
    },
    _OPERATOR_KEY: {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of whoever runs the service. The demo asks for none.",
    },
}

_PROBLEM_SCHEMA = {"$ref": "#/components/schemas/Problem"}
_RETRY_AFTER = {
    "description": "Whole seconds to wait, at least 1.",
    "schema": {"type": "integer", "minimum": 1},
}
_RATE_LIMIT = {
    "description": "The limit that refused: `r` is what is left of it, `t` the seconds until there "
    "is more. draft-ietf-httpapi-ratelimit-headers.",
    "schema": {"type": "string"},
    "example": '"number_starts_per_hour";r=0;t=120',
}
_RATE_POLICY = {
    "description": "What that limit allows: `q` in any `w` seconds, of money in whole units.",
    "schema": {"type": "string"},
    "example": '"number_starts_per_hour";q=5;w=3600',
}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string", "enum": ["Bearer"]}}},
    409: {"Retry-After": _RETRY_AFTER},
    429: {"Retry-After": _RETRY_AFTER, LIMIT_HEADER: _RATE_LIMIT, POLICY_HEADER: _RATE_POLICY},
    503: {"Retry-After": _RETRY_AFTER},
}
_EXAMPLE_MEMBERS: dict[ProblemCode, dict[str, Any]] = {
    ProblemCode.INVALID_REQUEST: {
        "detail": "#/phone: Field required",
        "errors": [{"pointer": "#/phone", "detail": "Field required"}],
    },
    ProblemCode.CODE_INCORRECT: {"attempts_left": 4},
}


def taking_idempotency_key() -> dict[str, Any]:
    """Give what an operation says of the Idempotency-Key it takes, as an argument likewise."""
    return {"openapi_extensions": {"parameters": [PARAMETER]}}


def needing_scope(route: str) -> dict[str, Any]:
    """Give what an operation says of the key it asks for, as arguments of the route's decorator.

    Source:
        OpenAPI 3.1.0, Security Requirement Object: with a scheme that is not OAuth, the list may
        name roles.
    """
    scope = SCOPE_OF_ROUTE[route].value
    if route in TOKEN_ROUTES:
        return {
            "description": f"Needs a key with the scope `{scope}`, or a client token.",
            "security": [{_API_KEY: [scope]}, {_CLIENT_TOKEN: []}],
        }
    return {
        "description": f"Needs a key with the scope `{scope}`.",
        "security": [{_API_KEY: [scope]}],
    }


def needing_operator() -> dict[str, Any]:
    """Give what an operation says that is for operators alone."""
    return {"description": "Needs an operator's key.", "security": [{_OPERATOR_KEY: []}]}


def problems(*codes: ProblemCode) -> dict[str | int, Any]:
    """Give the responses of an operation that can answer with these problems, by status."""
    by_status = sorted(codes, key=_status)
    responses: dict[str | int, Any] = {
        status: _response(status, list(group)) for status, group in groupby(by_status, _status)
    }
    return {**responses, "default": _response(None, [])}


def _status(code: ProblemCode) -> int:
    return PROBLEM_TYPES[code].status


def _response(status: int | None, codes: list[ProblemCode]) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": _PROBLEM_SCHEMA}
    response: dict[str, Any] = {"content": {MEDIA_TYPE: media}}
    if status is None:
        return response | {"description": "Any other problem."}
    headers = _HEADERS.get(status, {})
    media["examples"] = {code.value: {"value": _example(code, headers)} for code in codes}
    titles = ", or ".join(PROBLEM_TYPES[code].title.lower() for code in codes)
    response["description"] = f"{titles[0].upper()}{titles[1:]}."
    return response | ({"headers": headers} if headers else {})


def _example(code: ProblemCode, headers: dict[str, Any]) -> dict[str, Any]:
    wait = 30 if "Retry-After" in headers else None
    told = problem_of(code, retry_after=wait).model_dump(mode="json", exclude_none=True)
    return told | _EXAMPLE_MEMBERS.get(code, {})
