"""The phone's page in a real Chromium, over a simulator of this process."""

import json
import threading
from dataclasses import dataclass
from queue import Queue

import pytest
from playwright.sync_api import expect
from werkzeug.serving import WSGIRequestHandler, make_server

from otp_service.simulator.app import create_simulator
from otp_service.simulator.chat import utc_now
from otp_service.simulator.inbox import Inbox
from otp_service.simulator.submission import Submission

PHONE, OTHER = "+380671234567", "+12015550123"
IMAGE = {"image": "https://cdn.example.org/banner.jpeg"}
VIDEO = {
    "thumbnail": "https://cdn.example.org/tour.jpeg",
    "videoLink": "https://video.example.org/tour.mp4",
    "videoSize": 882_472,
    "duration": 75,
}
BUTTON = {"buttonText": "Click me", "buttonLink": "http://www.viber.com"}
FILE = {"fileName": "Invoice.pdf", "fileLink": "https://files.example.org/1.pdf", "fileType": "pdf"}
TEXT = "See https://example.org/a/very/long/way/to/get/somewhere/that/does/not/fit/one/line today"
KINDS = {
    "text": (TEXT, {}),
    "image": (None, IMAGE),
    "text_image": (TEXT, IMAGE),
    "text_image_button": (TEXT, IMAGE | BUTTON),
    "text_button": (TEXT, BUTTON),
    "file": (None, FILE),
    "video": (None, VIDEO),
    "video_text": (TEXT, VIDEO),
    "video_text_button": (TEXT, VIDEO | {"buttonText": "Book a visit"}),
}


class Silent(WSGIRequestHandler):
    def log(self, *_args):
        """Say nothing on the tests' output."""


@dataclass(kw_only=True)
class Simulator:
    """A simulator at a port of its own, with hands on its phones.

    Args:
        called_back: Kind and content of each callback.
    """

    address: str
    inbox: Inbox
    called_back: Queue

    def url(self, phone=PHONE):
        return f"{self.address}/?phone={phone.replace('+', '%2B')}"

    def deliver(self, text="hi", *, phone=PHONE, state="accepted", channel="viber", **content):
        content = {"function_type": "text", "rate_type": "Transactional"} | content
        message = self.inbox.deliver(
            Submission(phone=phone, text=text, **content),
            at=utc_now(),
            billed_as="SMS" if channel == "sms" else "Transactional",
            channel=channel,
        )
        self.inbox.update(message.id, state)
        return message.id

    def told(self, kind):
        """Wait for the next callback of this kind."""
        while True:
            called, body = self.called_back.get(timeout=10)
            if called == kind:
                return body

    def template(self, language, **changed):
        content = {"template_id": 1, "language": language, "pin": "004217"} | changed
        return self.deliver("Your code is 004217. Tell nobody.", **content)


@pytest.fixture
def simulator():
    inbox, called_back = Inbox(), Queue()

    def post(kind, body):
        called_back.put((kind, json.loads(body)))
        return 200

    server = make_server(
        "127.0.0.1",
        0,
        create_simulator(inbox=inbox, post=post),
        threaded=True,
        request_handler=Silent,
    )
    # Streams end when their page is gone; the server must not wait for them.
    server.daemon_threads, server.block_on_close = True, False
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Simulator(
        address=f"http://127.0.0.1:{server.server_port}", inbox=inbox, called_back=called_back
    )
    server.shutdown()
    server.server_close()
    thread.join()


def bubble(page, message_id):
    return page.locator(f'[data-id="{message_id}"]')


def state(page, message_id):
    return bubble(page, message_id).locator(".state")


def test_message_appears_without_reloading(simulator, page):
    page.goto(simulator.address)
    page.evaluate("window.isTheSamePage = true")

    arrived = simulator.template("uk")

    expect(bubble(page, arrived)).to_contain_text("Your code is 004217")
    expect(page).to_have_title("+380 67 123 4567 · Viber simulator")
    assert page.evaluate("window.isTheSamePage")


