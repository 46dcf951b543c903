from dataclasses import dataclass
from datetime import timedelta

import pytest
from support.fakes import NOW
from support.verifications import IDS, KEYS, PHONE, SHOP, SilentJournal

from otp_service.domain.api_key import EVERY_SCOPE
from otp_service.domain.call import Call
from otp_service.domain.caller import Caller
from otp_service.domain.client_token import ClientTokenScheme
from otp_service.domain.events import TokenMinted
from otp_service.domain.keys import Use
from otp_service.domain.message_text import MessageRequest
from otp_service.errors import DestinationNotAllowed, InvalidRequest, OtpError, PhoneInvalid
from otp_service.service.mint import MintCommand, Minted, MintToken

TOKENS = ClientTokenScheme(
    signing_keys=KEYS.accepted(Use.TOKEN), sealing_keys=KEYS.accepted(Use.TOKEN_SEAL)
)
CALLER = Caller(SHOP, "web", "0123456789abcdef", EVERY_SCOPE)


@dataclass
class StoppedAt:
    def now(self):
        return NOW


class Desk:
    def __init__(self) -> None:
        self.journal = SilentJournal()
        self._mint = MintToken(ids=IDS, tokens=TOKENS, clock=StoppedAt(), journal=self.journal)

    def mint(self, call: Call | None = None, **command: object) -> Minted:
        return self._mint(CALLER, call or Call(SHOP, "web"), MintCommand(**command))


def test_token_carries_what_it_allows() -> None:
    message = MessageRequest(reason="a payment")
    call = Call(SHOP, "web", "address-tag-")

    minted = Desk().mint(
        call, purpose="payment", phone=PHONE, message=message, context={"amount": "1"}
    )

    token = TOKENS.read(minted.token)
    assert token is not None
    assert (token.application_id, token.key_id) == ("shop", "web")
    assert token.key_fingerprint == "0123456789abcdef"
    assert (token.purpose, token.address_tag) == ("payment", "address-tag-")
    assert (token.message, token.context) == (message, {"amount": "1"})
    assert token.number_tag == IDS.number_tag(PHONE)


def test_token_lives_as_long_as_its_application_says() -> None:
    minted = Desk().mint()

    token = TOKENS.read(minted.token)
    assert token is not None
    assert minted.life == timedelta(minutes=10)
    assert token.expires_at == NOW + timedelta(minutes=10)


def test_number_is_the_same_however_it_is_written() -> None:
    written = [
        TOKENS.read(Desk().mint(phone=text).token) for text in (PHONE, "+380 (67) 123-45-67")
    ]

    assert {token.number_tag for token in written if token} == {IDS.number_tag(PHONE)}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ({"phone": "+380"}, PhoneInvalid),
        ({"phone": "+442083661177"}, DestinationNotAllowed),
        ({"phone": "067 123 45 67"}, PhoneInvalid),
        ({"message": MessageRequest(reason="https://evil.example/x")}, InvalidRequest),
    ],
    ids=["no number", "fixed line", "national", "link in the message"],
)
def test_what_no_start_would_take_is_refused_as_there(
    command: dict[str, object], expected: type[OtpError]
) -> None:
    desk = Desk()

    with pytest.raises(expected):
        desk.mint(**command)

    assert desk.journal.events == [TokenMinted("shop", expected.code)]


def test_minting_is_noted_by_the_token_s_id_and_never_the_token() -> None:
    desk = Desk()

    minted = desk.mint(phone=PHONE)

    token = TOKENS.read(minted.token)
    assert token is not None
    assert desk.journal.events == [TokenMinted("shop", "minted", "web", token.id)]
    assert minted.token not in repr(minted)
    assert PHONE not in repr(MintCommand(phone=PHONE))
