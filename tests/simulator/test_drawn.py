"""The nine kinds, an SMS and a reply, as the page draws them."""

import re
from datetime import UTC, datetime

import pytest
from support.document import Document

from otp_service.simulator.app import create_simulator
from otp_service.simulator.inbox import Inbox
from otp_service.simulator.submission import Submission

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
IMAGE = {"image": "https://cdn.example.org/a/banner.jpeg"}
VIDEO = {
    "thumbnail": "https://cdn.example.org/tour.jpeg",
    "videoLink": "https://video.example.org/a/tour.mp4",
    "videoSize": 882_472,
    "duration": 75,
}
TEXT = {"text": "See https://example.org/sale today"}
BUTTON = {
    "buttonText": "Click https://me",
    "buttonLink": "https://www.viber.com/x?u=https://b.example",
}
FILE = {
    "fileName": "https://a.pdf",
    "fileLink": "https://files.example.org/a.pdf",
    "fileType": "pdf",
}
KINDS = {
    "text": TEXT,
    "image": IMAGE,
    "text_image": TEXT | IMAGE,
    "text_image_button": TEXT | IMAGE | BUTTON,
    "text_button": TEXT | BUTTON,
    "file": FILE,
    "video": VIDEO,
    "video_text": VIDEO | TEXT,
    "video_text_button": VIDEO | TEXT | {"buttonText": "Click me"},
}  # fmt: skip
RATE_TYPES = {"text": "Transactional", "file": "Transactional"}


def send(sender, kind, **changed):
    data = KINDS[kind] | {"rateType": RATE_TYPES.get(kind, "Promotional")} | changed
    answer = sender.send(data, functionType=kind)
    assert answer.json["code"] == 0


def shown(sender, kind, **changed):
    send(sender, kind, **changed)
    return sender.client.get("/").text


def visible(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", html))


@pytest.mark.parametrize("kind", KINDS)
def test_bubble_has_just_the_parts_of_its_kind(sender, kind):
    html = shown(sender, kind)

    parts = {
        "text": 'class="text"' in html,
        "image": 'class="picture"' in html,
        "video": 'class="picture video"' in html,
        "file": 'class="file"' in html,
        "button": 'class="press"' in html,
    }
    assert {part for part, is_there in parts.items() if is_there} == set(kind.split("_"))
    assert kind.replace("_", " + ") in html


def test_page_with_everything_on_it_holds_no_link(sender):
    for kind in KINDS:
        send(sender, kind)
    sender.client.post("/reply", data={"phone": "+380671234567", "text": "https://example.org"})
    sender.client.post("/reply", data={"phone": "+380671234567", "file_name": "https://x.jpg"})

    html = sender.client.get("/").text
    typed = sender.client.get("/?phone=https://example.org").text

    assert len(Document(html).bubbles()) == 9
    assert len(Document(html).replies()) == 2
    assert "https://" not in html + typed
    assert "http://" not in html + typed
    assert "See https://example.org/sale today" in visible(html)


def test_picture_is_named_and_never_loaded(sender):
    html = shown(sender, "image")

    assert Document(html).all("img") == []
    assert "banner.jpeg" in html
    assert "<bdi>cdn.example.org</bdi>" in html


def test_video_shows_its_length_size_and_thumbnail(sender):
    text = visible(shown(sender, "video"))

    assert "Video, lasts 1:15" in text
    assert "Video: tour.mp4 video.example.org · 882.5 kB" in text
    assert "thumbnail tour.jpeg · cdn.example.org" in text


def test_file_is_a_card_with_its_name_type_and_host(sender):
    text = visible(shown(sender, "file", fileName="Invoice.pdf", fileType=".Pdf"))

    assert "PDF File: Invoice.pdf files.example.org" in text


def test_button_says_where_it_leads_and_leads_nowhere(sender):
    html = shown(sender, "text_button")

    assert "Button: Click https://me" in visible(html)
    assert "opens www.viber.com/x?u=https://b.example" in visible(html)
    assert [link for link in Document(html).all("a") if "viber" in link["href"]] == []


def test_button_of_a_video_has_no_link(sender):
    html = shown(sender, "video_text_button")

    assert 'class="press"' in html
    assert "opens" not in html


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("accepted", "Accepted"),
        ("delivered", "Delivered"),
        ("seen", "Seen"),
        ("failed", "Failed"),
        ("expired", "Expired"),
    ],
)
def test_footer_says_how_far_a_message_came(state, word):
    inbox = Inbox()
    content = Submission(phone="+12025550123", function_type="text", text="hi")
    message = inbox.deliver(content, at=NOW, billed_as="Transactional")
    inbox.update(message.id, state)

    html = create_simulator(inbox=inbox).test_client().get("/").text

    assert Document(html).all("span", **{"class": "state", "data-state": state})
    assert f'<span class="word">{word}</span>' in html


def test_sms_has_its_badge_its_code_and_its_lines_for_machines():
    inbox = Inbox()
    text = "123456 is your code.\nFA+9qCX9VSu\n@example.com #123456"
    content = Submission(phone="+12025550123", function_type="text", text=text)
    inbox.deliver(content, at=NOW, billed_as="SMS", channel="sms")

    html = create_simulator(inbox=inbox).test_client().get("/").text

    assert '<b class="badge">SMS</b>' in html
    assert "billed" not in html
    assert '<code dir="ltr">@example.com #123456</code>' in html
    assert Document(html).all("button", **{"class": "copy", "data-copy": "123456"})


def test_reply_stands_on_the_other_side(sender):
    sender.documented("1", "he", pin="1234")
    sender.client.post("/reply", data={"phone": "+380671234567", "text": "right <b>to</b> left"})
    sender.documented("1", "uk", pin="1234")
    sender.client.post("/reply", data={"phone": "+380671234567", "file_name": "scan.pdf"})

    html = sender.client.get("/").text

    replies = [reply["class"] for reply in Document(html).replies()]
    assert replies == ["reply mirrored", "reply"]
    assert "right &lt;b&gt;to&lt;/b&gt; left" in html
    assert "File: scan.pdf" in visible(html)
