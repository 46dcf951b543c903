import pytest

from otp_service.api.token_terms import context_on
from otp_service.errors import Forbidden

CONTEXT = {"amount": "120.00", "payee": "Example Shop"}


def test_key_s_context_is_what_its_body_says():
    assert context_on(None, CONTEXT) == CONTEXT
    assert context_on(None, None) is None


@pytest.mark.parametrize("given", [None, CONTEXT, dict(reversed(CONTEXT.items()))])
def test_token_s_context_stands_named_or_not(make_token, given):
    assert context_on(make_token(context=CONTEXT), given) == CONTEXT


@pytest.mark.parametrize("given", [{}, CONTEXT | {"amount": "9999.00"}, {"amount": "120.00"}])
def test_another_context_than_the_token_s_is_forbidden(make_token, given):
    with pytest.raises(Forbidden):
        context_on(make_token(context=CONTEXT), given)


def test_context_is_forbidden_where_the_token_carries_none(make_token):
    with pytest.raises(Forbidden):
        context_on(make_token(), CONTEXT)
    assert context_on(make_token(), None) is None
