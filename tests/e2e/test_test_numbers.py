"""Test numbers on the service as it is deployed, made by the commands of the documentation."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.deployments import Deploying
from support.processes import ROOT, clean_environ

DOCUMENT = (ROOT / "docs" / "test-numbers.md").read_text()
NUMBER = "+380671234567"
OTHER_NUMBER = "+380501234567"


def command(verb: str) -> list[str]:
    """Give the one command of the documentation with this verb."""
    (found,) = re.findall(rf"^    (otp-service test-numbers {verb}.*)$", DOCUMENT, re.MULTILINE)
    return shlex.split(found)[1:]


def output_of(arguments: list[str], environ: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "otp_service.cli", *arguments],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Give an environment whose settings a test may add to, in ``made.toml``."""
    config = tmp_path / "made.toml"
    config.write_text(f'[applications.shop]\napi_keys_sha256 = ["{"a" * 64}"]\n')
    return clean_environ(
        OTP_CONFIG=str(config),
        OTP_REDIS_URL="memory://",
        OTP_SECRET_KEYS="s" * 40,
        OTP_NUMBER_KEY="n" * 40,
        OTP_NXCLOUD_ACCESS_KEY="sim_access",
        OTP_NXCLOUD_ACCESS_SECRET="sim_secret",
        OTP_NXCLOUD_APPKEY="sim_app",
    )


@pytest.fixture
def made(environ: dict[str, str]) -> tuple[str, str]:
    """Give the PIN and the table of a test number."""
    pin, _, table = output_of(command("new"), environ).partition("\n")
    return pin, table


def test_fixed_pin_opens_and_nobody_gets_a_message(tmp_path: Path, made: tuple[str, str]) -> None:
    pin, table = made
    with Deploying(tmp_path, table, shop="allow_test_numbers = true") as deployed:
        shop = deployed.shop
        started = shop.started(NUMBER)
        vid = started["verification_id"]
        resent = shop.post("/otp/resend", verification_id=vid)
        wrong = shop.verify(vid, "000000")
        approved = shop.verify(vid, pin)
        proven = shop.post("/otp/proof", proof=approved.json()["proof"])
        status = shop.get(f"/otp/verifications/{vid}")

        assert (started["delivery"], started["channel"]) == ("accepted", "viber")
        assert (resent.status_code, wrong.json()["code"]) == (200, "code_incorrect")
        assert [answer.json()["test"] for answer in (approved, proven, status)] == [True] * 3
        assert approved.json()["phone"] == NUMBER
        assert {each["state"] for each in status.json()["deliveries"]} == {"accepted"}
        assert shop.messages(NUMBER) == []

        other = shop.started(OTHER_NUMBER)["verification_id"]
        assert shop.verify(other, pin).json()["code"] == "code_incorrect"
        real = shop.verify(other, shop.code_on_phone(OTHER_NUMBER))
        assert (real.status_code, "test" in real.json()) == (200, False)

        bank = deployed.bank.started(NUMBER)["verification_id"]
        assert deployed.bank.verify(bank, pin).json()["code"] == "code_incorrect"
        assert len(deployed.bank.messages(NUMBER)) == 1

        lines = [json.loads(line) for line in deployed.log.read_text().splitlines()]
        used = [line for line in lines if line["event"] == "test_number_used"]
        assert [(line["use"], line["outcome"]) for line in used] == [
            ("start", "started"),
            ("resend", "resent"),
            ("verify", "code_incorrect"),
            ("verify", "approved"),
        ]
        assert {(line["level"], line["test_number"]) for line in used} == {
            ("warning", "app-review")
        }
        metrics = deployed.operator.get("/metrics").text
        assert (
            'otp_test_number_uses_total{application="shop",outcome="approved",use="verify"} 1.0'
            in (metrics)
        )
        told = deployed.log.read_text() + metrics + repr(deployed.view.dump())
        assert NUMBER[4:] not in told
        assert pin not in deployed.log.read_text() + metrics
        listed = output_of(command("list"), deployed.environ)
        assert listed.startswith("shop (live)  app-review  20 starts a day  until ")


def test_live_application_that_is_not_flagged_does_not_start(
    environ: dict[str, str], made: tuple[str, str]
) -> None:
    with Path(environ["OTP_CONFIG"]).open("a") as config:
        config.write(made[1])

    served = subprocess.run(
        [sys.executable, "-m", "otp_service.cli", "serve"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert served.returncode == 1
    assert served.stderr.startswith("problem: applications.shop.test_numbers: a live application")
