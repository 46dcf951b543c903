from datetime import UTC, datetime, timedelta

import pytest

from otp_service.simulator import drawing
from otp_service.simulator.chat import Message, Reply
from otp_service.simulator.submission import Submission

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PHONE = "+380671234567"


def message(text="hi", *, at=NOW, channel="viber", billed_as="Transactional", **content):
    content = {"function_type": "text", "rate_type": "Transactional"} | content
    return Message(
        id="b81e",
        sequence=1,
        received_at=at,
        content=Submission(phone=PHONE, text=text, **content),
        billed_as=billed_as,
        channel=channel,
    )


def reply(text="thanks", *, file_name=None):
    return Reply(
        id="c92f",
        sequence=2,
        received_at=NOW,
        phone=PHONE,
        answers="b81e",
        text=text,
        file_name=file_name,
    )


def draw(*chat):
    return [bubble for day in drawing.days(chat) for bubble in day.bubbles]


@pytest.mark.parametrize(
    ("rate_type", "billed_as", "channel", "shown"),
    [
        ("Transactional", "Transactional", "viber", "billed as Transactional"),
        ("Transactional", "Promotional", "viber", "Transactional, billed as Promotional"),
        ("Session", "free", "viber", "Session, not billed"),
        (None, "SMS", "sms", None),
    ],
    ids=["as-asked", "otherwise", "free", "sms"],
)
def test_bubble_says_how_it_is_billed(rate_type, billed_as, channel, shown):
    (bubble,) = draw(message(rate_type=rate_type, billed_as=billed_as, channel=channel))

    assert bubble.billed == shown


def test_reply_stands_opposite_the_message_before_it():
    chat = [
        reply(),
        message(template_id=1, language="he", pin="1234"),
        reply(),
        message(template_id=1, language="uk", pin="1234"),
        reply(),
    ]

    mirrored = [bubble.is_mirrored for bubble in draw(*chat) if bubble.is_reply]

    assert mirrored == [False, True, False]


def test_days_are_those_of_utc():
    late = datetime(2026, 1, 1, 23, 30, tzinfo=UTC)
    chat = [message(at=late), message(at=late + timedelta(hours=1))]

    assert [(day.date, day.name) for day in drawing.days(chat)] == [
        ("2026-01-01", "Thursday, 1 January 2026"),
        ("2026-01-02", "Friday, 2 January 2026"),
    ]


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        (message("Your code is 1234"), "Your code is 1234"),
        (message(None, function_type="video", rate_type="Promotional"), "video"),
        (reply("thanks"), "You: thanks"),
        (reply(None, file_name="a.jpg"), "You: a.jpg"),
    ],
    ids=["text", "no-text", "reply", "file"],
)
def test_preview_is_one_line_of_the_newest(entry, line):
    assert drawing.preview(entry) == line


def test_repr_shows_neither_text_nor_link():
    fields = {"buttonText": "secret-4217", "buttonLink": "http://secret-4217.example"}

    shown = repr(draw(message("secret-4217", fields=fields), reply("secret-4217")))

    assert "secret-4217" not in shown
