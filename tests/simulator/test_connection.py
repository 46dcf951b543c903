import http.client
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.processes import await_answer, clean_environ, free_port, running
from werkzeug.serving import make_server

from otp_service.simulator.app import create_simulator
from otp_service.simulator.connection import lost_answer

BODY = json.dumps(
    {
        "appkey": "sim_app",
        "phone": "380671234567",
        "functionType": "text",
        "messageData": {"rateType": "Transactional", "text": "hi"},
    }
).encode()


@contextmanager
def under_werkzeug(_: Path) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, create_simulator(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def under_granian(folder: Path) -> Iterator[int]:
    port, log = free_port(), folder / "log"
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--factory"]
    command += ["--port", str(port), "--blocking-threads", "4"]
    command += ["otp_service.simulator.app:create_simulator"]
    with running(command, environ=clean_environ(), log=log) as process:
        await_answer(f"http://127.0.0.1:{port}/simulator/faults", process, log)
        yield port


@pytest.fixture(params=[under_werkzeug, under_granian], ids=["werkzeug", "granian"], scope="module")
def port(request, tmp_path_factory):
    with request.param(tmp_path_factory.mktemp("server")) as number:
        yield number


def call(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def send(port, sign):
    headers = sign(BODY, ts=str(int(time.time() * 1000)))
    return call(port, "POST", "/api/viber/mt", BODY, headers)


def order(port, fault):
    kind = {"Content-Type": "application/json"}
    return call(port, "PUT", "/simulator/faults", json.dumps(fault), kind)


def delivered(port):
    return len(json.loads(call(port, "GET", "/simulator/messages")[1])["messages"])


# What a caller sees of a lost answer: nothing, or a status line whose promised body does not come.
LOST = (http.client.RemoteDisconnected, ConnectionResetError, http.client.IncompleteRead)


def test_dropped_answer_never_arrives_while_the_message_does(port, sender):
    before = delivered(port)
    order(port, {"drop": True, "times": 3})

    for _ in range(3):
        with pytest.raises(LOST):
            send(port, sender.signed_headers)

    assert delivered(port) == before + 3


def test_garbage_arrives_as_a_whole_answer_that_is_no_json(port, sender):
    before = delivered(port)
    order(port, {"garbage": True})

    response, body = send(port, sender.signed_headers)

    assert response.status == 200
    with pytest.raises(UnicodeDecodeError):
        json.loads(body)
    assert delivered(port) == before + 1


def test_send_after_the_faults_is_answered_with_one_date(port, sender):
    response, body = send(port, sender.signed_headers)

    assert json.loads(body)["code"] == 0
    assert len(response.headers.get_all("Date")) == 1


def test_delayed_send_holds_up_nobody_else(port, sender):
    order(port, {"delay_ms": 700})
    slow = threading.Thread(target=send, args=(port, sender.signed_headers))
    slow.start()
    while json.loads(call(port, "GET", "/simulator/faults")[1])["faults"]:
        pass

    before = delivered(port)

    assert slow.is_alive()
    slow.join()
    assert delivered(port) == before + 1


def test_server_that_hands_no_socket_over_gets_a_body_that_does_not_come():
    response = lost_answer({})

    assert response.content_length > 0
    assert not response.is_sequence
    assert list(response.response) == []


def test_socket_that_is_handed_over_is_shut_before_any_byte():
    ours, theirs = socket.socketpair()

    with ours, theirs:
        lost_answer({"werkzeug.socket": ours})

        assert theirs.recv(1) == b""


def test_caller_who_has_left_already_is_no_error():
    ours, theirs = socket.socketpair()
    theirs.close()
    ours.close()

    response = lost_answer({"werkzeug.socket": ours})

    assert response.status_code == 200
