"""API keys with scopes on the service as it is deployed, from drawing one to seeing it used."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from support.deployments import Deploying, Deployment
from support.processes import ROOT, clean_environ
from support.redis_servers import wait_until


def keys(*arguments: str, environ: dict[str, str]) -> str:
    command = [sys.executable, "-m", "otp_service.cli", "keys", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout


def test_key_for_verifying_alone_verifies_and_does_nothing_else(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, verifier, number = deployment.shop, deployment.verifier, fresh_number()
    vid = shop.started(number)["verification_id"]
    before = deployment.view.standing()

    refused = [
        verifier.start(fresh_number()),
        verifier.post("/otp/resend", verification_id=vid),
        verifier.post("/otp/cancel", verification_id=vid),
        verifier.get(f"/otp/verifications/{vid}"),
        verifier.post("/otp/proof", proof="x"),
    ]

    assert {(a.status_code, a.json()["code"]) for a in refused} == {(403, "forbidden")}
    assert deployment.view.standing() == before
    approved = verifier.verify(vid, shop.code_on_phone(number))
    assert (approved.status_code, approved.json()["phone"]) == (200, number)


def test_refused_starts_leave_the_number_s_budget_whole(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    number = fresh_number()

    refused = {deployment.verifier.start(number).status_code for _ in range(10)}

    assert refused == {403}
    assert [deployment.shop.start(number).status_code for _ in range(5)] == [201] * 5
    assert len(deployment.shop.messages(number)) == 5


def test_new_key_works_as_printed_beside_the_old_ones_and_is_seen(
    tmp_path: Path, fresh_number: Callable[[], str]
) -> None:
    arguments = ["--application", "shop", "--id", "web-2", "--scope", "start", "--scope", "verify"]
    key, _, tables = keys("new", "--test", *arguments, environ=clean_environ()).partition("\n")
    with Deploying(tmp_path, tables) as deployed:
        new, number = replace(deployed.shop, api_key=key), fresh_number()
        assert "never seen" in line_of("web-2", deployed)
        began = datetime.now(UTC)

        vid = new.started(number)["verification_id"]
        approved = new.verify(vid, new.code_on_phone(number))

        assert approved.status_code == 200
        wait_until(lambda: "UTC" in line_of("web-2", deployed), what="its use is noted")
        minutes = {f"{each:%Y-%m-%d %H:%M} UTC" for each in (began, datetime.now(UTC))}
        assert [minute for minute in minutes if minute in line_of("web-2", deployed)]
        assert "never seen" in line_of("verifier", deployed)
        assert deployed.shop.start(fresh_number()).status_code == 201


def test_log_has_the_key_s_name_and_never_the_key(deployment: Deployment) -> None:
    deployment.verifier.start("+380671234567")

    text = deployment.log.read_text()

    served = [line for line in map(json.loads, text.splitlines()) if "key" in line]
    refused = [line for line in served if line["key"] == "verifier"][-1]
    assert (refused["application"], refused["status"]) == ("shop", 403)
    assert refused["code"] == "forbidden"
    assert deployment.verifier.api_key not in text


def test_key_is_answered_while_its_use_cannot_be_noted(own_deployment: Deployment) -> None:
    own_deployment.redis.stop()

    answers = [own_deployment.verifier.start("+380671234567") for _ in range(4)]

    assert {answer.status_code for answer in answers} == {403}


def line_of(name: str, deployed: Deployment) -> str:
    """Give the line of one of the shop's keys in the list."""
    lines = keys("list", environ=deployed.environ).splitlines()
    (line,) = [line for line in lines if line.split()[:2] == ["shop", name]]
    return line
