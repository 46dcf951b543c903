"""Request bodies: which properties there are, and of what types.

Texts are checked no further than their types here; what a text may say, the rules know.
"""

from ipaddress import ip_address
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from otp_service.api.examples import (
    EVERYTHING_SAID,
    ONLY_A_NUMBER,
    PROOF,
    TYPED,
    VERIFICATION_ID,
)
from otp_service.api.json_body import MAX_PROBLEMS
from otp_service.api.model_notes import leave_null_out, shown
from otp_service.api.pointers import step
from otp_service.api.text_patterns import (
    CODE_PATTERN,
    MESSAGE_TEXT_PATTERN,
    PHONE_PATTERN,
    PRINTABLE_PATTERN,
    country_pattern,
)
from otp_service.domain.context import (
    MAX_CANONICAL_BYTES,
    MAX_KEY_CHARACTERS,
    MAX_PAIRS,
    Context,
)
from otp_service.domain.message_text import MAX_TEXT_CHARACTERS, MessageRequest
from otp_service.domain.phone import MAX_CHARACTERS
from otp_service.domain.verification import Channel
from otp_service.errors import FieldProblem, InvalidRequest
from otp_service.service.start import DEFAULT_PURPOSE, StartCommand

MAX_LOCALES = 10
MAX_LOCALE_CHARACTERS = 64


