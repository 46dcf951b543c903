"""Support and erasure on the service as it is deployed: what happened is told by the command."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from support.deployments import CALLBACK_SECRET, Deployment
from support.processes import ROOT
from support.redis_servers import wait_until

RECEIPTS = f"/callbacks/nxcloud/{CALLBACK_SECRET}/receipt"
DOCUMENT = (ROOT / "docs" / "support.md").read_text()
COMMANDS = re.findall(r"^    (otp-service (?:support|forget) .+)$", DOCUMENT, re.MULTILINE)


@dataclass
class Shell:
    """Runs the command line as an operator of this deployment does."""

    deployment: Deployment

    def __call__(self, *arguments: str) -> str:
        return self.run([sys.executable, "-m", "otp_service.cli", *arguments])

    def run(self, command: list[str]) -> str:
        environ = dict(self.deployment.environ)
        environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
        done = subprocess.run(
            command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def decisions(self, number: str) -> list[str]:
        content = json.loads(self("support", number, "--json"))
        return [entry["decision"] for entry in content["timeline"]]


@pytest.fixture
def shell(deployment: Deployment) -> Shell:
    return Shell(deployment)


def test_story_of_a_number_is_told_by_support(
    deployment: Deployment, shell: Shell, fresh_number: Callable[[], str]
) -> None:
    shop, number = deployment.shop, fresh_number()
    vid = shop.started(number, client_ip="203.0.113.7")["verification_id"]
    assert shop.verify(vid, shop.wrong_code(number)).status_code == 400
    assert shop.post("/otp/resend", verification_id=vid).status_code == 429
    for _ in range(4):
        shop.started(number)
    assert shop.start(number).status_code == 429

    report = shell("support", number)

    lines = report.splitlines()
    assert lines[1].startswith(
        "in short: the last message asked for was refused: 5 starts an hour to this number are "
        "used up, until "
    )
    for told in (
        f"{vid[:11]} from ",
        "started; message 1 over Viber is to go out",
        "a wrong code was typed; 4 guesses left",
        "another message refused: the last message was too recent; to wait: ",
        "5 of 5 starts an hour: used up for ",
        "1 of 20 wrong guesses a day",
    ):
        assert told in report
    assert "203.0.113.7" not in report
    assert shop.code_on_phone(number) not in re.sub(r"[0-9a-f]{32}", "", report)
    assert shell.decisions(number)[:3] == ["started", "message_taken", "code_wrong"]


def test_receipt_is_part_of_the_story(
    deployment: Deployment, shell: Shell, fresh_number: Callable[[], str]
) -> None:
    shop, number = deployment.shop, fresh_number()
    shop.started(number)
    message = shop.messages(number)[-1]["id"]
    before = shell("support", number)
    receipt = {"status": "delivered", "requestId": message, "code": 11001}

    requests.post(shop.service + RECEIPTS, json=receipt, timeout=30).raise_for_status()

    assert "in short: the provider took the last message, and has not said" in before
    after = shell("support", number)
    assert "in short: the provider says that the last message has arrived" in after
    assert f"the provider took message 1 over Viber, its id {message}" in after


def test_number_that_the_provider_refuses_is_explained(
    deployment: Deployment, shell: Shell, fresh_number: Callable[[], str]
) -> None:
    shop, number = deployment.shop, fresh_number()
    shop.fault(phone=number, code=9002)
    assert shop.start(number).status_code == 422

    report = shell("support", number)

    assert "in short: the last message was not sent: the provider refuses this number" in report
    assert "verifications:\n  none is kept" in report


def test_unlocked_number_starts_again_and_its_guesses_stay_counted(
    deployment: Deployment, shell: Shell, fresh_number: Callable[[], str]
) -> None:
    shop, number = deployment.shop, fresh_number()
    vid = shop.started(number)["verification_id"]
    for left in (4, 3, 2, 1):
        wrong = shop.verify(vid, shop.wrong_code(number)).json()
        assert wrong["attempts_left"] == left
    for _ in range(4):
        shop.started(number)
    assert shop.start(number).status_code == 429

    told = shell("support", number, "--unlock", "--application", "shop")

    assert "lifted what shop had charged to it" in told
    assert shop.start(number).status_code == 201
    assert shop.verify(vid, "000000").json()["code"] == "verification_exhausted"
    assert "unlocked" in shell.decisions(number)


def test_forgotten_number_is_nowhere_and_its_verification_not_found(
    deployment: Deployment, shell: Shell, fresh_number: Callable[[], str]
) -> None:
    shop, number, other = deployment.shop, fresh_number(), fresh_number()
    others = shop.started(other)["verification_id"]
    before = deployment.view.everything()
    vid = shop.started(number)["verification_id"]
    code = shop.code_on_phone(number)
    wait_until(lambda: len(deployment.view.everything()) >= len(before) + 4, what="it is linked")

    told = shell("forget", number, "--yes")

    assert "erased 3 keys of the number and 1 record" in told
    kept = {key for key in deployment.view.everything() if not key.startswith(b"otp1:k:")}
    assert kept == {key for key in before if not key.startswith(b"otp1:k:")}
    answer = shop.verify(vid, code)
    assert (answer.status_code, answer.json()["code"]) == (404, "verification_not_found")
    assert shop.verify(others, shop.code_on_phone(other)).status_code == 200


def test_document_shows_both_commands() -> None:
    assert {command.split()[1] for command in COMMANDS} == {"support", "forget"}


@pytest.mark.parametrize("command", COMMANDS)
def test_command_does_what_the_document_says(
    deployment: Deployment, shell: Shell, command: str
) -> None:
    assert "+380*******67" in shell.run(["bash", "-c", command]) or "--json" in command
