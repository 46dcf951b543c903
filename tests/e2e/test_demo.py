import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from support.deployments import Demo
from support.processes import clean_environ, free_port, running
from support.redis_servers import wait_until


def test_printed_curl_sends_a_code(demo: Demo) -> None:
    banner = demo.log.read_text()
    printed = re.search(r"^  curl .*\\\n.*$", banner, re.MULTILINE)
    assert printed

    answer = subprocess.run(["bash", "-c", printed[0]], check=True, capture_output=True, text=True)

    assert '"status":"pending"' in answer.stdout
    assert f"http://127.0.0.1:{demo.port}" in banner
    assert f"http://127.0.0.1:{demo.simulator_port}" in banner


def test_code_on_the_phone_is_approved(demo: Demo, fresh_number: Callable[[], str]) -> None:
    number = fresh_number()
    started = demo.caller.started(number)

    answer = demo.caller.verify(started["verification_id"], demo.caller.code_on_phone(number))

    assert answer.status_code == 200
    assert answer.json()["phone"] == number


def test_two_hundred_numbers_all_start(demo: Demo, fresh_number: Callable[[], str]) -> None:
    numbers = [fresh_number() for _ in range(200)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(demo.caller.start, numbers))

    assert {answer.status_code for answer in answers} == {201}


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_ports_are_free_again_however_it_ends(tmp_path: Path, ending: signal.Signals) -> None:
    ports, log = [free_port(), free_port()], tmp_path / "log"
    options = ["--port", str(ports[0]), "--simulator-port", str(ports[1])]
    # As a shell starts what it puts into the background.
    command = ["bash", "-c", 'trap "" INT; exec "$@"', "bash", sys.executable, "-m"]
    command += ["otp_service.cli", "demo", *options]
    with running(command, environ=clean_environ(), log=log) as process:
        wait_until(lambda: "Ctrl-C" in log.read_text(), what="the demo says what it is")

        process.send_signal(ending)

        wait_until(lambda: process.poll() is not None, what="it ends")
        for port in ports:
            wait_until(lambda port=port: is_free(port), what=f"port {port} is free")


def is_free(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return True
    return False


def test_foreign_host_name_is_refused(demo: Demo) -> None:
    headers = {"Authorization": "Bearer otp_demo", "Host": "rebound.example"}

    answer = requests.get(f"{demo.caller.service}/healthz", headers=headers, timeout=30)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_pages_name_no_other_host(demo: Demo) -> None:
    pages = [f"{demo.caller.simulator}/", f"{demo.caller.service}/docs"]

    texts = [requests.get(page, timeout=30).text for page in pages]

    assert not [text for text in texts if "https://" in text]
