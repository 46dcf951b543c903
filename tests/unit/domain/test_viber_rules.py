from dataclasses import fields, replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from otp_service.domain.pin import Pin
from otp_service.domain.rate import RateType
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
from otp_service.domain.viber_rules import MAX_VIDEO_BYTES, country_problems, message_problems

LINK = "https://example.com/a.jpeg"
CLIP = {"thumbnail": LINK, "video_link": LINK, "video_size_bytes": 1024, "duration_seconds": 10}
BUTTON = {"button_text": "Click me", "button_link": LINK}
TEMPLATE = OtpTemplate(
    template_id=3,
    pin=Pin("048213"),
    language="uk",
    life=timedelta(seconds=300),
    texts={"business_name": "Nova"},
)
MESSAGES: dict[str, ViberMessage] = {
    type(message).__name__: message
    for message in (
        Text(text="Hello"),
        TEMPLATE,
        Image(image=LINK),
        TextImage(text="Hello", image=LINK),
        TextImageButton(text="Hello", image=LINK, **BUTTON),
        TextButton(text="Hello", **BUTTON),
        File(file_name="a.pdf", file_link=LINK, file_type="pdf"),
        Video(**CLIP),
        VideoText(**CLIP, text="Hello"),
        VideoTextButton(**CLIP, text="Hello", button_text="Click me"),
    )
}
WORDS = {"text", "button_text", "file_name"}
LINKS = {"image", "button_link", "file_link", "thumbnail", "video_link"}
FIELDS = [
    (name, field.name)
    for name, message in MESSAGES.items()
    if name != "OtpTemplate"
    for field in fields(message)
    if field.name != "rate_type"
]


def pointers(message: ViberMessage) -> list[str]:
    return [problem.pointer for problem in message_problems(message)]


def test_every_class_is_looked_at() -> None:
    assert set(MESSAGES) == {each.__name__ for each in get_args(ViberMessage)}


@pytest.mark.parametrize("name", MESSAGES)
def test_message_in_order_has_no_problems(name: str) -> None:
    assert message_problems(MESSAGES[name]) == []


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("rate_type", RateType)
def test_rate_type_that_the_table_does_not_allow_is_named(name: str, rate_type: RateType) -> None:
    message = replace(MESSAGES[name], rate_type=rate_type)

    allowed = rate_type in message.rate_types
    assert pointers(message) == ([] if allowed else ["/rate_type"])


def test_problem_with_a_rate_type_says_which_are_allowed() -> None:
    (problem,) = message_problems(replace(MESSAGES["Image"], rate_type=RateType.TRANSACTIONAL))

    assert problem.detail == "must be Promotional or Session"


@pytest.mark.parametrize(("name", "field"), FIELDS)
@pytest.mark.parametrize("value", [None, "", " ", 1.5, b"text", ["text"]], ids=repr)
def test_field_without_a_value_of_its_kind_is_named(name: str, field: str, value: Any) -> None:
    assert pointers(replace(MESSAGES[name], **{field: value})) == [f"/{field}"]


@pytest.mark.parametrize(("name", "field"), [each for each in FIELDS if each[1] in WORDS])
def test_words_that_cannot_be_shown_are_named(name: str, field: str) -> None:
    assert pointers(replace(MESSAGES[name], **{field: "half \ud800"})) == [f"/{field}"]


@pytest.mark.parametrize(
    "link",
    [
        "http://example.com",
        "HTTPS://EXAMPLE.COM/a?b=c#d",
        "https://example.com:8443/a",
        "https://[2001:db8::1]/a",
        "https://приклад.укр/a",
        "https://***.jpeg",
    ],
)
@pytest.mark.parametrize(("name", "field"), [each for each in FIELDS if each[1] in LINKS])
def test_link_over_http_to_a_host_is_taken(name: str, field: str, link: str) -> None:
    assert message_problems(replace(MESSAGES[name], **{field: link})) == []


@pytest.mark.parametrize(
    "link",
    [
        "example.com/a",
        "//example.com/a",
        "ftp://example.com/a",
        "javascript:alert(1)",
        "https:/example.com",
        "https://",
        "https:///a",
        "https://?a",
        "https://:443/a",
        "https://example.com:99999",
        "https://example.com:port",
        "https://[2001:db8::1/a",
        "https://example.com/a b",
        " https://example.com/a",
        "https://example.com/a\n",
        "https://exam\tple.com/a",
        "https://example.com/\u202egpj",
    ],
)
@pytest.mark.parametrize(("name", "field"), [each for each in FIELDS if each[1] in LINKS])
def test_link_of_another_form_is_named(name: str, field: str, link: str) -> None:
    assert pointers(replace(MESSAGES[name], **{field: link})) == [f"/{field}"]


@pytest.mark.parametrize("file_type", ["pdf", ".PDF", "odf", "info", "pdax"])
def test_file_type_of_the_list_is_taken(file_type: str) -> None:
    assert message_problems(replace(MESSAGES["File"], file_type=file_type)) == []


