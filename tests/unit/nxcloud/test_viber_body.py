"""Bodies are the page's: its examples below are as it prints them, stars and all."""

import json
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from otp_service.domain.pin import Pin
from otp_service.domain.viber_message import (
    File,
    Image,
    OtpTemplate,
    Text,
    TextButton,
    TextImage,
    TextImageButton,
    ViberMessage,
    Video,
    VideoText,
    VideoTextButton,
)
from otp_service.domain.viber_rules import message_problems
from otp_service.nxcloud.otp_template import Dialect
from otp_service.nxcloud.viber_body import message_body, message_content

WORDS, BUTTON = "Your code is 989724.", "http://www.viber.com"
IMAGE, VIDEO, PDF = "https://***.jpeg", "https://***.mp4", "https://***.pdf"
CLIP = {
    "thumbnail": IMAGE,
    "video_link": VIDEO,
    "video_size_bytes": 882472,
    "duration_seconds": 15,
}
EXAMPLES: dict[str, tuple[ViberMessage, str]] = {
    "text": (
        Text(text=WORDS),
        """
        "rateType": "Transactional",
        "text": "Your code is 989724."
        """,
    ),
    "image": (
        Image(image=IMAGE),
        """
        "rateType": "Promotional",
        "image": "https://***.jpeg"
        """,
    ),
    "text_image": (
        TextImage(text=WORDS, image=IMAGE),
        """
        "rateType": "Promotional",
        "text": "Your code is 989724.",
        "image": "https://***.jpeg"
        """,
    ),
    "text_image_button": (
        TextImageButton(text=WORDS, image=IMAGE, button_text="Click me", button_link=BUTTON),
        """
        "rateType": "Promotional",
        "text": "Your code is 989724.",
        "image": "https://***.jpeg",
        "buttonText": "Click me",
        "buttonLink": "http://www.viber.com"
        """,
    ),
    "text_button": (
        TextButton(text=WORDS, button_text="Click me", button_link=BUTTON),
        """
        "rateType": "Promotional",
        "text": "Your code is 989724.",
        "buttonText": "Click me",
        "buttonLink": "http://www.viber.com"
        """,
    ),
    "file": (
        File(file_name="fileName.pdf", file_link=PDF, file_type="pdf"),
        """
        "rateType": "Transactional",
        "fileType": "pdf",
        "fileName": "fileName.pdf",
        "fileLink": "https://***.pdf"
        """,
    ),
    "video": (
        Video(**CLIP),
        """
        "rateType": "Promotional",
        "thumbnail": "https://***.jpeg",
        "videoSize": 882472,
        "duration": 15,
        "videoLink": "https://***.mp4"
        """,
    ),
    "video_text": (
        VideoText(**CLIP, text=WORDS),
        """
        "rateType": "Promotional",
        "thumbnail": "https://***.jpeg",
        "videoSize": 882472,
        "duration": 15,
        "videoLink": "https://***.mp4",
        "text": "Your code is 989724."
        """,
    ),
    "video_text_button": (
        VideoTextButton(**CLIP, text=WORDS, button_text="button text"),
        """
        "rateType": "Promotional",
        "thumbnail": "https://***.jpeg",
        "videoSize": 882472,
        "duration": 15,
        "videoLink": "https://***.mp4",
        "text": "Your code is 989724.",
        "buttonText": "button text"
        """,
    ),
}
TEMPLATE = OtpTemplate(template_id=1, pin=Pin("048213"), language="uk", life=timedelta(seconds=300))


def as_json(message: ViberMessage, dialect: Dialect = Dialect.DOCUMENTED) -> Any:
    return json.loads(message_body(message, phone="791xxxxx730", appkey="TexxxP6", dialect=dialect))


@pytest.mark.parametrize("function_type", EXAMPLES)
def test_request_example_of_the_page_is_what_is_sent(function_type: str) -> None:
    message, data = EXAMPLES[function_type]
    example = f"""{{
        "appkey": "TexxxP6",
        "phone": "791xxxxx730",
        "functionType": "{function_type}",
        "messageData": {{{data}}}
    }}"""

    assert as_json(message) == json.loads(example)


@pytest.mark.parametrize("function_type", EXAMPLES)
def test_request_example_of_the_page_has_no_problems(function_type: str) -> None:
    assert message_problems(EXAMPLES[function_type][0]) == []


@pytest.mark.parametrize("function_type", EXAMPLES)
def test_every_field_is_sent(function_type: str) -> None:
    message, _ = EXAMPLES[function_type]

    assert len(as_json(message)["messageData"]) == len(fields(message))


@pytest.mark.parametrize("spelling", ["pdf", ".pdf", ".PDF", "Pdf"])
def test_file_type_is_sent_as_the_page_writes_it(spelling: str) -> None:
    message = File(file_name="a", file_link=PDF, file_type=spelling)

    assert as_json(message)["messageData"]["fileType"] == "pdf"


def test_plus_sign_of_a_number_is_not_sent() -> None:
    content = message_content(Text(text=WORDS), phone="+380671234567", dialect=Dialect.CURRENT)

    assert content["phone"] == "380671234567"


def test_appkey_is_in_the_body_alone() -> None:
    content = message_content(Text(text=WORDS), phone="791xxxxx730", dialect=Dialect.DOCUMENTED)

    assert {"appkey": "TexxxP6", **content} == as_json(Text(text=WORDS))
    assert "appkey" not in content


@pytest.mark.parametrize(
    ("dialect", "field"),
    [(Dialect.DOCUMENTED, "temolateId"), (Dialect.CURRENT, "templateId")],
)
def test_template_is_a_text_in_the_spelling_asked_for(dialect: Dialect, field: str) -> None:
    body = as_json(TEMPLATE, dialect)

    assert body["functionType"] == "text"
    assert body["messageData"]["rateType"] == "OtpTemplate"
    assert field in body["messageData"]


@pytest.mark.parametrize("dialect", Dialect)
def test_plain_message_is_spelled_in_one_way(dialect: Dialect) -> None:
    message, _ = EXAMPLES["file"]

    assert as_json(message, dialect) == as_json(message)


def test_letters_of_any_script_travel_as_ascii() -> None:
    message = Text(text='Ваш код: "牛" 😀')

    body = message_body(message, phone="380", appkey="a", dialect=Dialect.DOCUMENTED)

    assert body.isascii()
    assert json.loads(body)["messageData"]["text"] == 'Ваш код: "牛" 😀'
