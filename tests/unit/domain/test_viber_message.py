"""The classes are the page's tables: fields and rate types, as it prints them."""

from dataclasses import MISSING, fields
from datetime import timedelta
from typing import get_args

import pytest

from otp_service.domain.pin import Pin
from otp_service.domain.viber_message import OtpTemplate, Text, ViberMessage, VideoTextButton

VIDEO = ("thumbnail", "video_link", "video_size_bytes", "duration_seconds")
TEMPLATE = ("template_id", "pin", "language", "life", "texts")
PROMOTIONAL = {"Promotional"}
# Class, function type, fields beside the rate type, rate types.
TABLES = [
    ("Text", "text", ("text",), {"Transactional", "Session"}),
    ("OtpTemplate", "text", TEMPLATE, {"OtpTemplate"}),
    ("Image", "image", ("image",), {"Promotional", "Session"}),
    ("TextImage", "text_image", ("text", "image"), PROMOTIONAL),
    (
        "TextImageButton",
        "text_image_button",
        ("text", "image", "button_text", "button_link"),
        PROMOTIONAL,
    ),
    ("TextButton", "text_button", ("text", "button_text", "button_link"), PROMOTIONAL),
    ("File", "file", ("file_name", "file_link", "file_type"), {"Transactional", "Session"}),
    ("Video", "video", VIDEO, PROMOTIONAL),
    ("VideoText", "video_text", (*VIDEO, "text"), PROMOTIONAL),
    ("VideoTextButton", "video_text_button", (*VIDEO, "text", "button_text"), PROMOTIONAL),
]
CLASSES = {each.__name__: each for each in get_args(ViberMessage)}


def test_there_is_a_class_for_every_function_type() -> None:
    assert list(CLASSES) == [name for name, *_ in TABLES]
    assert len({each.function_type for each in CLASSES.values()}) == 9


@pytest.mark.parametrize(("name", "function_type", "own", "rates"), TABLES, ids=CLASSES)
def test_class_has_the_fields_and_rate_types_of_its_table(
    name: str, function_type: str, own: tuple[str, ...], rates: set[str]
) -> None:
    message_class = CLASSES[name]

    assert message_class.function_type == function_type
    assert message_class.rate_types == rates
    assert {field.name for field in fields(message_class)} == {*own, "rate_type"}


@pytest.mark.parametrize("name", CLASSES)
def test_only_rate_type_and_a_templates_texts_may_be_left_out(name: str) -> None:
    optional = {
        field.name
        for field in fields(CLASSES[name])
        if field.default is not MISSING or field.default_factory is not MISSING
    }

    assert optional == {"rate_type"} | ({"texts"} if name == "OtpTemplate" else set())


@pytest.mark.parametrize("name", CLASSES)
def test_rate_type_left_out_is_one_that_the_table_allows(name: str) -> None:
    default = next(field.default for field in fields(CLASSES[name]) if field.name == "rate_type")

    assert default in CLASSES[name].rate_types


@pytest.mark.parametrize(
    "message",
    [
        Text(text="Your code is 989724."),
        OtpTemplate(
            template_id=3,
            pin=Pin("989724"),
            language="uk",
            life=timedelta(seconds=300),
            texts={"business_name": "989724"},
        ),
        VideoTextButton(
            thumbnail="https://example.com/989724",
            video_link="https://example.com/989724",
            video_size_bytes=989724,
            duration_seconds=1,
            text="989724",
            button_text="989724",
        ),
    ],
    ids=lambda message: type(message).__name__,
)
def test_no_representation_shows_what_a_message_holds(message: ViberMessage) -> None:
    assert "989724" not in f"{message} {message!r}"
    assert type(message).__name__ in repr(message)