def test_page_asks_for_nothing_while_nothing_happens(simulator, page):
    simulator.deliver()
    asked = []
    page.clock.install()
    with page.expect_response("**/events"):
        page.goto(simulator.url())
    # The icon may come late; what the page's script asks for is a fetch.
    page.on("request", lambda request: asked.append((request.resource_type, request.url)))

    page.clock.run_for(60_000)

    assert [url for kind, url in asked if kind == "fetch"] == []


def refused(route):
    # The end of a stream for good, as a 503 is; of that one Chromium complains on the console.
    route.fulfill(status=204)


def test_page_that_gets_no_stream_asks_instead(simulator, page):
    page.route("**/events", refused)
    page.goto(simulator.address)

    arrived = simulator.deliver()

    expect(bubble(page, arrived)).to_be_visible()


def test_page_that_got_no_stream_tries_again(simulator, page):
    page.clock.install()
    page.route("**/events", refused, times=1)
    # Only a page that polls fetches anything yet.
    with page.expect_request(lambda request: request.resource_type == "fetch"):
        page.goto(simulator.address)

    # Where the leap in time meets an answer under way, the page waits its ten seconds out.
    with page.expect_response("**/events", timeout=30_000) as again:
        page.clock.fast_forward(11_000)

    assert again.value.status == 200


def test_only_what_is_new_is_put_in(simulator, page):
    first = simulator.template("uk")
    page.goto(simulator.url())
    copy = bubble(page, first).get_by_role("button", name="Copy 004217")
    copy.focus()

    second = simulator.deliver("another")

    expect(bubble(page, second)).to_be_visible()
    expect(copy).to_be_focused()


