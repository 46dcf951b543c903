"""The fields of the nine OTP templates, in either spelling the provider's page has had.

Source:
    NXCloud, "Send Message" (Viber): functionType text with rateType OtpTemplate.
"""

from enum import StrEnum
from typing import Any

from otp_service.domain.templates import TEMPLATES, Parameter, Template, validity_value
from otp_service.domain.viber_message import OtpTemplate
from otp_service.nxcloud.json_text import json_text

_PIN = "pin"


class Dialect(StrEnum):
    """How the fields of a template message are spelled.

    ``DOCUMENTED`` is the page this service was written from: ``temolateId`` of one digit, the
    parameters as a string of JSON. ``CURRENT`` is a later edition: ``templateId`` with Viber's own
    id, the parameters as an object.
    """

    DOCUMENTED = "documented"
    CURRENT = "current"


def template_fields(message: OtpTemplate, dialect: Dialect) -> dict[str, Any]:
    """Give what ``messageData`` holds beside the rate type.

    Args:
        message: without problems.
    """
    template = TEMPLATES[message.template_id]
    parameters = {p.name: _value(p, template, message) for p in template.parameters}
    if dialect is Dialect.DOCUMENTED:
        return {
            "temolateId": str(template.id),
            "temolateParams": json_text(parameters),
            "temolateLang": message.language,
        }
    return {
        "templateId": template.viber_id,
        "templateParams": parameters,
        "templateLang": message.language,
    }


def _value(parameter: Parameter, template: Template, message: OtpTemplate) -> str | int | None:
    if parameter.field is not None:
        return message.texts[parameter.field]
    if parameter.name == _PIN:
        return message.pin.digits
    return validity_value(template, message.life)
