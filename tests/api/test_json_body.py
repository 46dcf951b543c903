import json

import pytest

from otp_service.api.json_body import MAX_PROBLEMS, read_json_object
from otp_service.errors import FieldProblem, InvalidRequest

NOT_TAKEN = "Control characters and lone surrogates are not taken"


def refused(raw: bytes) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as raised:
        read_json_object(raw)
    return raised.value


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"{}", {}, id="empty object"),
        pytest.param(b' {"a": {"b": ["c", 1, true]}}\n', {"a": {"b": ["c", 1, True]}}, id="nested"),
        pytest.param('{"a": "код"}'.encode(), {"a": "код"}, id="not ASCII"),
        pytest.param(b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}, id="whole surrogate pair"),
        pytest.param(b'{"a": 1e999}', {"a": float("inf")}, id="number beyond a float"),
    ],
)
def test_an_object_is_read(raw, expected):
    assert read_json_object(raw) == expected


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        pytest.param(b'{"a": "\xff"}', "The body is not UTF-8.", id="not UTF-8"),
        pytest.param(b'{"a": "\xed\xa0\x80"}', "The body is not UTF-8.", id="encoded surrogate"),
        pytest.param(b"\xff\xfe{\x00}\x00", "The body is not UTF-8.", id="UTF-16"),
        pytest.param(b"{", "The body is not JSON.", id="cut off"),
        pytest.param(b"{} {}", "The body is not JSON.", id="two values"),
        pytest.param(b"\xef\xbb\xbf{}", "The body is not JSON.", id="byte order mark"),
        pytest.param(b'{"a": "\n"}', "The body is not JSON.", id="raw control character"),
        pytest.param(b'{"a": "\\u12"}', "The body is not JSON.", id="broken escape"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", "The body is not JSON.", id="5,000 digits"),
        pytest.param(b"[]", "The body is not a JSON object.", id="array"),
        pytest.param(b'"{}"', "The body is not a JSON object.", id="text that holds JSON"),
        pytest.param(b'"\\ud800"', "The body is not a JSON object.", id="lone surrogate"),
        pytest.param(b"null", "The body is not a JSON object.", id="null"),
        pytest.param(b"NaN", "The body is not a JSON object.", id="NaN"),
        pytest.param(b"1", "The body is not a JSON object.", id="number"),
        pytest.param(
            b'{"a":' * 17 + b"1" + b"}" * 17, "The body is nested too deep.", id="17 objects deep"
        ),
        pytest.param(
            b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
            "The body is nested too deep.",
            id="50,000 arrays deep",
        ),
        pytest.param(
            b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
            "The body is nested too deep.",
            id="50,000 objects deep",
        ),
    ],
)
def test_a_body_that_is_no_such_object_is_refused_as_a_whole(raw, detail):
    refusal = refused(raw)

    assert (refusal.detail, refusal.problems) == (detail, ())


@pytest.mark.parametrize(
    ("raw", "pointer", "detail"),
    [
        pytest.param(b'{"a": NaN}', "/a", "NaN and infinities are not JSON", id="NaN"),
        pytest.param(b'{"a": [-Infinity]}', "/a/0", "NaN and infinities are not JSON", id="inf"),
        pytest.param(b'{"a": 1, "a": 1}', "/a", "Given more than once", id="repeated name"),
        pytest.param(b'{"a": null}', "/a", "Null is not taken: leave the property out", id="null"),
        pytest.param(b'{"m": {"a": "\\ud800"}}', "/m/a", NOT_TAKEN, id="lone high surrogate"),
        pytest.param(b'{"a": "\\udc00\\ud800"}', "/a", NOT_TAKEN, id="surrogates swapped"),
        pytest.param(b'{"a": "\\u0000"}', "/a", NOT_TAKEN, id="NUL"),
        pytest.param(b'{"a": ["x", "\\t"]}', "/a/1", NOT_TAKEN, id="tab"),
        pytest.param(b'{"a": "\x7f"}', "/a", NOT_TAKEN, id="DEL"),
        pytest.param(b'{"a": "\xc2\x85"}', "/a", NOT_TAKEN, id="C1 control"),
        pytest.param(
            b'{"m": {"\\ud800": 1}}',
            "/m",
            "A name here holds a control character or a lone surrogate",
            id="name",
        ),
    ],
)
def test_a_value_no_body_may_hold_is_pointed_at(raw, pointer, detail):
    assert refused(raw).problems == (FieldProblem(pointer, detail),)


def test_a_body_full_of_mistakes_gets_only_the_first_few_named():
    raw = json.dumps({f"a{number}": None for number in range(100)}).encode()

    problems = refused(raw).problems

    assert [p.pointer for p in problems] == [f"/a{number}" for number in range(MAX_PROBLEMS)]


def test_a_refusal_carries_nothing_of_the_body():
    refusal = refused(b'{"code": "123456" oops')

    assert refusal.__suppress_context__
    assert "123456" not in str(refusal)