@pytest.mark.parametrize("width", [320, 800, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_fits_and_no_link_stands_in_the_page(simulator, new_page, width, scheme):
    for kind, (text, fields) in KINDS.items():
        simulator.deliver(text, function_type=kind, fields=fields, state="delivered")
    simulator.template("ar", state="failed")
    simulator.deliver(
        "123456 is your code.\nFA+9qCX9VSu\n@example.com #123456",
        function_type="text",
        channel="sms",
    )
    simulator.inbox.add_reply(PHONE, TEXT)
    simulator.inbox.add_reply(PHONE, file_name="a-name-" * 20 + ".jpg")

    page = new_page(width=width, color_scheme=scheme)

    page.goto(simulator.url())

    expect(page.locator(".bubble")).to_have_count(11)
    expect(page.locator(".reply")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    chat = page.locator("#messages").bounding_box()
    for article in page.locator("article").all():
        box = article.bounding_box()
        assert box["x"] >= chat["x"]
        assert box["x"] + box["width"] <= chat["x"] + chat["width"]
    assert "https://" not in page.content()
    assert page.locator("img").count() == 0


def test_narrow_page_shows_which_phone_of_the_row_it_is(simulator, new_page):
    simulator.deliver()
    for last_digit in range(5):
        simulator.deliver(phone=f"{OTHER[:-1]}{last_digit}")
    page = new_page(width=320)

    page.goto(simulator.url())

    # All of it but for the fraction of a pixel that fonts may take.
    expect(page.locator(".contacts [aria-current]")).to_be_in_viewport(ratio=0.99)


@pytest.mark.parametrize(("language", "side"), [("he", "right"), ("uk", "left")])
def test_bubble_stands_on_the_side_its_language_begins_at(simulator, page, language, side):
    message = simulator.template(language)
    page.goto(simulator.url())

    box = bubble(page, message).bounding_box()
    chat = page.locator("#messages").bounding_box()

    gap_left = box["x"] - chat["x"]
    gap_right = chat["x"] + chat["width"] - box["x"] - box["width"]
    assert (gap_right < gap_left) == (side == "right")


def test_copy_button_copies_the_pin(simulator, new_page):
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    message = simulator.template("uk")
    page.goto(simulator.url())

    bubble(page, message).get_by_role("button", name="Copy").click()

    expect(page.locator("#announce")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "004217"


def test_message_is_seen_once_it_was_delivered_and_shown(simulator, page):
    message = simulator.deliver()
    page.goto(simulator.url())
    expect(state(page, message)).to_have_text("Accepted")

    simulator.inbox.update(message, "delivered")

    expect(state(page, message)).to_have_text("Seen")
    receipt = simulator.told("receipt")
    assert (receipt["requestId"], receipt["status"]) == (message, "seen")


def test_page_nobody_looks_at_sees_nothing(simulator, page):
    message = simulator.deliver(state="delivered")
    page.add_init_script(
        "window.isAway = true;"
        "Object.defineProperty(document, 'hidden', {get: () => window.isAway});"
    )
    page.goto(simulator.url())
    state_when_away = simulator.inbox.find(message).state

    page.evaluate("isAway = false; document.dispatchEvent(new Event('visibilitychange'))")

    expect(state(page, message)).to_have_text("Seen")
    assert state_when_away == "delivered"


def test_reply_is_shown_and_heard(simulator, page):
    message = simulator.deliver(state="delivered")
    page.goto(simulator.url())

    page.get_by_label("Reply", exact=True).fill("Thank you")
    page.get_by_role("button", name="Send").click()

    expect(page.locator(".reply")).to_contain_text("Thank you")
    expect(page.get_by_label("Reply", exact=True)).to_have_value("")
    told = simulator.told("reply")
    assert told["message"] == {"text": "Thank you"}
    assert told["traceRequestId"] == message


def test_of_a_file_only_the_name_is_sent(simulator, page):
    simulator.deliver()
    page.goto(simulator.url())

    with page.expect_request("**/reply") as sent:
        page.locator("#file").set_input_files(
            {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": b"what is in it"}
        )

    expect(page.locator(".reply")).to_contain_text("scan.pdf")
    assert "what is in it" not in sent.value.post_data


def test_reply_that_was_not_sent_stays_in_its_field(simulator, page):
    simulator.deliver()
    page.goto(simulator.url())
    page.get_by_label("Reply", exact=True).fill("Thank you")
    simulator.inbox.clear()
    expect(page.locator(".bubble")).to_have_count(0)

    page.get_by_role("button", name="Send").click()

    expect(page.get_by_role("alert")).to_contain_text("Not sent")
    expect(page.get_by_label("Reply", exact=True)).to_have_value("Thank you")


def test_phone_does_not_change_under_the_pen(simulator, page):
    simulator.deliver()
    page.goto(simulator.address)
    page.get_by_label("Reply", exact=True).fill("half a")

    simulator.deliver(phone=OTHER)
    expect(page.locator(".contacts a")).to_have_count(2)
    shown_while_writing = page.locator("#chat-title").inner_text()
    page.get_by_label("Reply", exact=True).fill("")
    page.get_by_label("Reply", exact=True).blur()

    assert shown_while_writing == "+380 67 123 4567"
    expect(page.locator("#chat-title")).to_have_text("+1 201-555-0123")


def test_whole_page_is_used_by_keyboard(simulator, new_page):
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    simulator.template("uk")
    page.goto(simulator.url())
    keyboard = page.keyboard

    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(page.locator("#messages")).to_be_focused()
    keyboard.press("Tab")
    expect(page.get_by_role("button", name="Copy 004217")).to_be_focused()
    keyboard.press("Enter")
    expect(page.locator("#announce")).to_have_text("Copied")
    keyboard.press("Tab")
    expect(page.locator("#file")).to_be_focused()
    keyboard.press("Tab")
    keyboard.type("By hand")
    keyboard.press("Enter")

    expect(page.locator(".reply")).to_contain_text("By hand")
    expect(page.get_by_label("Reply", exact=True)).to_be_focused()


def test_without_a_script_forms_do_it(simulator, new_page):
    message = simulator.deliver(state="delivered")
    page = new_page(java_script_enabled=False)

    page.goto(simulator.url())
    page.get_by_role("button", name="Mark as seen").click()
    expect(state(page, message)).to_have_text("Seen")
    page.get_by_role("link", name="Write a reply").click()
    page.get_by_label("Reply", exact=True).fill("By form")
    page.get_by_role("button", name="Send").click()

    expect(page.locator(".reply")).to_contain_text("By form")
    expect(page.locator("#composer")).to_be_hidden()
