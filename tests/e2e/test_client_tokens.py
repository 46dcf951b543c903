"""Client tokens on the service as it is deployed, from minting one to checking the proof."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import requests
from support.caller import Caller
from support.deployments import PAGE, Demo, Deployment
from support.processes import ROOT

DOCUMENT = (ROOT / "docs" / "client-tokens.md").read_text(encoding="utf-8")
COMMANDS = [block for block in re.findall(r"(?:^    .*\n)+", DOCUMENT, re.M) if "curl" in block]


def minted(caller: Caller, **body: Any) -> Caller:
    """Give what the holder of a fresh token is to the service."""
    answer = caller.post("/otp/client-tokens", **body)
    assert answer.status_code == 201, answer.text
    return replace(caller, api_key=answer.json()["token"])


def told(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_app_starts_and_verifies_and_its_back_end_checks_the_proof(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, number = deployment.shop, fresh_number()
    message = {"business_name": "Nova Shop", "reason": "a payment"}
    app = minted(shop, purpose="payment", phone=number, message=message)

    started = app.started(number)
    wrong = app.verify(started["verification_id"], app.wrong_code(number))
    approved = app.verify(started["verification_id"], app.code_on_phone(number))

    assert started["purpose"] == "payment"
    assert "a payment" in app.messages(number)[-1]["text"]
    assert told(wrong) == (400, "code_incorrect")
    assert (approved.status_code, approved.json()["phone"]) == (200, number)
    proof = shop.post("/otp/proof", proof=approved.json()["proof"], consume=True).json()
    assert (proof["active"], proof["phone"], proof["purpose"]) == (True, number, "payment")
    assert proof["application"] == "shop"


def test_thief_of_a_token_gets_nothing_else_by_it(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, owner, victim = deployment.shop, fresh_number(), fresh_number()
    thief = minted(shop, phone=owner)
    by_key = shop.started(victim)["verification_id"]
    by_other = minted(shop).started(victim)["verification_id"]
    code = shop.code_on_phone(victim)
    before = deployment.view.standing()

    refused = [
        thief.start(victim),
        thief.start(owner, purpose="payment"),
        thief.start(owner, message={"reason": "Call me"}),
        thief.start(owner, client_ip="203.0.113.7"),
        thief.verify(by_key, code),
        thief.verify(by_other, code),
        thief.post("/otp/resend", verification_id=by_other),
        thief.post("/otp/cancel", verification_id=by_other),
        thief.get(f"/otp/verifications/{by_other}"),
        thief.post("/otp/proof", proof="x"),
        thief.post("/otp/client-tokens"),
    ]

    assert {told(answer) for answer in refused} == {(403, "forbidden")}
    assert deployment.view.standing() == before
    assert thief.messages(owner) == []
    assert shop.verify(by_other, code).status_code == 200


def test_token_of_one_application_finds_nothing_of_another(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    number = fresh_number()
    of_bank = deployment.bank.started(number)["verification_id"]
    code = deployment.bank.code_on_phone(number)

    app = minted(deployment.shop)

    assert told(app.verify(of_bank, code)) == (404, "verification_not_found")
    assert told(app.verify("A" * 36, code)) == (404, "verification_not_found")
    assert deployment.bank.verify(of_bank, code).status_code == 200


def test_altered_tokens_are_unknown_to_every_worker(deployment: Deployment) -> None:
    app = minted(deployment.shop)
    token = app.api_key
    halves = token.split(".")
    altered = [token[:-1], token + "A", f"{halves[0]}A.{halves[1]}", token.replace("otp_ct_", "")]

    for text in altered * 3:
        assert told(replace(app, api_key=text).start()) == (401, "unauthenticated")
    assert replace(app, api_key=token).verify("A" * 36, "123456").status_code == 404


def test_log_has_the_token_s_id_and_never_the_token_nor_what_it_holds(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    number = fresh_number()
    app = minted(deployment.shop, phone=number)
    app.started(number)

    text = deployment.log.read_text()

    lines = [line for line in map(json.loads, text.splitlines()) if "token" in line]
    mint = [line for line in lines if line["event"] == "token_minted"][-1]
    served = [line for line in lines if line["event"] == "request_served"][-1]
    assert (served["token"], served["route"]) == (mint["token"], "/otp/start")
    assert served["key"] == mint["key"]
    assert app.api_key not in text
    assert number not in text


def test_listed_page_may_call_and_no_other(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    app = minted(deployment.shop)
    url = f"{app.service}/otp/start"
    asks = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    for origin, expected in ((PAGE, PAGE), (f"{PAGE}.evil.example", None)):
        key = {"Authorization": f"Bearer {app.api_key}", "Origin": origin}

        asked = requests.options(url, headers=asks | {"Origin": origin}, timeout=30)
        called = requests.post(url, headers=key, json={"phone": fresh_number()}, timeout=30)

        assert (asked.status_code, asked.content, called.status_code) == (204, b"", 201)
        assert asked.headers.get("Access-Control-Allow-Origin") == expected
        assert called.headers.get("Access-Control-Allow-Origin") == expected


def test_commands_of_the_document_do_what_it_says(demo: Demo) -> None:
    mint, start, verify, proof = COMMANDS
    requests.delete(f"{demo.caller.simulator}/simulator/messages", timeout=30)

    token = run(demo, mint)["token"]
    started = run(demo, start, TOKEN=token)
    known = {"TOKEN": token, "VERIFICATION_ID": started["verification_id"]}
    approved = run(demo, verify, **known, CODE=demo.caller.code_on_phone())
    shown = run(demo, proof, PROOF=approved["proof"])

    assert approved["status"] == "approved"
    assert (shown["active"], shown["phone"]) == (True, "+380671234567")


def run(demo: Demo, command: str, **environ: str) -> dict[str, Any]:
    done = subprocess.run(
        ["bash", "-c", command.replace(":8000", f":{demo.port}")],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **environ},
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
