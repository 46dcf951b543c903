import json
import re

import pytest

from otp_service.api.problems import PROBLEM_TYPES, ProblemCode
from otp_service.api.text_patterns import PRINTABLE_PATTERN

OPERATIONS = {
    ("post", "/otp/start"),
    ("post", "/otp/verify"),
    ("post", "/otp/resend"),
    ("post", "/otp/cancel"),
    ("post", "/otp/proof"),
    ("post", "/otp/client-tokens"),
    ("get", "/otp/verifications/{verification_id}"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
}
STORE_CODES = {"unauthenticated", "forbidden", "store_unavailable"}
BODY_CODES = STORE_CODES | {"invalid_request", "payload_too_large", "unsupported_media_type"}
SEND_CODES = BODY_CODES | {
    "phone_unreachable",
    "too_many_requests",
    "provider_failed",
    "provider_misconfigured",
    "service_busy",
}
HELD = {"request_in_progress", "idempotency_key_reused"}
ENDINGS = {"verification_expired", "verification_exhausted", "verification_approved"}


@pytest.fixture
def document(anonymous):
    return anonymous.get("/openapi/openapi.json").json


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def operation_of(document, name):
    (found,) = (o for _, _, o in operations(document) if o["operationId"] == name)
    return found


def responses(document):
    for _, _, operation in operations(document):
        yield from operation["responses"].items()


def resolve(document, schema):
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def accepts(document, schema, value):
    """Tell whether a value has the types, properties, names and bounds that a schema asks for."""
    schema = resolve(document, schema)
    if "type" not in schema:
        return any(accepts(document, choice, value) for choice in schema["anyOf"])
    types = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "boolean": bool,
        "null": type(None),
    }
    properties = schema.get("properties", {})
    return (
        type(value) is types[schema["type"]]
        and ("enum" not in schema or value in schema["enum"])
        and ("const" not in schema or value == schema["const"])
        and (
            "pattern" not in schema
            or bool(re.search(schema["pattern"].replace(r"\p{Nd}", r"\d"), value))
        )
        and ("maxLength" not in schema or len(value) <= schema["maxLength"])
        and (not properties or set(schema.get("required", ())) <= set(value) <= set(properties))
        and all(
            accepts(document, properties[name], value[name]) for name in properties if name in value
        )
        and ("items" not in schema or all(accepts(document, schema["items"], i) for i in value))
    )


def test_the_document_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"] == "otp_service"


def test_the_document_knows_every_operation(document):
    assert {(method, path) for method, path, _ in operations(document)} == OPERATIONS


def test_each_kind_of_path_asks_for_its_own_bearer_keys(document):
    schemes = document["components"]["securitySchemes"]
    by_token = {"/otp/start", "/otp/verify", "/otp/resend"}

    assert set(schemes) == {"api_key", "client_token", "operator_key"}
    assert {(each["type"], each["scheme"]) for each in schemes.values()} == {("http", "bearer")}
    for _, path, operation in operations(document):
        asked = [set(each) for each in operation.get("security", [])]
        also = [{"client_token"}] if path in by_token else []
        named = {"/metrics": [{"operator_key"}], "/healthz": [], "/readyz": []}
        assert asked == named.get(path, [{"api_key"}, *also])


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("start", "start"),
        ("resend", "start"),
        ("cancel", "start"),
        ("verify", "verify"),
        ("status", "status"),
        ("proof", "status"),
        ("mint", "tokens"),
    ],
)
def test_an_operation_says_which_scope_it_needs(document, name, scope):
    operation = operation_of(document, name)

    assert operation["security"][0] == {"api_key": [scope]}
    assert operation["description"] in {
        f"Needs a key with the scope `{scope}`.",
        f"Needs a key with the scope `{scope}`, or a client token.",
    }


@pytest.mark.parametrize("name", ["start", "resend", "verify"])
def test_an_operation_that_does_something_once_takes_an_idempotency_key(document, name):
    (parameter,) = operation_of(document, name)["parameters"]

    assert (parameter["name"], parameter["in"]) == ("Idempotency-Key", "header")
    assert not parameter["required"]
    for key in ('"8e03978e-40d5"', "8e03978e-40d5", '"a b\\\\\\""', "a" * 255, f'"{"a" * 255}"'):
        assert re.search(parameter["schema"]["pattern"], key)
    for key in ("", '""', '"a', "a,b", "a;b", "a b", "\u00e9", "a" * 256, f'"{"a" * 256}"'):
        assert not re.search(parameter["schema"]["pattern"], key)
    assert "24 hours" in parameter["description"]


@pytest.mark.parametrize("name", ["StartBody", "VerifyBody", "ClientTokenBody"])
def test_a_context_has_its_bounds_in_the_document(document, name):
    context = document["components"]["schemas"][name]["properties"]["context"]

    assert context["additionalProperties"] == {"type": "string", "pattern": PRINTABLE_PATTERN}
    assert (context["minProperties"], context["maxProperties"]) == (1, 16)
    assert context["propertyNames"] == {
        "minLength": 1,
        "maxLength": 64,
        "pattern": PRINTABLE_PATTERN,
    }


