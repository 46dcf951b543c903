import re
from datetime import UTC, datetime, timedelta

import pytest
from support.document import Document

from otp_service.simulator import page as page_module
from otp_service.simulator.app import create_simulator
from otp_service.simulator.inbox import Inbox
from otp_service.simulator.submission import Submission


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def simulator(clock, inbox):
    return create_simulator(clock=clock, inbox=inbox)


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

    everything = Document(html(sender.client)).all("a")
    links = [
        one for one in everything if one["href"].startswith("/?phone=") and "#" not in one["href"]
    ]

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

    assert re.findall(r'class="preview".*?>(.*?)<', shown) == ["You: Hello?", "You: scan.pdf"]


def test_template_message_shows_pin_template_and_language(sender):
    sender.documented("3", "br", pin="004217", businessPlatformName="Acme")

    shown = html(sender.client)

    assert "Acme: Your code is <strong>004217</strong>." in shown
    assert "Template 3 · " in shown
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
    monkeypatch.setattr(page_module, "SHOWN_ENTRIES", 1)
    monkeypatch.setattr(page_module, "SHOWN_PHONES", 1)
    sender.text(phone="12025550123")
    sender.text("older")
    sender.text("newer")

    shown = html(sender.client)

    assert "1 earlier messages" in shown
    assert "1 more: type a number above." in shown
    assert "newer</p>" in shown
    assert "older</p>" not in shown


def test_composer_is_there_for_a_phone_that_can_answer(sender):
    sender.text()

    written_on = Document(html(sender.client, "/?phone=%2B380671234567&write=1"))
    composer = written_on.all("form", id="composer", method="post", action="/reply")[0]

    assert "hidden" not in composer
    assert composer["data-usable"] == "yes"
    assert written_on.all("input", type="hidden", name="phone", value="+380671234567")
    assert written_on.all("label", **{"for": "reply"})
    assert written_on.all("input", id="reply", name="text")


def test_composer_waits_for_its_script_or_for_who_asks_to_write(sender):
    sender.text()

    document = Document(html(sender.client))

    assert "hidden" in document.all("form", id="composer")[0]
    assert document.all("a", href="/?phone=%2B380671234567&write=1#composer")


@pytest.mark.parametrize("path", ["/", "/?phone=%2B12025550123&write=1"], ids=["none", "empty"])
def test_phone_with_nothing_to_answer_has_no_composer(client, path):
    composer = Document(html(client, path)).all("form", id="composer")[0]

    assert "hidden" in composer
    assert composer["data-usable"] == "no"


def test_page_does_not_reload_under_the_pen(sender):
    sender.text()

    assert 'http-equiv="refresh"' in html(sender.client)
    assert 'http-equiv="refresh"' not in html(sender.client, "/?phone=380671234567&write=1")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"text": "Thanks"}, ("Thanks", None)),
        ({"text": "", "file_name": "scan.pdf"}, (None, "scan.pdf")),
    ],
    ids=["text", "file"],
)
def test_reply_is_kept_and_leads_back_to_its_phone(sender, inbox, typed, kept):
    sender.text()

    answer = sender.client.post("/reply", data={"phone": "+380671234567"} | typed)

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/?phone=%2B380671234567"
    reply = inbox.chat("+380671234567")[-1]
    assert (reply.text, reply.file_name) == kept


@pytest.mark.parametrize(
    "fields",
    [
        {"phone": "+380671234567"},
        {"phone": "+380671234567", "text": "x" * 7_001},
        {"phone": "+12025550123", "text": "nothing to answer"},
    ],
    ids=["empty", "long", "no-message"],
)
def test_reply_that_cannot_be_sent_is_explained(sender, inbox, fields):
    sender.text()

    answer = sender.client.post("/reply", data=fields)

    error = Document(answer.text).all("p", id="reply-error", role="alert")[0]
    assert answer.status_code == 400
    assert "hidden" not in error
    assert len(inbox.chat("+380671234567")) == 1


def test_error_of_the_composer_is_hidden_until_it_happens(sender):
    sender.text()

    assert "hidden" in Document(html(sender.client)).all("p", id="reply-error")[0]


@pytest.mark.parametrize("path", ["/seen", "/reply"])
@pytest.mark.parametrize("fields", [{}, {"phone": "abc"}], ids=["absent", "none"])
def test_form_without_a_phone_is_400(client, path, fields):
    answer = client.post(path, data=fields | {"text": "hi"})

    assert answer.status_code == 400
    assert "phone" in answer.json["error"]


@pytest.mark.parametrize("path", ["/seen", "/reply"])
def test_page_of_another_origin_sends_no_form(sender, inbox, path):
    sender.text()
    inbox.update(inbox.messages()[0].id, "delivered")

    answer = sender.client.post(
        path,
        data={"phone": "+380671234567", "text": "hi"},
        headers={"Origin": "http://example.org"},
    )

    assert answer.status_code == 403
    assert [message.state for message in inbox.chat("+380671234567")] == ["delivered"]


def test_message_is_seen_when_the_page_says_so_and_not_when_it_is_fetched(sender, inbox):
    sender.text()
    inbox.update(inbox.messages()[0].id, "delivered")

    fetched = Document(html(sender.client))
    state_when_fetched = inbox.messages()[0].state
    answer = sender.client.post("/seen", data={"phone": "+380671234567"})

    assert fetched.all("section", **{"data-unseen": "yes"})
    assert state_when_fetched == "delivered"
    assert answer.status_code == 303
    assert inbox.messages()[0].state == "seen"
    assert Document(html(sender.client)).all("section", **{"data-unseen": "no"})


def test_unseen_message_can_be_marked_without_a_script(sender, inbox):
    sender.text()
    undelivered = Document(html(sender.client)).all("form", action="/seen")
    inbox.update(inbox.messages()[0].id, "delivered")

    delivered = Document(html(sender.client)).all("form", action="/seen", method="post")

    assert undelivered == []
    assert len(delivered) == 1


def test_sms_is_not_waited_for_to_be_seen():
    inbox = Inbox()
    content = Submission(phone="+12025550123", function_type="text", text="hi")
    message = inbox.deliver(
        content, at=datetime(2026, 1, 1, tzinfo=UTC), billed_as="SMS", channel="sms"
    )
    inbox.update(message.id, "delivered")

    shown = Document(html(create_simulator(inbox=inbox).test_client()))

    assert shown.all("section", **{"data-unseen": "no"})
    assert shown.all("form", id="composer", **{"data-usable": "no"})
