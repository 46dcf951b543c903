import hashlib

import pytest
from support.verifications import IDS, PHONE, SEALER

from otp_service.domain.context import Context, bound_text, open_context_hash, seal_context_hash
from otp_service.domain.sealing import SealBroken

PAYMENT = {"payee": "UA903052992990004149123456789", "amount": "250.00 UAH"}


def test_canonical_form_is_sorted_and_without_space() -> None:
    context = Context.of(PAYMENT)

    assert context.canonical == '{"amount":"250.00 UAH","payee":"UA903052992990004149123456789"}'
    assert context == Context.of(dict(reversed(PAYMENT.items())))
    assert context.sha256 == hashlib.sha256(context.canonical.encode()).digest()


def test_canonical_form_escapes_what_json_must_and_nothing_else() -> None:
    context = Context.of({'"': "\\", "é": "/\u2028\U0001f3e6"})

    assert context.canonical == '{"\\"":"\\\\","é":"/\u2028\U0001f3e6"}'


def test_names_are_sorted_by_utf_16_code_units() -> None:
    # RFC 8785 section 3.2.3: a name outside the basic plane goes before U+FB33.
    assert Context.of({"\ufb33": "", "\U0001f600": ""}).canonical == '{"\U0001f600":"","\ufb33":""}'


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": "b"}, {"a": "B"}),
        ({"a": "b"}, {"a": "b "}),
        ({"a": "é"}, {"a": "e\u0301"}),
        ({"a": "\u0410"}, {"a": "A"}),
        ({"a": "1", "b": "2"}, {"a": "2", "b": "1"}),
        ({"a": '","b":"'}, {"a": "", "b": ""}),
        ({"a": "b"}, {"a": "b", "c": ""}),
    ],
    ids=str,
)
def test_texts_that_differ_in_one_code_point_are_different(
    one: dict[str, str], other: dict[str, str]
) -> None:
    assert Context.of(one) != Context.of(other)


def test_1024_bytes_is_the_most() -> None:
    room = 1024 - len('{"a":""}')
    assert Context.of({"a": "x" * room})

    with pytest.raises(ValueError, match="over 1024 bytes"):
        Context.of({"a": "x" * (room - 1) + "é"})


def test_purpose_without_a_context_is_bound_as_it_ever_was() -> None:
    assert bound_text("login", None) == "login"
    assert bound_text("login", Context.of({"a": "b"})) != "login"


def test_hash_is_sealed_for_its_verification_in_60_bytes() -> None:
    vid, context = IDS.new(PHONE), Context.of(PAYMENT)

    sealed = seal_context_hash(SEALER, context, vid)

    assert sealed is not None
    assert len(sealed) == 60
    assert context.sha256 not in sealed
    assert open_context_hash(SEALER, sealed, vid) == context.sha256
    with pytest.raises(SealBroken):
        open_context_hash(SEALER, sealed, IDS.new(PHONE))


def test_sealed_number_does_not_open_as_a_context() -> None:
    vid = IDS.new(PHONE)

    with pytest.raises(SealBroken):
        open_context_hash(SEALER, SEALER.seal(PHONE, bound_to=vid.text), vid)


def test_no_context_is_nothing() -> None:
    vid = IDS.new(PHONE)

    assert seal_context_hash(SEALER, None, vid) is None
    assert open_context_hash(SEALER, None, vid) is None


def test_repr_shows_nothing_of_it() -> None:
    assert "250.00" not in repr(Context.of(PAYMENT))
