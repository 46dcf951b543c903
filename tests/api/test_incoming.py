import io
import json

import pytest

from otp_service.api.incoming import MAX_BODY_BYTES, MAX_DRAINED_BYTES, current_caller

START = "/otp/start"


class Body(io.BytesIO):
    """A body that knows how much of it was read, and may break instead of ending."""

    def __init__(self, content: bytes, *, breaks: bool = False) -> None:
        super().__init__(content)
        self.breaks = breaks

    def read(self, size=-1):
        piece = super().read(size)
        if not piece and self.breaks:
            raise OSError("invalid chunk")
        return piece

    @property
    def unread(self):
        return len(self.getvalue()) - self.tell()


def post(client, body, *, path=START, length=None, media_type="application/json", **options):
    """Post with a given length, or as a server does that ends a chunked body itself."""
    return client.post(
        path,
        input_stream=body,
        content_type=media_type,
        environ_overrides={"CONTENT_LENGTH": str(length)}
        if length is not None
        else {"wsgi.input_terminated": True},
        **options,
    )


def padded(size):
    start = b'{"phone": "+380671234567"'
    return start + b" " * (size - len(start) - 1) + b"}"


@pytest.mark.parametrize("chunked", [False, True], ids=["with length", "chunked"])
def test_a_body_of_the_greatest_size_is_taken(client, service, chunked):
    body = Body(padded(MAX_BODY_BYTES))

    reply = post(client, body, length=None if chunked else MAX_BODY_BYTES)

    assert reply.status_code == 201
    assert service.calls() == 1


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 2_000_000, MAX_DRAINED_BYTES])
@pytest.mark.parametrize("chunked", [False, True], ids=["with length", "chunked"])
def test_a_greater_body_is_refused_and_read_to_its_end(client, service, size, chunked):
    body = Body(padded(size))

    reply = post(client, body, length=None if chunked else size)

    assert (reply.status_code, reply.json["code"]) == (413, "payload_too_large")
    assert body.unread == 0
    assert service.calls() == 0


@pytest.mark.parametrize("chunked", [False, True], ids=["with length", "chunked"])
def test_a_body_without_end_is_not_read_for_ever(client, chunked):
    size = 2 * MAX_DRAINED_BYTES
    body = Body(bytes(size))

    reply = post(client, body, length=None if chunked else size)

    assert reply.status_code == 413
    assert MAX_DRAINED_BYTES <= size - body.unread < MAX_DRAINED_BYTES + 100_000


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        pytest.param(START, "unknown", 401, id="unknown key"),
        pytest.param("/otp/nothing", "key-of-shop", 404, id="no such path"),
        pytest.param("/nothing", "key-of-shop", 404, id="no such path outside"),
        pytest.param("/healthz", "key-of-shop", 405, id="wrong method"),
    ],
)
@pytest.mark.parametrize("chunked", [False, True], ids=["with length", "chunked"])
def test_a_great_body_to_the_wrong_place_is_read_to_its_end(anonymous, path, key, status, chunked):
    body = Body(bytes(2_000_000))

    reply = post(
        anonymous,
        body,
        path=path,
        length=None if chunked else 2_000_000,
        headers={"Authorization": f"Bearer {key}"},
    )

    assert reply.status_code == status
    assert body.unread == 0


def test_a_great_body_is_refused_where_none_is_wanted(client):
    reply = client.get("/healthz", data=bytes(MAX_BODY_BYTES + 1))

    assert (reply.status_code, reply.json["code"]) == (413, "payload_too_large")


@pytest.mark.parametrize(
    ("body", "length"),
    [
        pytest.param(Body(b'{"phone": "+380671234567"}'), 100, id="cut short"),
        pytest.param(Body(b'{"phone": "+380671234567"}', breaks=True), None, id="broken chunk"),
        pytest.param(Body(b"", breaks=True), 100, id="gone at once"),
    ],
)
def test_a_body_that_breaks_off_is_refused(client, service, body, length):
    reply = post(client, body, length=length)

    assert (reply.status_code, reply.json["code"]) == (400, "invalid_request")
    assert service.calls() == 0


