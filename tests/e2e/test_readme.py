"""The README's commands, run as printed against the demo (ports apart)."""

import json
import os
import re
import subprocess

import pytest
import requests
from support.deployments import Demo
from support.processes import ROOT

README = (ROOT / "README.md").read_text()


def test_curls_send_and_check_a_code(demo: Demo) -> None:
    start, messages, verify = _commands(demo)
    numbers = {"phone": "+380671234567"}
    requests.delete(f"{demo.caller.simulator}/simulator/messages", timeout=30)

    started = _run(start)
    seen = _run(messages)
    code = re.search(r"\d{6}", seen["messages"][-1]["text"])
    assert code
    approved = _run(verify, VERIFICATION_ID=started["verification_id"], CODE=code[0])

    assert approved["status"] == "approved"
    assert approved["phone"] == numbers["phone"]


@pytest.mark.parametrize("target", ["demo", "test"])
def test_make_has_the_two_commands(target: str) -> None:
    assert f"    make {target}\n" in README
    subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)]+)\)", README)

    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def _commands(demo: Demo) -> list[str]:
    blocks = re.findall(r"(?:^    .*\n)+", README, re.MULTILINE)
    curls = [block for block in blocks if block.startswith("    curl")]
    return [
        curl.replace(":8000", f":{demo.port}").replace(":8001", f":{demo.simulator_port}")
        for curl in curls
    ]


def _run(command: str, **environ: str) -> dict[str, object]:
    done = subprocess.run(
        ["bash", "-c", command],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **environ},
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return answer
