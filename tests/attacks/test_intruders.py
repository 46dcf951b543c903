"""What somebody types, sends and times who wants in, or wants the log to lie."""

import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from support.deployments import Deploying, Deployment

_ROUNDS = 60
_FORGED = '{"event": "forged", "forged": true}'


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Deploying(tmp_path_factory.mktemp("intruders")) as deployment:
        yield deployment


@pytest.fixture
def unsigned(deployed: Deployment) -> requests.Session:
    """A session with the shop's key, for requests that no client would send."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {deployed.shop.api_key}"
    return session


@pytest.mark.parametrize(
    "digits",
    ["①②③④⑤⑥", "¹²³⁴⁵⁶", "ⅠⅡⅢⅣⅤⅥ", "l23456", "O12345", "12\u200b3456", "12345\u00bc"],
    ids=["circled", "superscript", "roman", "letter l", "letter O", "zero width", "fraction"],
)
def test_look_alike_digits_are_no_code_and_count_no_guess(
    deployed: Deployment, digits: str
) -> None:
    number = f"+3806711{sum(map(ord, digits)) % 100_000:05d}"
    started = deployed.shop.started(number)

    refused = deployed.shop.verify(started["verification_id"], digits)

    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")
    standing = deployed.shop.get(f"/otp/verifications/{started['verification_id']}").json()
    assert standing["attempts_left"] == 5


def test_digits_of_another_script_are_the_code_they_stand_for(deployed: Deployment) -> None:
    number = "+380671200001"
    started = deployed.shop.started(number)
    code = deployed.shop.code_on_phone(number)

    typed = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))

    assert deployed.shop.verify(started["verification_id"], typed).status_code == 200


def test_nothing_that_is_sent_forges_a_line_of_the_log(
    deployed: Deployment, unsigned: requests.Session
) -> None:
    url = deployed.shop.service
    forged = {
        "phone": "+380671200002",
        "purpose": f"a\n{_FORGED}",
        "message": {"reason": f"a\n{_FORGED}"},
    }
    unsigned.post(f"{url}/otp/start", json=forged)
    unsigned.post(f"{url}/otp/verify", json={"verification_id": f"a\n{_FORGED}", "code": "123456"})
    unsigned.get(f"{url}/otp/verifications/%0a%7b%22event%22%3a%22forged%22%7d")
    for header in ("X-Request-Id", "Idempotency-Key", "User-Agent", "Origin", "X-Forwarded-For"):
        unsigned.post(f"{url}/otp/start", json={}, headers={header: _FORGED})
    unsigned.get(f"{url}/healthz", headers={"Authorization": f"Bearer {_FORGED}"})

    lines = _json_lines(deployed.log)

    assert len(lines) >= 9
    assert not [line for line in lines if "forged" in line or line.get("event") == "forged"]


@pytest.mark.parametrize("asked", ["status", "verify"])
def test_unknown_id_is_answered_as_soon_as_a_living_one(deployed: Deployment, asked: str) -> None:
    shop = deployed.shop
    took: dict[bool, list[float]] = {True: [], False: []}
    started = shop.started("+380671200003" if asked == "status" else "+380671200004")
    living = started["verification_id"]
    # Its first half is another verification's, which nobody has; its second half is no number's.
    unknown = living[:21] + ("A" if living[21] != "A" else "B") + living[22:]

    for _ in range(_ROUNDS):
        for verification_id, is_known in ((living, True), (unknown, False)):
            began = time.perf_counter()
            if asked == "status":
                shop.get(f"/otp/verifications/{verification_id}")
            else:
                # Five guesses end the living one; its answers from then on are timed like any.
                shop.verify(verification_id, "000000")
            took[is_known].append(time.perf_counter() - began)

    ratio = statistics.median(took[False]) / statistics.median(took[True])
    assert 1 / 3 < ratio < 3


def _json_lines(log: Path) -> list[dict[str, object]]:
    """Give what a program that reads the log would take for an entry of it."""
    text = log.read_text()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
