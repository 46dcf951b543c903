import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from otp_service import data
from otp_service.nxcloud.otp_template import Dialect, UnsendableMessage, template_body
from otp_service.ports import OutgoingMessage

MakeMessage = Callable[..., OutgoingMessage]

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


def life_for(template_id: int) -> timedelta:
    return timedelta(hours=1) if template_id == 6 else timedelta(seconds=300)


def body_of(message: OutgoingMessage, dialect: Dialect) -> Any:
    return json.loads(template_body(message, appkey="pem28kje", dialect=dialect))


@pytest.mark.parametrize("template_id", PARAMETERS)
def test_documented_dialect_writes_the_parameters_as_a_string_of_json(
    template_id: int, make_message: MakeMessage
) -> None:
    message = make_message(template_id, texts=TEXTS, life=life_for(template_id), language="br")

    body = body_of(message, Dialect.DOCUMENTED)

    parameters = body["messageData"].pop("temolateParams")
    assert isinstance(parameters, str)
    assert json.loads(parameters) == PARAMETERS[template_id]
    assert body == {
        "appkey": "pem28kje",
        "phone": "380671234567",
        "functionType": "text",
        "messageData": {
            "rateType": "OtpTemplate",
            "temolateId": str(template_id),
            "temolateLang": "br",
        },
    }


@pytest.mark.parametrize("template_id", PARAMETERS)
def test_current_dialect_writes_an_object_and_vibers_own_id(
    template_id: int, make_message: MakeMessage
) -> None:
    message = make_message(template_id, texts=TEXTS, life=life_for(template_id), language="br")

    body = body_of(message, Dialect.CURRENT)

    assert body == {
        "appkey": "pem28kje",
        "phone": "380671234567",
        "functionType": "text",
        "messageData": {
            "rateType": "OtpTemplate",
            "templateId": VIBER_IDS[template_id],
            "templateParams": PARAMETERS[template_id],
            "templateLang": "br",
        },
    }


@pytest.mark.parametrize("dialect", Dialect)
def test_letters_of_any_script_travel_as_ascii(dialect: Dialect, make_message: MakeMessage) -> None:
    message = make_message(3, texts={"business_name": 'Банка "牛" 😀'})

    body = template_body(message, appkey="pem28kje", dialect=dialect)

    assert body.isascii()
    parameters = json.loads(body)["messageData"].get("templateParams") or json.loads(
        json.loads(body)["messageData"]["temolateParams"]
    )
    assert parameters["businessPlatformName"] == 'Банка "牛" 😀'


@pytest.mark.parametrize(
    ("template_id", "life", "number"),
    [(4, timedelta(minutes=10), 10), (5, timedelta(minutes=1), 1), (6, timedelta(hours=2), 2)],
    ids=["minutes", "one-minute", "hours"],
)
def test_validity_is_an_integer_in_the_templates_own_unit(
    template_id: int, life: timedelta, number: int, make_message: MakeMessage
) -> None:
    message = make_message(template_id, texts=TEXTS, life=life)

    body = body_of(message, Dialect.CURRENT)

    assert body["messageData"]["templateParams"]["codeValidityTime"] == number


@pytest.mark.parametrize(
    ("template_id", "life"),
    [
        (2, timedelta(seconds=301)),
        (4, timedelta(seconds=301)),
        (5, timedelta(seconds=30)),
        (6, timedelta(minutes=5)),
    ],
)
def test_template_that_would_not_tell_the_truth_is_refused(
    template_id: int, life: timedelta, make_message: MakeMessage
) -> None:
    message = make_message(template_id, texts=TEXTS, life=life)

    with pytest.raises(UnsendableMessage, match=f"template {template_id} would not be true"):
        template_body(message, appkey="pem28kje", dialect=Dialect.DOCUMENTED)


def test_missing_text_is_named_and_no_other_is_shown(make_message: MakeMessage) -> None:
    message = make_message(9, texts={"business_name": "Banka"})

    with pytest.raises(UnsendableMessage) as refused:
        template_body(message, appkey="pem28kje", dialect=Dialect.DOCUMENTED)

    assert str(refused.value) == "template 9 needs reason"


@pytest.mark.parametrize("template_id", [None, 0, 10])
def test_plan_without_a_template_of_the_nine_is_refused(
    template_id: int | None, make_message: MakeMessage
) -> None:
    message = make_message(template_id)

    with pytest.raises(UnsendableMessage, match=f"there is no template {template_id}"):
        template_body(message, appkey="pem28kje", dialect=Dialect.DOCUMENTED)
