"""A real Chromium, driven from here, and the demo for it to visit.

A page that complains on its console, throws, or asks anything of another host fails its test.
"""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from support.browsers import NO_BROWSER, REQUIRED
from support.deployments import Demo, running_demo

# Without a sandbox, for a container's root has none; and nothing asked of anybody at start-up.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
_OWN_HOSTS = frozenset({"127.0.0.1", "localhost"})
# Chromium's own line about a page that was served as an error, which is no fault of the page.
_SERVED_AS_ERROR = "Failed to load resource: the server responded with a status of 4"
_PATIENCE_MS = 10_000


@dataclass
class Watched:
    """What the pages of a test did beside what they were asked to."""

    complaints: list[str] = field(default_factory=list)

    def over(self, page: Page) -> Page:
        page.on("console", self._heed)
        page.on("pageerror", lambda error: self.complaints.append(f"thrown: {error}"))
        page.on("request", lambda request: self._locate(request.url))
        page.on("websocket", lambda socket: self._locate(socket.url))
        return page

    def _heed(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_SERVED_AS_ERROR):
            self.complaints.append(f"{message.type} on the console: {message.text}")

    def _locate(self, url: str) -> None:
        address = urlsplit(url)
        if address.scheme not in {"blob", "data"} and address.hostname not in _OWN_HOSTS:
            self.complaints.append(f"asked another host: {url}")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser; without one its tests are left out, or fail if they must not be."""
    path = shutil.which("chromium")
    if path is None and os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{REQUIRED} is set, but there is {NO_BROWSER}", pytrace=False)
    if path is None:
        pytest.skip(NO_BROWSER)
    return path


# By module, not by session: an idle browser would keep a core from the tests that follow.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo, whose codes can be sent again after one second, then two."""
    directory = tmp_path_factory.mktemp("demo")
    with running_demo(directory, OTP_RESEND_COOLDOWN_SECONDS="1") as running:
        yield running


@pytest.fixture
def watched() -> Iterator[Watched]:
    watching = Watched()
    yield watching
    assert watching.complaints == []


@pytest.fixture
def new_page(browser: Browser, watched: Watched) -> Iterator[Callable[..., Page]]:
    """Open a page in a browser profile of its own; options are those of a playwright context."""
    contexts = []

    def open_page(*, width: int = 1280, height: int = 800, **options: Any) -> Page:
        viewport = {"width": width, "height": height}
        context = browser.new_context(viewport=viewport, **{"locale": "en-GB", **options})
        context.set_default_timeout(_PATIENCE_MS)
        context.on("page", watched.over)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    return new_page()


@pytest.fixture
def fresh_number() -> Callable[[], str]:
    """Give numbers that nobody has used: a number gets five starts an hour."""
    return lambda: f"+38067{next(_NUMBERS):07d}"


# A few a range: the fraud guard would shut one range for so many starts.
_NUMBERS = itertools.count(2_000_000, 1_009)
