"""Bodies of minting a client token, as asked for and as answered."""

from pydantic import BaseModel, Field

from otp_service.api.model_notes import shown
from otp_service.api.replies import Seconds
from otp_service.api.schemas import Address, ContextPairs, MessageBody, Purpose, RequestBody
from otp_service.api.text_patterns import PHONE_PATTERN
from otp_service.domain.message_text import MessageRequest
from otp_service.domain.phone import MAX_CHARACTERS
from otp_service.service.mint import MintCommand, Minted
from otp_service.service.start import DEFAULT_PURPOSE

_ONE_NUMBER = {"purpose": "login", "phone": "+380671234567", "client_ip": "203.0.113.7"}
_A_PAYMENT = {
    "purpose": "payment",
    "phone": "+380671234567",
    "message": {"business_name": "Example Bank", "reason": "a payment"},
    "context": {"amount": "120.00", "payee": "Example Shop"},
}
_MINTED = {"token": "otp_ct_mJ2kB0w-x.Zr8_s2Q", "expires_in": 600}


class ClientTokenBody(RequestBody):
    """What the token is to allow; everything it carries stands, and nothing else may be named."""

    model_config = shown(login=_ONE_NUMBER, payment=_A_PAYMENT)

    purpose: Purpose = Field(
        default=DEFAULT_PURPOSE, description="The only one the token is good for."
    )
    phone: str | None = Field(
        default=None,
        repr=False,
        description="E.164. The only number the token may start; without one it may start any.",
        json_schema_extra={"pattern": PHONE_PATTERN, "maxLength": MAX_CHARACTERS},
    )
    client_ip: Address | None = Field(
        default=None,
        repr=False,
        description="The end user's address, in place of that of the token's own connection. Needs "
        "a key with the scope `client_ip` too.",
    )
    message: MessageBody | None = Field(
        default=None, description="Texts for the message; the token's holder can give no others."
    )
    context: ContextPairs | None = Field(
        default=None,
        repr=False,
        description="What the code is bound to, as at start: up to 16 pairs, 1,024 bytes in all.",
    )

    def to_command(self) -> MintCommand:
        """Give what the use case takes."""
        message = self.message or MessageBody()
        return MintCommand(
            purpose=self.purpose,
            phone=self.phone,
            message=MessageRequest(**message.model_dump()),
            context=self.context or {},
        )


class ClientTokenReply(BaseModel):
    """A fresh token."""

    model_config = shown(description="For the app or the page.", minted=_MINTED)

    token: str = Field(
        pattern=r"^otp_ct_[A-Za-z0-9._-]+$",
        description="Opaque; goes where an API key would: `Authorization: Bearer`.",
    )
    expires_in: Seconds = Field(
        description="How long it starts. What it started it sees through, however long that takes."
    )

    @classmethod
    def of(cls, minted: Minted) -> "ClientTokenReply":
        """Tell of a token."""
        return cls(token=minted.token, expires_in=int(minted.life.total_seconds()))
