"""The commands and the Python of docs/send.md, run as printed against the simulator."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.deployments import Demo
from support.processes import ROOT, clean_environ

DOCUMENT = (ROOT / "docs" / "send.md").read_text()
COMMANDS = re.findall(r"^    (otp-service send .+)$", DOCUMENT, re.MULTILINE)
(EXPORTED,) = re.findall(r"^    export (\w+)=(\w+)$", DOCUMENT, re.MULTILINE)
(PROGRAM,) = re.findall(r"^```python\n(.+?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


def simulator_messages(demo: Demo) -> int:
    return sum(len(demo.caller.messages(phone)) for phone in ("+12015550123", "+380671234567"))


@pytest.mark.parametrize("command", COMMANDS)
def test_command_does_what_the_document_says(demo: Demo, command: str) -> None:
    name, value = EXPORTED
    environ = clean_environ(OTP_NXCLOUD_BASE_URL=demo.caller.simulator, **{name: value})
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    before = simulator_messages(demo)

    done = subprocess.run(
        ["bash", "-c", command], env=environ, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "billed as: " in done.stdout
    assert simulator_messages(demo) - before == (0 if "--dry-run" in command else 1)


def test_document_shows_every_function_type() -> None:
    shown = {command.split()[2] for command in COMMANDS}

    assert len(shown) == 9


def test_program_does_what_the_document_says(demo: Demo) -> None:
    program = PROGRAM.replace("http://127.0.0.1:8001", demo.caller.simulator)

    done = subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environ(),
        capture_output=True,
        text=True,
        check=True,
    )

    accepted, refused = done.stdout.splitlines()
    assert re.fullmatch(r"accepted [0-9a-f]{32} Promotional", accepted)
    assert refused == "/image must be an http or https link to a host"


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)]+)\)", DOCUMENT)

    assert targets
    assert [target for target in targets if not (ROOT / "docs" / target).exists()] == []
