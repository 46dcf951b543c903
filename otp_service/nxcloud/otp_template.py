"""Bodies of the nine OTP templates, in either spelling the provider's page has had.

Source:
    NXCloud, "Send Message" (Viber): functionType text with rateType OtpTemplate.
"""

import json
from enum import StrEnum
from typing import Any

from otp_service.domain.templates import TEMPLATES, Parameter, Template, validity_value
from otp_service.ports import OutgoingMessage

_PIN = "pin"


class Dialect(StrEnum):
    """How the fields of a template message are spelled.

    ``DOCUMENTED`` is the page this service was written from: ``temolateId`` of one digit, the
    parameters as a string of JSON. ``CURRENT`` is a later edition: ``templateId`` with Viber's own
    id, the parameters as an object.
    """

    DOCUMENTED = "documented"
    CURRENT = "current"


class UnsendableMessage(ValueError):
    """The plan does not fill its template; the text names fields, never what they hold."""


def template_body(message: OutgoingMessage, *, appkey: str, dialect: Dialect) -> bytes:
    """Give the exact bytes to sign and to send, all ASCII.

    Non-ASCII letters are written as JSON escapes, so that nothing on the way that guesses at a
    charset can change what was signed.

    Raises:
        UnsendableMessage: no such template, a text is missing, or what the template says about the
            code's life is not so.
    """
    template = _template(message)
    parameters = {p.name: _value(p, template, message) for p in template.parameters}
    if dialect is Dialect.DOCUMENTED:
        fields: dict[str, Any] = {
            "temolateId": str(template.id),
            "temolateParams": _json(parameters),
            "temolateLang": message.plan.language,
        }
    else:
        fields = {
            "templateId": template.viber_id,
            "templateParams": parameters,
            "templateLang": message.plan.language,
        }
    body = {
        "appkey": appkey,
        "phone": message.phone.removeprefix("+"),
        "functionType": "text",
        "messageData": {"rateType": "OtpTemplate", **fields},
    }
    return _json(body).encode("ascii")


def _template(message: OutgoingMessage) -> Template:
    template_id = message.plan.template_id
    template = None if template_id is None else TEMPLATES.get(template_id)
    if template is None:
        raise UnsendableMessage(f"there is no template {template_id}")
    if missing := [name for name in template.fields if name not in message.plan.texts]:
        raise UnsendableMessage(f"template {template.id} needs {' and '.join(missing)}")
    if not template.is_true_of(message.life):
        raise UnsendableMessage(f"template {template.id} would not be true of the code's life")
    return template


def _value(parameter: Parameter, template: Template, message: OutgoingMessage) -> str | int | None:
    if parameter.field is not None:
        return message.plan.texts[parameter.field]
    if parameter.name == _PIN:
        return message.pin.digits
    return validity_value(template, message.life)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
