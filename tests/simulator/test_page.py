import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from otp_service.simulator import page as page_module
from otp_service.simulator.app import create_simulator
from otp_service.simulator.inbox import Inbox
from otp_service.simulator.submission import Submission


class Document(HTMLParser):
    """Every element with its attributes and the text directly within."""

    def __init__(self, html):
        super().__init__()
        self.elements = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def all(self, tag, **wanted):
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and all(attributes.get(key) == value for key, value in wanted.items())
        ]

    def bubbles(self):
        return [one for one in self.all("article") if one.get("class") == "bubble"]


def html(client, path="/"):
    return client.get(path).get_data(as_text=True)


def test_empty_page_says_so(client):
    answer = client.get("/")

    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert "Nothing here yet" in answer.text


def test_page_shows_the_phone_that_heard_last(sender):
    sender.text("first", phone="12025550123")
    sender.text("second")

    shown = html(sender.client)

    assert "<title>+380 67 123 4567 · Viber simulator</title>" in shown
    assert len(Document(shown).bubbles()) == 1


@pytest.mark.parametrize("query", ["%2B12025550123", "+12025550123", "12025550123"])
def test_page_shows_the_phone_that_was_asked_for(sender, query):
    sender.text("first", phone="12025550123")
    sender.text("second")

    shown = html(sender.client, f"/?phone={query}")

    assert '<h2 id="chat-title"><bdi>+1 202-555-0123</bdi></h2>' in shown
    assert "first</p>" in shown
    assert "second</p>" not in shown


def test_phone_without_messages_waits_for_one(sender):
    sender.text()

    shown = html(sender.client, "/?phone=12025550123")

    assert "A message to this number shows up by itself." in shown
    assert Document(shown).bubbles() == []


def test_list_links_every_phone_newest_first_and_marks_the_shown_one(sender):
    sender.text(phone="12025550123")
    sender.text()

    links = [one for one in Document(html(sender.client)).all("a") if "class" not in one]

    assert [link["href"] for link in links] == ["/?phone=%2B380671234567", "/?phone=%2B12025550123"]
    assert [link.get("aria-current") for link in links] == ["true", None]


def test_phone_whose_owner_replied_last_is_listed_with_the_reply():
    inbox = Inbox()
    for phone in ("+12025550123", "+447700900123"):
        content = Submission(phone=phone, function_type="text", text="hi")
        inbox.deliver(content, at=datetime(2026, 1, 1, tzinfo=UTC), billed_as="Transactional")
        inbox.add_reply(phone, file_name="scan.pdf")
    inbox.add_reply("+12025550123", "Hello?")

    shown = html(create_simulator(inbox=inbox).test_client())

    assert re.findall(r'class="preview".*?>(.*?)<', shown) == ["Hello?", "scan.pdf"]


def test_template_message_shows_pin_template_and_language(sender):
    sender.documented("3", "br", pin="004217", businessPlatformName="Acme")

    shown = html(sender.client)

    assert "Acme: Your code is <strong>004217</strong>." in shown
    assert "<span>Template 3</span>" in shown
    assert "Portuguese (Brazil) (br)" in shown
    assert Document(shown).all("button", **{"class": "copy", "data-copy": "004217"})


@pytest.mark.parametrize("language", ["ar", "he", "fa"])
def test_bubble_of_a_right_to_left_language_is_laid_out_that_way(sender, language):
    sender.documented("1", language, pin="1234")

    document = Document(html(sender.client))

    assert document.bubbles()[0]["dir"] == "rtl"
    assert document.all("p", **{"class": "text", "lang": "en", "dir": "ltr"})


def test_other_bubbles_run_left_to_right_or_as_their_text_does(sender):
    sender.documented("1", "uk", pin="1234")
    sender.text("שלום")

    document = Document(html(sender.client))

    assert [bubble["dir"] for bubble in document.bubbles()] == ["ltr", "auto"]
    assert document.all("p", **{"class": "text", "dir": "auto"})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your code is 989724.", "989724"),
        ("Call 12345 or 67890", None),
        ("No digits", None),
        ("Only 123", None),
        ("12345678901 is too long", None),
    ],
)
def test_plain_text_offers_its_code_when_there_is_just_one(sender, text, code):
    sender.text(text)

    offered = [
        one["data-copy"] for one in Document(html(sender.client)).all("button", type="button")
    ]

    assert offered == ([code] if code else [])