@pytest.mark.parametrize("file_type", ["exe", "pdf ", "application/pdf"])
def test_file_type_of_no_list_is_named_with_those_that_are(file_type: str) -> None:
    (problem,) = message_problems(replace(MESSAGES["File"], file_type=file_type))

    assert problem.pointer == "/file_type"
    assert problem.detail.startswith("must be one of doc, docx, rtf,")


@pytest.mark.parametrize(
    ("field", "least", "most"),
    [("video_size_bytes", 1, 200 * 1024 * 1024), ("duration_seconds", 1, 600)],
)
@pytest.mark.parametrize("name", ["Video", "VideoText", "VideoTextButton"])
def test_size_and_duration_have_their_bounds(name: str, field: str, least: int, most: int) -> None:
    for value in (least, most):
        assert message_problems(replace(MESSAGES[name], **{field: value})) == []
    for value in (least - 1, most + 1, -1, True, float(least), str(least)):
        assert pointers(replace(MESSAGES[name], **{field: value})) == [f"/{field}"]


def test_every_problem_is_named_at_once() -> None:
    message = VideoTextButton(
        thumbnail="",
        video_link="ftp://example.com",
        video_size_bytes=MAX_VIDEO_BYTES + 1,
        duration_seconds=0,
        text="",
        button_text=" ",
        rate_type=RateType.SESSION,
    )

    assert pointers(message) == [
        "/rate_type",
        "/thumbnail",
        "/video_link",
        "/video_size_bytes",
        "/duration_seconds",
        "/text",
        "/button_text",
    ]


@pytest.mark.parametrize(
    ("changes", "pointer", "detail"),
    [
        ({"template_id": 0}, "/template_id", "must be 1 to 9"),
        ({"template_id": 10}, "/template_id", "must be 1 to 9"),
        ({"texts": {}}, "/template_id", "template 3 needs business_name"),
        (
            {"template_id": 9},
            "/template_id",
            "template 9 needs reason",
        ),
        (
            {"template_id": 2, "texts": {}, "life": timedelta(seconds=301)},
            "/template_id",
            "template 2 says 5 minutes, but this code lives 301 s",
        ),
        (
            {"template_id": 4, "texts": {}, "life": timedelta(seconds=90)},
            "/template_id",
            "template 4 says whole minutes, but this code lives 90 s",
        ),
        ({"template_id": 1}, "/template_id", "template 1 does not hold business_name"),
        ({"pin": Pin("")}, "/pin", "must not be empty"),
        ({"pin": Pin("1" * 51)}, "/pin", "must have at most 50 characters"),
        ({"texts": {"business_name": "see www.example.com"}}, "/texts/business_name", "a link"),
        ({"language": "pt-BR"}, "/language", "must be one of en, "),
    ],
)
def test_template_that_the_provider_would_refuse_is_named(
    changes: dict[str, Any], pointer: str, detail: str
) -> None:
    (problem,) = message_problems(replace(TEMPLATE, **changes))

    assert problem.pointer == pointer
    assert detail in problem.detail


def test_every_problem_of_a_template_is_named_at_once() -> None:
    message = replace(
        TEMPLATE,
        rate_type=RateType.SESSION,
        pin=Pin(""),
        language="xx",
        template_id=5,
        life=timedelta(seconds=90),
    )

    problems = message_problems(message)

    assert [each.pointer for each in problems] == [
        "/rate_type",
        "/pin",
        "/language",
        "/template_id",
    ]
    assert problems[-1].detail == (
        "template 5 needs pin_type; it says whole minutes, but this code lives 90 s; "
        "it does not hold business_name"
    )


@pytest.mark.parametrize("country", ["RU", "UA", "BY"])
def test_plain_text_to_a_template_country_must_be_registered(country: str) -> None:
    message = Text(text="Hello")

    (problem,) = country_problems(message, country=country, is_registered=False)

    assert problem.pointer == "/registered_template"
    assert country in problem.detail
    assert country_problems(message, country=country, is_registered=True) == []


@pytest.mark.parametrize("country", ["KZ", "GB", "UK", "US"])
def test_plain_text_to_another_country_needs_no_template(country: str) -> None:
    assert country_problems(Text(text="Hello"), country=country, is_registered=False) == []


@pytest.mark.parametrize(
    "message",
    [
        Text(text="Hello", rate_type=RateType.SESSION),
        *(message for name, message in MESSAGES.items() if name != "Text"),
    ],
    ids=lambda message: f"{type(message).__name__}-{message.rate_type}",
)
def test_other_messages_to_a_template_country_need_none(message: ViberMessage) -> None:
    assert country_problems(message, country="UA", is_registered=False) == []


@pytest.mark.parametrize("text", [5, None, ["a"], "\ud800"], ids=repr)
def test_text_of_a_template_that_is_none_is_named(text: object) -> None:
    message = replace(TEMPLATE, texts={"business_name": text})

    assert "/texts/business_name" in [each.pointer for each in message_problems(message)]


@pytest.mark.parametrize("template_id", [True, 1.0, "1", [1], None], ids=repr)
def test_template_that_is_no_whole_number_is_named(template_id: object) -> None:
    message = replace(TEMPLATE, template_id=template_id)

    assert "/template_id" in [each.pointer for each in message_problems(message)]