def test_a_body_cut_short_is_refused_even_if_its_server_ends_it(client, service):
    reply = client.post(
        START,
        input_stream=Body(b'{"phone": "+380671234567"}'),
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": "100", "wsgi.input_terminated": True},
    )

    assert (reply.status_code, reply.json["code"]) == (400, "invalid_request")
    assert service.calls() == 0


@pytest.mark.parametrize("media_type", [None, "application/json", "text/plain", "nonsense"])
@pytest.mark.parametrize("path", [START, "/otp/verify", "/otp/resend", "/otp/cancel", "/otp/proof"])
def test_an_empty_body_is_refused_whatever_its_type(client, path, media_type):
    reply = client.post(path, content_type=media_type)

    assert (reply.status_code, reply.json["code"]) == (400, "invalid_request")
    assert reply.json["detail"] == "The body is empty."


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "application/json-seq",
        "json",
        "application/octet-stream; charset=application/json",
    ],
)
@pytest.mark.parametrize("body", [b"{}", b" ", b"phone=1"])
def test_a_body_that_does_not_say_it_is_json_is_refused(client, service, body, media_type):
    reply = client.post(START, data=body, content_type=media_type)

    assert (reply.status_code, reply.json["code"]) == (415, "unsupported_media_type")
    assert service.calls() == 0


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;profile=x",
        "application/vnd.example+json",
    ],
)
def test_every_way_to_say_json_is_understood(client, media_type):
    reply = client.post(START, data=padded(100), content_type=media_type)

    assert reply.status_code == 201


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        pytest.param(b" ", "The body is not JSON.", id="blank"),
        pytest.param(b"\xff", "The body is not UTF-8.", id="not UTF-8"),
        pytest.param(b"phone=1", "The body is not JSON.", id="not JSON"),
        pytest.param(b"[]", "The body is not a JSON object.", id="not an object"),
        pytest.param(b"null", "The body is not a JSON object.", id="null"),
        pytest.param(
            json.dumps('{"phone": "+380671234567"}').encode(),
            "The body is not a JSON object.",
            id="text that holds JSON",
        ),
        pytest.param(
            b'{"a":' + b"[" * 8_000 + b"]" * 8_000 + b"}",
            "The body is nested too deep.",
            id="nested 8,000 deep",
        ),
    ],
)
@pytest.mark.parametrize("path", [START, "/otp/verify", "/otp/resend", "/otp/cancel", "/otp/proof"])
def test_a_body_that_is_no_object_is_refused(client, service, path, body, detail):
    reply = client.post(path, data=body, content_type="application/json")

    assert (reply.status_code, reply.json["code"]) == (400, "invalid_request")
    assert (reply.json["detail"], "errors" in reply.json) == (detail, False)
    assert service.calls() == 0


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 4000, "1e-999"], ids=len)
def test_a_number_beyond_measure_is_of_the_wrong_type_like_any_other(client, number):
    body = f'{{"phone": {number}}}'

    reply = client.post(START, data=body, content_type="application/json")

    assert [error["pointer"] for error in reply.json["errors"]] == ["#/phone"]


def test_a_name_given_twice_is_pointed_at(client, service):
    body = '{"phone": "+12025550123", "phone": "+380671234567"}'

    reply = client.post(START, data=body, content_type="application/json")

    assert [error["pointer"] for error in reply.json["errors"]] == ["#/phone"]
    assert service.calls() == 0


def test_a_body_is_parsed_once(service):
    app = service.app()

    with app.test_request_context(START, method="POST", json={"phone": "1"}) as context:
        context.request.load_body()
        first = context.request.get_json()

        assert context.request.get_json(force=True, silent=True, cache=False) is first


def test_a_page_of_ours_can_read_a_form(service):
    app = service.app()

    with app.test_request_context("/page", method="POST", data={"phone": "067 1"}) as context:
        context.request.load_body()

        assert context.request.form.to_dict() == {"phone": "067 1"}


def test_an_open_route_has_no_caller(service):
    app = service.app()

    with app.test_request_context("/healthz"), pytest.raises(LookupError):
        current_caller()
