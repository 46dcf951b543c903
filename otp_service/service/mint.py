"""Mint a client token, for an app or a page that cannot keep a key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from otp_service.domain.call import Call
from otp_service.domain.caller import Caller
from otp_service.domain.client_token import ClientToken, ClientTokenScheme, new_token_id
from otp_service.domain.events import TokenMinted
from otp_service.domain.identity import IdScheme
from otp_service.domain.message_text import MessageRequest, check_message
from otp_service.domain.phone import read_phone
from otp_service.errors import OtpError
from otp_service.ports import Clock, Journal
from otp_service.service.start import DEFAULT_PURPOSE


@dataclass(frozen=True, slots=True)
class MintCommand:
    """What the token is to allow.

    Args:
        phone: the only number it may start; None for any.
        message: what the message will say; empty where it may say nothing of its own.
        context: what the code will be bound to; empty for nothing.
    """

    purpose: str = DEFAULT_PURPOSE
    phone: str | None = field(default=None, repr=False)
    message: MessageRequest = field(default_factory=MessageRequest, repr=False)
    context: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Minted:
    """A fresh token.

    Args:
        token: as it travels.
        life: how long it is good for starts.
    """

    token: str = field(repr=False)
    life: timedelta


class MintToken:
    """The use case."""

    def __init__(
        self, *, ids: IdScheme, tokens: ClientTokenScheme, clock: Clock, journal: Journal
    ) -> None:
        self._ids = ids
        self._tokens = tokens
        self._clock = clock
        self._journal = journal

    def __call__(self, caller: Caller, call: Call, command: MintCommand) -> Minted:
        """Give a token that lets its holder start what the command says, and see that through.

        Args:
            caller: by whose key; the token is good for starts as long as that key is.
            call: the same caller's, with the end user's address where it is known.

        Raises:
            InvalidRequest, PhoneInvalid, DestinationNotAllowed: the command, as at a start.
        """
        application = call.application
        try:
            token = self._token(caller, call, command)
        except OtpError as refusal:
            self._journal.record(TokenMinted(application=application.id, outcome=refusal.code))
            raise
        self._journal.record(
            TokenMinted(
                application=application.id, outcome="minted", key=caller.key_id, token=token.id
            )
        )
        return Minted(token=self._tokens.write(token), life=application.token_life)

    def _token(self, caller: Caller, call: Call, command: MintCommand) -> ClientToken:
        application = call.application
        check_message(command.message)
        number_tag = None
        if command.phone is not None:
            phone = read_phone(command.phone, country=application.default_country)
            number_tag = self._ids.number_tag(phone.e164)
        return ClientToken(
            id=new_token_id(),
            application_id=application.id,
            key_id=caller.key_id,
            key_fingerprint=caller.fingerprint,
            expires_at=self._clock.now() + application.token_life,
            purpose=command.purpose,
            number_tag=number_tag,
            address_tag=call.address_tag,
            message=command.message,
            context=command.context,
        )
