import json
from datetime import timedelta

import pytest

from otp_service import data
from otp_service.domain.pin import Pin
from otp_service.domain.templates import TEMPLATES
from otp_service.domain.viber_message import OtpTemplate
from otp_service.nxcloud.otp_template import Dialect, template_fields

TEXTS = {
    "business_name": "Banka",
    "pin_type": "login",
    "action": "a payment",
    "reason": "you asked for it",
}
PARAMETERS: dict[int, dict[str, str | int]] = {
    1: {"pin": "048213"},
    2: {"pin": "048213"},
    3: {"pin": "048213", "businessPlatformName": "Banka"},
    4: {"pin": "048213", "codeValidityTime": 5},
    5: {"pin": "048213", "pinType": "login", "codeValidityTime": 5},
    6: {"pin": "048213", "businessPlatformName": "Banka", "codeValidityTime": 1},
    7: {"pin": "048213", "pinType": "login"},
    8: {"pin": "048213", "businessPlatformActionName": "a payment"},
    9: {
        "pin": "048213",
        "businessPlatformName": "Banka",
        "codeReason": "you asked for it",
    },
}
VIBER_IDS = {row["id"]: row["viber_id"] for row in data.load("templates.json")["templates"]}


def template(template_id: int, *, life: timedelta | None = None, **texts: str) -> OtpTemplate:
    default_life = timedelta(hours=1) if template_id == 6 else timedelta(seconds=300)
    return OtpTemplate(
        template_id=template_id,
        pin=Pin("048213"),
        language="br",
        life=life or default_life,
        texts={name: (TEXTS | texts)[name] for name in TEMPLATES[template_id].fields},
    )


@pytest.mark.parametrize("template_id", PARAMETERS)
def test_documented_dialect_writes_the_parameters_as_a_string_of_json(template_id: int) -> None:
    fields = template_fields(template(template_id), Dialect.DOCUMENTED)

    parameters = fields.pop("temolateParams")
    assert isinstance(parameters, str)
    assert json.loads(parameters) == PARAMETERS[template_id]
    assert fields == {"temolateId": str(template_id), "temolateLang": "br"}


@pytest.mark.parametrize("template_id", PARAMETERS)
def test_current_dialect_writes_an_object_and_vibers_own_id(template_id: int) -> None:
    fields = template_fields(template(template_id), Dialect.CURRENT)

    assert fields == {
        "templateId": VIBER_IDS[template_id],
        "templateParams": PARAMETERS[template_id],
        "templateLang": "br",
    }


def test_parameters_in_a_string_are_ascii_whatever_the_script() -> None:
    fields = template_fields(template(3, business_name='Банка "牛" 😀'), Dialect.DOCUMENTED)

    assert fields["temolateParams"].isascii()
    assert json.loads(fields["temolateParams"])["businessPlatformName"] == 'Банка "牛" 😀'


@pytest.mark.parametrize(
    ("template_id", "life", "number"),
    [(4, timedelta(minutes=10), 10), (5, timedelta(minutes=1), 1), (6, timedelta(hours=2), 2)],
    ids=["minutes", "one-minute", "hours"],
)
def test_validity_is_an_integer_in_the_templates_own_unit(
    template_id: int, life: timedelta, number: int
) -> None:
    fields = template_fields(template(template_id, life=life), Dialect.CURRENT)

    assert fields["templateParams"]["codeValidityTime"] == number
