"""What a client token makes of a request: its own terms stand, and no others may be named.

Given as the token has them they are fine, for callers need not know what their token carries.
"""

from dataclasses import replace

from otp_service.api.schemas import MessageBody, StartBody, VerifyBody
from otp_service.domain.client_address import AddressScheme
from otp_service.domain.client_token import ClientToken
from otp_service.domain.context import Context
from otp_service.domain.message_text import MessageRequest
from otp_service.errors import Forbidden
from otp_service.service.start import StartCommand


def start_on(token: ClientToken | None, body: StartBody, addresses: AddressScheme) -> StartCommand:
    """Give what a start is to do; for an API key, what its body says.

    Raises:
        Forbidden: the body names another purpose, text or address than the token's.
    """
    command = body.to_command()
    if token is None:
        return command
    if body.message is not None and _request(body.message) != token.message:
        raise Forbidden("This client token carries no such message; leave it out.")
    if body.client_ip is not None and addresses.tag(body.client_ip) != token.address_tag:
        raise Forbidden("This client token carries no such client_ip; leave it out.")
    return replace(
        command,
        purpose=purpose_on(token, body),
        message=token.message,
        only_number_tag=token.number_tag,
        context=context_on(token, body),
    )


def purpose_on(token: ClientToken | None, body: StartBody | VerifyBody) -> str:
    """Give the purpose of a start or a guess; with a token one that is not named is the token's.

    Raises:
        Forbidden: the body names another than the token's.
    """
    if token is None:
        return body.purpose
    if "purpose" in body.model_fields_set and body.purpose != token.purpose:
        raise Forbidden("This client token is for another purpose.")
    return token.purpose


def context_on(token: ClientToken | None, body: StartBody | VerifyBody) -> Context | None:
    """Give what the code is bound to; with a token that is the token's, named or not.

    Raises:
        Forbidden: the body names another than the token's.
    """
    given = body.bound_context()
    if token is None:
        return given
    own = Context.of(token.context) if token.context else None
    if given is not None and given != own:
        raise Forbidden("This client token carries no such context; leave it out.")
    return own


def _request(message: MessageBody) -> MessageRequest:
    return MessageRequest(**message.model_dump())
