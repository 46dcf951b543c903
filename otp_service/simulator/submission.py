"""The body of a send, read into what the phone will show."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from otp_service.simulator import message_type, numbers, otp_template, phone
from otp_service.simulator.answer import (
    NO_SUCH_APPKEY,
    PARAMETER_ERROR,
    PHONE_NUMBER_ERROR,
    Refused,
)
from otp_service.simulator.otp_template import Dialect


@dataclass(frozen=True, kw_only=True, repr=False)
class Submission:
    """A send that is in order.

    Args:
        text: What the reader reads, of a template in English; None where there is no text.
        rate_type: The billing type that was asked for; None for an SMS.
        fields: The fields of its function type under the provider's names, ``text`` among them;
            empty for a template.
    """

    phone: str
    function_type: str
    text: str | None
    rate_type: str | None = None
    template_id: int | None = None
    language: str | None = None
    pin: str | None = None
    fields: Mapping[str, str | int | float] = field(default_factory=dict)


def parse(body: bytes) -> dict[str, Any]:
    """Give the JSON object the body holds.

    Raises:
        Refused: With 1002, when it holds none.
    """
    try:
        content = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(PARAMETER_ERROR, "the body is not JSON") from error
    if not isinstance(content, dict):
        raise Refused(PARAMETER_ERROR, "the body is no JSON object")
    return content


def read(content: Mapping[str, Any], *, appkey: str, dialect: Dialect) -> Submission:
    """Give the send this object asks for.

    Args:
        appkey: The application the account owns.

    Raises:
        Refused: With 9003, 9002 or 9000, in this order.
    """
    if content.get("appkey") != appkey:
        raise Refused(NO_SUCH_APPKEY, "no application has this appkey")
    number = phone.from_wire(content.get("phone"))
    if number is None:
        raise Refused(PHONE_NUMBER_ERROR, "phone is not 7 to 15 digits with the country code")
    if numbers.fate_of(number).is_refused:
        raise Refused(PHONE_NUMBER_ERROR, "phone is a number that Viber refuses")
    data = message_type.check(content.get("functionType"), content.get("messageData"))
    function_type: str = content["functionType"]
    if data["rateType"] == message_type.OTP_TEMPLATE:
        filled = otp_template.fill(data, dialect)
        return Submission(
            phone=number,
            function_type=function_type,
            text=filled.text,
            rate_type=data["rateType"],
            template_id=filled.template_id,
            language=filled.language,
            pin=filled.pin,
        )
    required = message_type.FUNCTION_TYPES[function_type].required
    return Submission(
        phone=number,
        function_type=function_type,
        text=data["text"] if "text" in required else None,
        rate_type=data["rateType"],
        fields={name: data[name] for name in required},
    )


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)
