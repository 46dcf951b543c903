"""What docs/simulator.md says, held against the simulator."""

import json
import re
import shlex
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from werkzeug.serving import make_server

from otp_service.cli import main
from otp_service.cli.simulator import command
from otp_service.simulator.app import create_simulator
from otp_service.simulator.message_type import FILE_TYPES
from otp_service.simulator.numbers import SPECIAL
from otp_service.simulator.terms import Terms

DOCUMENT = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
CURLS = [line for line in DOCUMENT.replace("\\\n", "").splitlines() if re.match(r" +curl ", line)]
ORDERS = re.findall(r"^    otp-service simulator (faults?.*)$", DOCUMENT, re.MULTILINE)


@pytest.fixture
def served(sender):
    """The address of a simulator in which a phone has a message."""
    sender.text()
    server = make_server("127.0.0.1", 0, sender.client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("line", CURLS)
def test_curl_is_answered_as_printed(client, sender, line):
    sender.text()
    words = shlex.split(line, comments=True)
    url = next(word for word in words if word.startswith("http://127.0.0.1:8001/"))
    method = words[words.index("-X") + 1] if "-X" in words else "GET"
    body = json.loads(words[words.index("-d") + 1]) if "-d" in words else None

    answered = client.open(url, method=method, json=body)

    assert answered.status_code in {200, 201}


@pytest.mark.parametrize("line", ORDERS)
def test_fault_is_ordered_as_printed(served, line):
    url = ["--url", served]
    words = shlex.split(line)
    words[1:1] = url

    result = CliRunner().invoke(main, ["simulator", *words])

    assert result.exit_code == 0
    assert len(ORDERS) == 7


@pytest.mark.parametrize(
    "path",
    sorted(
        str(rule)
        for rule in create_simulator().url_map.iter_rules()
        if str(rule).startswith(("/simulator/", "/api/"))
    ),
)
def test_route_is_documented(path):
    assert path in DOCUMENT


@pytest.mark.parametrize("option", [each.opts[0] for each in command.params])
def test_option_is_documented(option):
    assert re.search(rf"`{option}\b", DOCUMENT)


@pytest.mark.parametrize("name", Terms.model_fields)
def test_property_of_the_account_is_documented(name):
    assert f"\n| `{name}` |" in DOCUMENT


@pytest.mark.parametrize(("phone", "fate"), SPECIAL.items(), ids=SPECIAL)
def test_special_number_is_documented_with_its_fate(phone, fate):
    assert f"\n| {phone} | {fate.viber} | {fate.sms} |\n" in DOCUMENT


def test_number_of_file_types_is_the_documented_one():
    assert f"{len(FILE_TYPES)} file types" in DOCUMENT
