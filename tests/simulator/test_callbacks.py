import json
import logging
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import BadStatusLine
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from otp_service.simulator import callbacks as callbacks_module
from otp_service.simulator.app import create_simulator
from otp_service.simulator.callbacks import Callbacks, InvalidCallbackUrl, LoopbackPost
from otp_service.simulator.schedule import BackgroundSchedule

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SECRET = "a-secret-of-the-test"


@pytest.fixture
def callbacks(receiver, schedule):
    return Callbacks(post=receiver, schedule=schedule, clock=lambda: NOW)


@contextmanager
def listening(status=200, **headers):
    """A receiver on a port, and the requests it got."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, self.headers["Content-Type"], body))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server.server_port, got
    server.shutdown()
    thread.join()
    server.server_close()


def send(callbacks, request_id="r1"):
    callbacks.send("receipt", {"status": "seen"}, request_id=request_id, status="seen")


def last(callbacks):
    return callbacks.latest()[-1].as_json()


def test_callback_is_posted_when_it_is_its_turn(callbacks, receiver, schedule):
    send(callbacks)
    before = last(callbacks)

    schedule.advance()

    assert receiver.posted == [("receipt", {"status": "seen"})]
    shown = {
        "kind": "receipt",
        "request_id": "r1",
        "status": "seen",
        "at": "2026-11-24T08:00:00.000Z",
    }
    assert before == shown | {"tries": 0, "outcome": "waiting", "http_status": None}
    assert last(callbacks) == shown | {"tries": 1, "outcome": "sent", "http_status": 200}


@pytest.mark.parametrize(
    ("answer", "http_status"),
    [
        (500, 500),
        (503, 503),
        (429, 429),
        (ConnectionRefusedError(), None),
        (TimeoutError(), None),
        (BadStatusLine(""), None),
    ],
)
def test_callback_nobody_took_is_tried_again_after_growing_waits(
    callbacks, receiver, schedule, answer, http_status
):
    receiver.answers = [answer] * 4
    send(callbacks)

    tries = []
    for seconds in (0, 0.99, 0.01, 4.99, 0.01, 24.99, 0.01, 3_600):
        schedule.advance(seconds)
        tries.append(len(receiver.posted))

    assert tries == [1, 1, 2, 2, 3, 3, 4, 4]
    assert last(callbacks)["outcome"] == "dropped"
    assert last(callbacks)["http_status"] == http_status


def test_callback_that_is_tried_again_can_arrive(callbacks, receiver, schedule):
    receiver.answers = [503]
    send(callbacks)
    schedule.advance()
    between = last(callbacks)

    schedule.advance(1)

    assert (between["outcome"], between["tries"], between["http_status"]) == ("waiting", 1, 503)
    assert (last(callbacks)["outcome"], last(callbacks)["tries"]) == ("sent", 2)


@pytest.mark.parametrize("status", [302, 400, 404])
def test_callback_that_was_refused_is_given_up(callbacks, receiver, schedule, status):
    receiver.answers = [status]
    send(callbacks)

    schedule.advance(3_600)

    assert len(receiver.posted) == 1
    assert (last(callbacks)["outcome"], last(callbacks)["http_status"]) == ("dropped", status)


def test_callback_that_finds_no_room_is_dropped(receiver):
    full = BackgroundSchedule(limit=0)
    callbacks = Callbacks(post=receiver, schedule=full, clock=lambda: NOW)

    send(callbacks)

    assert last(callbacks)["outcome"] == "dropped"
    assert receiver.posted == []


def test_nobody_to_call_back_is_no_callback(schedule):
    callbacks = Callbacks(post=None, schedule=schedule, clock=lambda: NOW)

    send(callbacks)

    assert callbacks.latest() == []
    assert not callbacks.is_configured


def test_only_the_last_are_shown(callbacks, receiver, schedule, monkeypatch):
    monkeypatch.setattr(callbacks_module, "SHOWN_CALLBACKS", 2)
    receiver.answers = [503]
    for request_id in ("r1", "r2", "r3"):
        send(callbacks, request_id)

    schedule.advance(1)

    assert [record.request_id for record in callbacks.latest()] == ["r2", "r3"]
    assert len(receiver.posted) == 4


def test_list_of_callbacks_says_what_became_of_each(sender, schedule):
    request_id = sender.text().json["data"]["requestId"]
    schedule.advance(1)

    answer = sender.client.get("/simulator/callbacks").json

    assert answer["is_configured"]
    assert [(one["request_id"], one["status"], one["outcome"]) for one in answer["callbacks"]] == [
        (request_id, "success", "sent"),
        (request_id, "delivered", "sent"),
    ]


def test_list_without_a_callback_url_is_empty_and_says_so(clock):
    client = create_simulator(clock=clock).test_client()

    answer = client.get("/simulator/callbacks")

    assert answer.json == {"is_configured": False, "callbacks": []}


@pytest.mark.parametrize("slash", ["", "/"])
def test_post_goes_to_the_url_and_its_kind(slash):
    with listening() as (port, got):
        post = LoopbackPost(f"http://127.0.0.1:{port}/callbacks/{SECRET}{slash}")

        status = post("reply", b'{"a":1}')

    assert status == 200
    assert got == [(f"/callbacks/{SECRET}/reply", "application/json", b'{"a":1}')]


def test_post_follows_no_redirect_and_asks_no_proxy(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:1")
    with listening() as (other, elsewhere):
        target = {"Location": f"http://127.0.0.1:{other}/"}
        with listening(307, **target) as (port, _):
            status = LoopbackPost(f"http://127.0.0.1:{port}")("receipt", b"{}")

    assert status == 307
    assert elsewhere == []


def test_nobody_listening_is_an_error_the_callbacks_take():
    with listening() as (port, _):
        pass

    with pytest.raises(OSError, match="refused"):
        LoopbackPost(f"http://127.0.0.1:{port}")("receipt", b"{}")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
def test_url_of_this_machine_is_taken(host):
    LoopbackPost(f"http://{host}:8000/callbacks/nxcloud/{SECRET}")
    LoopbackPost(f"http://{host}")


@pytest.mark.parametrize(
    "url",
    [
        f"https://127.0.0.1/{SECRET}",
        f"http://example.org/{SECRET}",
        f"http://127.0.0.1.example.org/{SECRET}",
        f"http://192.0.2.1/{SECRET}",
        f"http://user@127.0.0.1/{SECRET}",
        f"http://127.0.0.1/{SECRET}?a=b",
        f"http://127.0.0.1/{SECRET}#a",
        f"http://127.0.0.1:99999/{SECRET}",
        f"http://[::1/{SECRET}",
        f"http://127.0.0.1/é{SECRET}",
        f"http://127.0.0.1/a {SECRET}",
        f"//127.0.0.1/{SECRET}",
        SECRET,
        "",
    ],
)
def test_url_of_elsewhere_or_of_another_form_is_refused_and_not_repeated(url):
    with pytest.raises(InvalidCallbackUrl) as caught:
        create_simulator(callback_url=url)

    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None or SECRET not in repr(caught.value.__context__)


def test_secret_of_the_url_is_nowhere_to_be_read(sender, clock, schedule, caplog):
    with listening(404) as (port, got), caplog.at_level(logging.DEBUG):
        url = f"http://127.0.0.1:{port}/callbacks/nxcloud/{SECRET}"
        app = create_simulator(clock=clock, schedule=schedule, callback_url=url)
        sender.client = app.test_client()
        sender.text()
        schedule.advance(60)
        places = ["/", "callbacks", "messages", "account", "faults", "numbers"]
        shown = [sender.client.get(f"/simulator/{place}").text for place in places]
        shown.append(sender.client.get("/").text)

    assert len(got) == 2
    assert SECRET not in "".join(shown) + caplog.text + repr(app) + repr(LoopbackPost(url))
    assert json.loads(shown[1])["callbacks"][0]["http_status"] == 404
