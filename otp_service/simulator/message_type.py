"""The function types of a send, with the billing types and fields each must have.

Source:
    NXCloud, 'Send Message' (Viber), 'Message Function Types' and 'File Type List'.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from otp_service.simulator.answer import REQUEST_PARAMETER_ERROR, Refused
from otp_service.simulator.field import is_link, is_number, is_text

OTP_TEMPLATE = "OtpTemplate"
# The page says 200MB and does not say which: the greater reading.
MAX_VIDEO_BYTES = 200 * 1024 * 1024
MAX_VIDEO_SECONDS = 600
# As the page prints them, 'pdax' and 'info' too, without their dots.
_DOCUMENTS = {"doc", "docx", "rtf", "dot", "dotx", "odt", "odf", "fodt", "txt", "info"}
_PDF = {"pdf", "xps", "pdax", "eps"}
_SPREADSHEETS = {"xls", "xlsx", "ods", "fods", "csv", "xlsm", "xltx"}
FILE_TYPES = frozenset(_DOCUMENTS | _PDF | _SPREADSHEETS)


@dataclass(frozen=True)
class FunctionType:
    """One row of the provider's list of message types.

    Args:
        rate_types: The billing types it takes.
        required: Its fields beside ``rateType``; an OtpTemplate has its own instead.
    """

    rate_types: frozenset[str]
    required: tuple[str, ...]


_PROMOTIONAL = frozenset({"Promotional"})
_VIDEO = ("thumbnail", "videoLink", "videoSize", "duration")

FUNCTION_TYPES: Mapping[str, FunctionType] = {
    "text": FunctionType(frozenset({"Transactional", "Session", OTP_TEMPLATE}), ("text",)),
    "image": FunctionType(frozenset({"Promotional", "Session"}), ("image",)),
    "text_image": FunctionType(_PROMOTIONAL, ("text", "image")),
    "text_image_button": FunctionType(_PROMOTIONAL, ("text", "image", "buttonText", "buttonLink")),
    "text_button": FunctionType(_PROMOTIONAL, ("text", "buttonText", "buttonLink")),
    "file": FunctionType(
        frozenset({"Transactional", "Session"}), ("fileName", "fileLink", "fileType")
    ),
    "video": FunctionType(_PROMOTIONAL, _VIDEO),
    "video_text": FunctionType(_PROMOTIONAL, (*_VIDEO, "text")),
    # The provider's table gives this one a button without a link.
    "video_text_button": FunctionType(_PROMOTIONAL, (*_VIDEO, "text", "buttonText")),
}


def check(function_type: object, data: object) -> dict[str, Any]:
    """Give ``messageData`` once it is of a known type and its billing type fits.

    Raises:
        Refused: With 9000.
    """
    if not isinstance(function_type, str) or function_type not in FUNCTION_TYPES:
        raise Refused(REQUEST_PARAMETER_ERROR, "functionType is none of the nine types")
    if not isinstance(data, dict):
        raise Refused(REQUEST_PARAMETER_ERROR, "messageData is no JSON object")
    expected = FUNCTION_TYPES[function_type]
    rate_type = data.get("rateType")
    if not isinstance(rate_type, str) or rate_type not in expected.rate_types:
        raise Refused(REQUEST_PARAMETER_ERROR, "rateType is none this functionType takes")
    if rate_type != OTP_TEMPLATE:
        for name in expected.required:
            _check_field(name, data.get(name))
    return data


def _is_file_type(value: object) -> bool:
    return isinstance(value, str) and value.lower().removeprefix(".") in FILE_TYPES


# A field of no name here is text.
_RULES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "image": (is_link, "no http or https link"),
    "thumbnail": (is_link, "no http or https link"),
    "videoLink": (is_link, "no http or https link"),
    "fileLink": (is_link, "no http or https link"),
    "buttonLink": (is_link, "no http or https link"),
    "videoSize": (
        lambda value: is_number(value, at_most=MAX_VIDEO_BYTES),
        "no number of bytes up to 200 MB",
    ),
    "duration": (
        lambda value: is_number(value, at_most=MAX_VIDEO_SECONDS),
        "no number of seconds up to 600",
    ),
    "fileType": (_is_file_type, "none of the provider's file types"),
}


def _check_field(name: str, value: object) -> None:
    is_right, wrong = _RULES.get(name, (is_text, "no text"))
    if value is None:
        raise Refused(REQUEST_PARAMETER_ERROR, f"messageData.{name} is missing")
    if not is_right(value):
        raise Refused(REQUEST_PARAMETER_ERROR, f"messageData.{name} is {wrong}")
