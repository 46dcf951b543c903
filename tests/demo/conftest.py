"""The pages in this process, and a service that answers them as it is told to."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from support.processes import free_port
from support.scripted_service import API_KEY, ScriptedService
from werkzeug.serving import make_server

from otp_service.demo import create_demo_pages


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    scripted = ScriptedService()
    app = Flask(__name__)
    app.add_url_rule("/<path:path>", view_func=scripted.answer, methods=["GET", "POST"])
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    scripted.url = f"http://127.0.0.1:{server.server_port}"
    yield scripted
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser_of(service: ScriptedService) -> Callable[..., FlaskClient]:
    """Give a browser before the pages; options are those of ``create_demo_pages``."""

    def browser(**options: Any) -> FlaskClient:
        app = Flask(__name__, static_folder=None)
        parts = {"service_url": service.url, "api_key": API_KEY, "cookie_key": b"k" * 32}
        app.register_blueprint(create_demo_pages(**parts | options))
        return app.test_client()

    return browser


@pytest.fixture
def browser(browser_of: Callable[..., FlaskClient]) -> FlaskClient:
    return browser_of()


@pytest.fixture
def waiting(browser: FlaskClient) -> FlaskClient:
    """A browser that waits for its code."""
    answer = browser.post("/demo/", data={"phone": "067 123 45 67", "country": "UA"})
    assert answer.status_code == 303
    return browser


@pytest.fixture
def unused_address() -> str:
    return f"http://127.0.0.1:{free_port()}"