def test_content_is_escaped_wherever_it_appears(sender):
    attack = "<script>x</script>\"'&"
    sender.documented("3", "uk", pin='"><b>1', businessPlatformName=attack)
    sender.send({"rateType": "Session", "image": 'https://x/"><img/src=x>'}, functionType="image")
    sender.text(attack)

    shown = html(sender.client)
    typed = html(sender.client, '/?phone="><script>x</script>')

    assert "<script>x" not in shown + typed
    assert "<b>1" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;x&lt;/script&gt;&#34;&#39;&amp;" in shown


def test_what_is_not_text_is_listed_and_never_linked_or_loaded(sender):
    sender.send({"rateType": "Session", "image": "http://example.org/a.jpeg"}, functionType="image")

    shown = html(sender.client)

    assert "<dt>Image</dt>" in shown
    assert 'href="http://example.org' not in shown
    assert 'src="http://example.org' not in shown


def test_page_takes_nothing_from_elsewhere(sender):
    sender.documented("1", pin="1234")
    shown = html(sender.client)

    sources = [
        attributes[name]
        for _, attributes in Document(shown).elements
        for name in ("src", "href", "action")
        if name in attributes
    ]

    assert "https://" not in shown
    assert "http://" not in shown
    assert [source for source in sources if not re.match(r"/(?!/)|#", source)] == []
    for source in (source for source in sources if source.startswith("/static/")):
        asset = sender.client.get(source)
        assert asset.status_code == 200
        assert "https://" not in asset.text
        asset.close()


def test_page_holds_no_inline_script_or_style(sender):
    sender.documented("1", pin="1234")

    document = Document(html(sender.client))

    assert all("src" in script for script in document.all("script"))
    assert document.all("style") == []
    assert [one for _, one in document.elements if "style" in one] == []
    assert [one for _, one in document.elements if any(k.startswith("on") for k in one)] == []


def test_page_can_be_used_by_keyboard_and_screen_reader(sender):
    sender.text()

    document = Document(html(sender.client))

    assert document.all("html", lang="en")
    assert document.all("a", **{"class": "skip", "href": "#messages"})
    assert document.all("div", id="messages", tabindex="0", role="region")
    assert document.all("div", id="log", role="log", **{"aria-live": "polite"})
    assert document.all("label", **{"for": "phone"})
    assert document.all("input", id="phone")
    assert [one for one in document.all("svg") if one.get("aria-hidden") != "true"] == []


def test_number_that_is_none_is_explained(sender):
    sender.text()

    answer = sender.client.get("/?phone=abc")

    document = Document(answer.text)
    assert answer.status_code == 400
    assert document.all("p", id="phone-error", role="alert")
    assert document.all("input", value="abc", **{"aria-describedby": "phone-error"})
    assert document.bubbles() == []


def test_unchanged_page_is_304_and_a_changed_one_is_sent(sender):
    version = sender.client.get("/").headers["ETag"]

    unchanged = sender.client.get("/", headers={"If-None-Match": version})
    sender.text()
    changed = sender.client.get("/", headers={"If-None-Match": version})

    assert unchanged.status_code == 304
    assert changed.status_code == 200


def test_page_carries_its_own_version_for_the_first_poll(client):
    answer = client.get("/")

    body = Document(answer.text).all("body")[0]
    assert body["data-version"] == answer.headers["ETag"]


def test_days_are_headed_by_their_date_in_utc():
    inbox = Inbox()
    for hours in (0, 1, 2):
        inbox.deliver(
            Submission(phone="+12025550123", function_type="text", text="hi"),
            billed_as="Transactional",
            at=datetime(2026, 1, 1, 22, 30, tzinfo=UTC) + timedelta(hours=hours),
        )

    shown = html(create_simulator(inbox=inbox).test_client())

    headings = re.findall(r'<h3.*?<time datetime="(.*?)">(.*?)</time>', shown)
    assert headings == [
        ("2026-01-01", "Thursday, 1 January 2026"),
        ("2026-01-02", "Friday, 2 January 2026"),
    ]


def test_long_lists_are_cut_and_say_so(sender, monkeypatch):
    monkeypatch.setattr(page_module, "SHOWN_MESSAGES", 1)
    monkeypatch.setattr(page_module, "SHOWN_PHONES", 1)
    sender.text(phone="12025550123")
    sender.text("older")
    sender.text("newer")

    shown = html(sender.client)

    assert "1 earlier messages" in shown
    assert "1 more: type a number above." in shown
    assert "newer</p>" in shown
    assert "older</p>" not in shown