def test_the_client_s_address_says_that_it_needs_a_scope_of_its_own(document):
    body = document["components"]["schemas"]["StartBody"]

    assert "scope `client_ip`" in body["properties"]["client_ip"]["description"]


def test_the_codes_are_the_contract_s_closed_list(document):
    problem = document["components"]["schemas"]["Problem"]

    assert resolve(document, problem["properties"]["code"])["enum"] == [
        c.value for c in ProblemCode
    ]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        (
            "start",
            SEND_CODES
            | HELD
            | ENDINGS
            | {
                "verification_canceled",
                "send_limit_reached",
                "phone_invalid",
                "destination_not_allowed",
            },
        ),
        (
            "resend",
            SEND_CODES
            | HELD
            | ENDINGS
            | {
                "verification_canceled",
                "verification_not_found",
                "resend_too_soon",
                "send_limit_reached",
            },
        ),
        (
            "verify",
            BODY_CODES
            | ENDINGS
            | {
                "verification_canceled",
                "verification_not_found",
                "code_incorrect",
                "idempotency_key_reused",
            },
        ),
        ("cancel", BODY_CODES | ENDINGS | {"verification_not_found"}),
        ("proof", BODY_CODES),
        (
            "mint",
            BODY_CODES - {"store_unavailable"} | {"phone_invalid", "destination_not_allowed"},
        ),
        ("status", STORE_CODES | {"verification_not_found"}),
        ("readiness", {"store_unavailable", "service_busy"}),
        ("health", set()),
        ("metrics", {"unauthenticated"}),
    ],
)
def test_an_operation_names_the_problems_it_can_answer_with(document, name, codes):
    told = {
        code: int(status)
        for status, response in operation_of(document, name)["responses"].items()
        for code in response["content"].get("application/problem+json", {}).get("examples", ())
    }

    assert told == {code: PROBLEM_TYPES[ProblemCode(code)].status for code in codes}


def test_every_refusal_is_a_problem(document):
    for status, response in responses(document):
        if not status.startswith("2"):
            (media,) = response["content"].items()
            assert media[0] == "application/problem+json"
            assert media[1]["schema"] == {"$ref": "#/components/schemas/Problem"}


@pytest.mark.parametrize(
    ("status", "header"),
    [
        ("401", "WWW-Authenticate"),
        ("409", "Retry-After"),
        ("429", "Retry-After"),
        ("429", "RateLimit"),
        ("429", "RateLimit-Policy"),
        ("503", "Retry-After"),
    ],
)
def test_the_headers_of_refusals_are_told(document, status, header):
    told = [response for found, response in responses(document) if found == status]

    assert told
    assert all(header in response["headers"] for response in told)


def test_every_example_is_what_its_schema_says(document):
    bodies = [o["requestBody"] for _, _, o in operations(document) if "requestBody" in o]
    contents = bodies + [response for _, response in responses(document)]
    examples = [
        (media["schema"], example["value"])
        for content in contents
        for media in content["content"].values()
        for example in media.get("examples", {}).values()
    ]

    assert len(examples) > 60
    for schema, value in examples:
        assert accepts(document, schema, value), value


def test_every_body_and_every_reply_has_an_example(document):
    for _, path, operation in operations(document):
        if path != "/metrics":
            contents = [operation["responses"].get("200") or operation["responses"]["201"]]
            contents += [operation["requestBody"]] if "requestBody" in operation else []
            assert all(content["content"]["application/json"]["examples"] for content in contents)


def test_no_field_of_a_request_takes_null(document):
    for _, _, operation in operations(document):
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert "null" not in json.dumps(resolve(document, schema))
    assert "null" not in json.dumps(document["components"]["schemas"]["MessageBody"])


def test_no_request_takes_an_unknown_property(document):
    for _, _, operation in operations(document):
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert resolve(document, schema)["additionalProperties"] is False


def test_every_reference_leads_somewhere(document):
    references = re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document))

    assert set(references) <= set(document["components"]["schemas"])


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("start", ("POST", "/otp/start", {"phone": "+380671234567"})),
        ("resend", ("POST", "/otp/resend", {"verification_id": "x"})),
        ("cancel", ("POST", "/otp/cancel", {"verification_id": "x"})),
        ("proof", ("POST", "/otp/proof", {"proof": "x"})),
        ("status", ("GET", "/otp/verifications/x", None)),
        ("health", ("GET", "/healthz", None)),
        ("readiness", ("GET", "/readyz", None)),
    ],
)
def test_a_real_reply_is_what_its_schema_says(client, document, name, call):
    method, path, body = call

    reply = client.open(path, method=method, json=body)

    told = operation_of(document, name)["responses"][str(reply.status_code)]
    assert accepts(document, told["content"]["application/json"]["schema"], reply.json)