class RequestBody(BaseModel):
    """The root of all bodies: exact types, no unknown properties."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        json_schema_extra=leave_null_out,
    )


def _to_locales(given: object) -> object:
    if isinstance(given, str):
        return [given]
    if isinstance(given, list):
        return given
    raise PydanticCustomError("locale_type", "Input should be a string or a list of strings")


def _to_integer(given: object) -> object:
    # To JSON Schema a number without a fraction is an integer, however it is written.
    return int(given) if isinstance(given, float) and given.is_integer() else given


def _to_address(text: str) -> str:
    try:
        # A zone, as in fe80::1%eth0, means something on one machine only.
        return str(ip_address(text)) if "%" not in text else _no_address()
    except ValueError:
        return _no_address()


def _no_address() -> str:
    raise PydanticCustomError("ip_address", "Input should be an IPv4 or IPv6 address")


def _to_context_pairs(pairs: dict[str, str]) -> dict[str, str]:
    try:
        Context.of(pairs)
    except ValueError:
        raise PydanticCustomError(
            "context_bytes", f"Input should have at most {MAX_CANONICAL_BYTES} bytes in all"
        ) from None
    return pairs


def _context_of(pairs: dict[str, str] | None) -> Context | None:
    return None if pairs is None else Context.of(pairs)


Text = Annotated[
    str,
    Field(
        json_schema_extra={
            "minLength": 1,
            "maxLength": MAX_TEXT_CHARACTERS,
            "pattern": MESSAGE_TEXT_PATTERN,
        }
    ),
]
Tag = Annotated[
    str,
    Field(max_length=MAX_LOCALE_CHARACTERS, json_schema_extra={"pattern": PRINTABLE_PATTERN}),
]
Tags = Annotated[list[Tag], Field(max_length=MAX_LOCALES)]
Locales = Annotated[Tags, BeforeValidator(_to_locales, json_schema_input_type=Tag | Tags)]
IDENTIFIER_PATTERN = r"^[A-Za-z0-9_-]{1,128}$"
Purpose = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")]
Identifier = Annotated[str, Field(pattern=IDENTIFIER_PATTERN)]
Country = Annotated[
    str,
    Field(pattern=r"^[A-Za-z]{2}$"),
    WithJsonSchema({"type": "string", "pattern": country_pattern()}),
]
Address = Annotated[
    str,
    AfterValidator(_to_address),
    WithJsonSchema({"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}),
]

ContextKey = Annotated[str, Field(min_length=1, max_length=MAX_KEY_CHARACTERS)]
ContextPairs = Annotated[
    dict[ContextKey, str],
    Field(min_length=1, max_length=MAX_PAIRS),
    AfterValidator(_to_context_pairs),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {"type": "string", "pattern": PRINTABLE_PATTERN},
            "minProperties": 1,
            "maxProperties": MAX_PAIRS,
        }
    ),
]
CONTEXT_NAMES = {
    "minLength": 1,
    "maxLength": MAX_KEY_CHARACTERS,
    "pattern": PRINTABLE_PATTERN,
}
"""What the OpenAPI document says of the names in a context."""


_PURPOSE = "What the code is for; a code is good for its own purpose only."
_VERIFICATION_ID = "As the start gave it."


class MessageBody(RequestBody):
    """What the message may say; the template that fits best and is true is chosen."""

    business_name: Text | None = Field(default=None, description="Who asks for the code.")
    action: Text | None = Field(
        default=None, description="What the code is asked for, such as a purchase."
    )
    reason: Text | None = Field(default=None, description="Why the code is sent.")
    pin_type: Text | None = Field(
        default=None, description="What the code is called, such as `password`."
    )
    template_id: Annotated[int, Field(ge=1, le=9), BeforeValidator(_to_integer)] | None = Field(
        default=None, description="Force one template; it must be true and wholly filled."
    )


class StartBody(RequestBody):
    """Which number to verify, and how to put it to its owner."""

    model_config = shown(plain=ONLY_A_NUMBER, full=EVERYTHING_SAID)

    phone: str = Field(
        repr=False,
        description="E.164, or as a person writes it together with `country`.",
        json_schema_extra={"pattern": PHONE_PATTERN, "maxLength": MAX_CHARACTERS},
    )
    country: Country | None = Field(
        default=None, description="ISO 3166-1 alpha-2, to read a national number."
    )
    purpose: Purpose = Field(default=DEFAULT_PURPOSE, description=_PURPOSE)
    locale: Locales | None = Field(
        default=None,
        description="A BCP 47 tag, or several, the most wanted first; the closest language is "
        "chosen. A tag that cannot be read is skipped.",
    )
    message: MessageBody | None = Field(default=None, description="Texts for the message.")
    client_ip: Address | None = Field(
        default=None,
        repr=False,
        description="The end user's address, when the caller is a back end. Needs a key with the "
        "scope `client_ip` too.",
    )
    context: ContextPairs | None = Field(
        default=None,
        repr=False,
        description="What else the code is bound to, such as amount and payee: up to 16 pairs of "
        "texts, names of 1 to 64 characters, 1,024 bytes in all. A proof carries its SHA-256.",
    )

    def to_command(self) -> StartCommand:
        """Give what the use case takes."""
        message = self.message or MessageBody()
        return StartCommand(
            phone=self.phone,
            country=self.country,
            purpose=self.purpose,
            locales=tuple(self.locale or ()),
            message=MessageRequest(**message.model_dump()),
            context=self.bound_context(),
        )

    def bound_context(self) -> Context | None:
        """Give what else the code is bound to."""
        return _context_of(self.context)


class VerifyBody(RequestBody):
    """What the user typed, and for which verification."""

    model_config = shown(typed=TYPED)

    verification_id: Identifier = Field(description=_VERIFICATION_ID)
    code: str = Field(
        repr=False,
        description="4 to 10 digits of any script; spaces and hyphens are dropped. "
        "What cannot be a code counts nothing.",
        json_schema_extra={"pattern": CODE_PATTERN},
    )
    purpose: Purpose = Field(
        default=DEFAULT_PURPOSE, description="The start's; another makes any code a wrong one."
    )
    context: ContextPairs | None = Field(
        default=None,
        repr=False,
        description="The start's; another, or one where the start had none, makes any code a "
        "wrong one.",
    )

    def bound_context(self) -> Context | None:
        """Give what the use case takes."""
        return _context_of(self.context)


class ResendBody(RequestBody):
    """Which verification gets one more message."""

    model_config = shown(again={"verification_id": VERIFICATION_ID})

    verification_id: Identifier = Field(description=_VERIFICATION_ID)
    channel: Annotated[Channel, Strict(strict=False)] | None = Field(
        default=None, description="How it travels; by default as the application is set up."
    )


class CancelBody(RequestBody):
    """Which verification is called off."""

    model_config = shown(off={"verification_id": VERIFICATION_ID})

    verification_id: Identifier = Field(description=_VERIFICATION_ID)


class ProofBody(RequestBody):
    """A proof that somebody showed."""

    model_config = shown(once=PROOF)

    proof: Annotated[str, Field(min_length=1, max_length=1024)] = Field(
        repr=False,
        description="As the approval gave it.",
        json_schema_extra={"pattern": PRINTABLE_PATTERN},
    )
    consume: bool = Field(default=False, description="Let it be active this once, and never again.")


class VerificationPath(BaseModel):
    """Which verification is asked for."""

    verification_id: str = Field(description=_VERIFICATION_ID)


def refusal_of(error: ValidationError, body: object) -> InvalidRequest:
    """Give the refusal that names every field that a schema did not take."""
    problems = [
        FieldProblem(_pointer(found["loc"], body), found["msg"])
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return InvalidRequest(*problems[:MAX_PROBLEMS])


def _pointer(location: tuple[int | str, ...], body: object) -> str:
    """Give the pointer of a validator's location, which also names types it tried on the way."""
    pointer = ""
    for name in location:
        if isinstance(body, dict) and isinstance(name, str):
            body = body.get(name)
        elif isinstance(body, list) and isinstance(name, int):
            body = body[name]
        else:
            continue
        pointer = step(pointer, name)
    return pointer
