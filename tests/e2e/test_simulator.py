"""The simulator as its command runs it: an account sends, and is called back."""

import hashlib
import json
import queue
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
from support.processes import await_answer, clean_environ, cli, free_port

SECRET = "callback-secret-of-the-tests"


class Receiver:
    """A sender's own server, where callbacks arrive."""

    def __init__(self) -> None:
        self.got: queue.Queue[tuple[str, str]] = queue.Queue()
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                got.put((self.path, body.get("status", "")))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/callbacks/nxcloud/{SECRET}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def send(simulator: str) -> requests.Response:
    body = json.dumps(
        {
            "appkey": "sim_app",
            "phone": "380671234567",
            "functionType": "text",
            "messageData": {"rateType": "Transactional", "text": "Your code is 004217."},
        }
    )
    ts = str(int(time.time() * 1_000))
    signed = f"accessKey=sim_access&action=mt&bizType=7&ts={ts}&body={body}&accessSecret=sim_secret"
    headers = {
        "accessKey": "sim_access",
        "ts": ts,
        "bizType": "7",
        "action": "mt",
        "sign": hashlib.md5(signed.encode()).hexdigest(),  # noqa: S324 - the provider's choice
        "Content-Type": "application/json",
    }
    return requests.post(f"{simulator}/api/viber/mt", body, headers=headers, timeout=30)


def test_simulator_that_was_told_a_callback_url_calls_back(
    receiver: Receiver, tmp_path: Path
) -> None:
    port, log = free_port(), tmp_path / "log"
    simulator = f"http://127.0.0.1:{port}"
    command = ["simulator", "--port", str(port), "--delivery-ms", "1", "--balance", "0.015"]
    environ = clean_environ(OTP_SIMULATOR_CALLBACK_URL=receiver.url)
    with cli(*command, environ=environ, log=log) as process:
        await_answer(simulator, process, log)

        codes = [send(simulator).json()["code"] for _ in range(2)]
        requests.post(
            f"{simulator}/simulator/replies",
            json={"phone": "+380671234567", "text": "Hello?"},
            timeout=30,
        )

        arrived = {receiver.got.get(timeout=30) for _ in range(3)}
        listed = requests.get(f"{simulator}/simulator/callbacks", timeout=30)

    assert codes == [0, 1102]
    path = f"/callbacks/nxcloud/{SECRET}"
    assert arrived == {
        (f"{path}/receipt", "success"),
        (f"{path}/receipt", "delivered"),
        (f"{path}/reply", ""),
    }
    assert SECRET not in listed.text + log.read_text()
