"""The commands and the Python of docs/idempotency.md, run as printed against the demo."""

import json
import os
import re
import subprocess
import sys

import pytest
import requests
from support.deployments import Demo
from support.processes import ROOT

DOCUMENT = (ROOT / "docs" / "idempotency.md").read_text()
BLOCKS = re.findall(r"(?:^    .*\n)+", DOCUMENT, re.MULTILINE)
START, VERIFY, PROVE = (block for block in BLOCKS if block.startswith("    curl"))
(CANONICAL,) = (block.strip() for block in BLOCKS if block.startswith("    {"))
(SHA256,) = re.findall(r"^    ([0-9a-f]{64})$", DOCUMENT, re.MULTILINE)
(PROGRAM,) = re.findall(r"^```python\n(.+?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


def run(demo: Demo, command: str, **environ: str) -> dict[str, object]:
    done = subprocess.run(
        ["bash", "-c", command.replace(":8000", f":{demo.port}")],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **environ},
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


@pytest.fixture
def demo_phone(demo: Demo) -> Demo:
    """A phone that has nothing on it yet."""
    requests.delete(f"{demo.caller.simulator}/simulator/messages", timeout=30)
    return demo


def test_payment_is_started_once_and_confirmed_with_its_context(demo_phone: Demo) -> None:
    demo = demo_phone
    started = run(demo, START)
    assert run(demo, START) == started
    assert len(demo.caller.messages()) == 1
    code, vid = demo.caller.code_on_phone(), str(started["verification_id"])

    other = VERIFY.replace("250.00", "950.00")
    assert run(demo, other, VERIFICATION_ID=vid, CODE=code)["code"] == "code_incorrect"
    approved = run(demo, VERIFY, VERIFICATION_ID=vid, CODE=code)
    proven = run(demo, PROVE, PROOF=str(approved["proof"]))

    assert approved["status"] == "approved"
    assert proven["context_sha256"] == SHA256


def test_program_gives_the_hash_that_the_document_shows() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + "print(canonical)"],
        check=True,
        capture_output=True,
        text=True,
    )

    assert done.stdout.split("\n")[:2] == [SHA256, CANONICAL]
