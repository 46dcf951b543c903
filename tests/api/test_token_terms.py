import pytest

from otp_service.api.schemas import VerifyBody
from otp_service.api.token_terms import context_on
from otp_service.domain.context import Context
from otp_service.errors import Forbidden

PAIRS = {"amount": "120.00", "payee": "Example Shop"}
CONTEXT = Context.of(PAIRS)


def a_body(context):
    return VerifyBody(verification_id="A1b2", code="123456", context=context)


def test_key_s_context_is_what_its_body_says():
    assert context_on(None, a_body(PAIRS)) == CONTEXT
    assert context_on(None, a_body(None)) is None


@pytest.mark.parametrize("given", [None, PAIRS, dict(reversed(PAIRS.items()))])
def test_token_s_context_stands_named_or_not(make_token, given):
    assert context_on(make_token(context=PAIRS), a_body(given)) == CONTEXT


@pytest.mark.parametrize("given", [PAIRS | {"amount": "9999.00"}, {"amount": "120.00"}])
def test_another_context_than_the_token_s_is_forbidden(make_token, given):
    with pytest.raises(Forbidden):
        context_on(make_token(context=PAIRS), a_body(given))


def test_context_is_forbidden_where_the_token_carries_none(make_token):
    with pytest.raises(Forbidden):
        context_on(make_token(), a_body(PAIRS))
    assert context_on(make_token(), a_body(None)) is None
