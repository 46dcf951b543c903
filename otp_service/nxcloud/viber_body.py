"""The body of a Viber send.

Source:
    NXCloud, "Send Message" (Viber): "Body parameters" and "Message Function Types".
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from otp_service.domain.file_type import read_file_type
from otp_service.domain.viber_message import OtpTemplate, ViberMessage
from otp_service.nxcloud.json_text import json_text
from otp_service.nxcloud.otp_template import Dialect, template_fields

_NAMES: Mapping[str, str] = {
    "text": "text",
    "image": "image",
    "button_text": "buttonText",
    "button_link": "buttonLink",
    "file_name": "fileName",
    "file_link": "fileLink",
    "file_type": "fileType",
    "thumbnail": "thumbnail",
    "video_link": "videoLink",
    "video_size_bytes": "videoSize",
    "duration_seconds": "duration",
}
_AS_SENT: Mapping[str, Callable[[Any], Any]] = {"file_type": read_file_type}


def message_content(message: ViberMessage, *, phone: str, dialect: Dialect) -> dict[str, Any]:
    """Give the body as the provider's page has it, all but the account's appkey.

    Args:
        message: without problems.
        phone: E.164, with or without its plus sign.
    """
    return {
        "phone": phone.removeprefix("+"),
        "functionType": message.function_type,
        "messageData": _data(message, dialect),
    }


def message_body(message: ViberMessage, *, phone: str, appkey: str, dialect: Dialect) -> bytes:
    """Give the exact bytes to sign and to send, all ASCII; arguments as for ``message_content``."""
    content = message_content(message, phone=phone, dialect=dialect)
    return json_text({"appkey": appkey, **content}).encode("ascii")


def _data(message: ViberMessage, dialect: Dialect) -> dict[str, Any]:
    if isinstance(message, OtpTemplate):
        own = template_fields(message, dialect)
    else:
        own = {
            _NAMES[field.name]: _AS_SENT.get(field.name, _as_it_is)(getattr(message, field.name))
            for field in fields(message)
            if field.name in _NAMES
        }
    return {"rateType": message.rate_type, **own}


def _as_it_is(value: Any) -> Any:
    return value
