from dataclasses import dataclass, field

import pytest
from flask import Flask

from otp_service.simulator import events


@dataclass(kw_only=True)
class FakeInbox:
    """Has at each wait what the script says, and ends the stream's time with it."""

    script: list[str]
    version: str = "run-0"
    waits: list[tuple[str, float]] = field(default_factory=list)

    def wait_for_change(self, version, timeout_seconds):
        self.waits.append((version, timeout_seconds))
        self.version = self.script.pop(0)
        return self.version

    def seconds(self):
        return 0 if self.script else events.STREAM_SECONDS


def serve(inbox, **options):
    app = Flask("events")
    app.register_blueprint(events.blueprint(inbox, seconds=inbox.seconds, **options))
    return app.test_client()


def test_stream_begins_with_the_version_there_is():
    client = serve(FakeInbox(script=["run-0"]))

    first = next(client.get("/events").iter_encoded())

    assert first == b"retry: 1000\ndata: run-0\n\n"


def test_stream_tells_each_change_and_breathes_between():
    inbox = FakeInbox(script=["run-1", "run-1", "run-2"])

    told = list(serve(inbox).get("/events").iter_encoded())[1:]

    assert told == [b"data: run-1\n\n", b": still here\n\n", b"data: run-2\n\n"]
    assert [version for version, _ in inbox.waits] == ["run-0", "run-1", "run-1"]


def test_stream_is_never_silent_for_longer_than_its_heartbeat():
    inbox = FakeInbox(script=["run-0"])

    list(serve(inbox).get("/events").iter_encoded())

    assert [seconds for _, seconds in inbox.waits] == [0.5]


def test_stream_ends_after_some_minutes():
    now = iter([100.0, 100.0, 399.9, 400.0])
    app = Flask("events")
    app.register_blueprint(
        events.blueprint(FakeInbox(script=["run-0"] * 9), seconds=lambda: next(now))
    )

    told = list(app.test_client().get("/events").iter_encoded())

    assert len(told) == 3


def test_stream_is_event_stream_that_nothing_stores():
    answer = serve(FakeInbox(script=["run-0"])).get("/events")

    assert answer.status_code == 200
    assert answer.mimetype == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"


def test_one_stream_too_many_is_503_until_another_ends():
    client = serve(FakeInbox(script=["run-0"] * 9), max_streams=2)
    first, _second = client.get("/events"), client.get("/events")

    refused = client.get("/events")
    first.close()
    taken = client.get("/events")

    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "1"
    assert taken.status_code == 200


def test_streams_leave_a_browser_one_connection_and_the_server_most_threads():
    client = serve(FakeInbox(script=["run-0"] * 9))

    answers = [client.get("/events") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [503]


@pytest.mark.parametrize("change", ["message", "reply", "emptied"])
def test_event_names_the_version_the_page_then_has(sender, simulator, change):
    sender.text()
    stream = simulator.test_client().get("/events").iter_encoded()
    before = next(stream)

    if change == "message":
        sender.text()
    elif change == "reply":
        sender.client.post("/reply", data={"phone": "+380671234567", "text": "hi"})
    else:
        sender.client.delete("/simulator/messages")
    told = next(stream)

    assert told != before
    assert sender.client.get("/").headers["ETag"] == f'W/"{told.decode()[6:].strip()}"'
    stream.close()
