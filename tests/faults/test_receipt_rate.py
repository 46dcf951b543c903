"""Receipts as fast as they come after a campaign: the demand is ten thousand a minute."""

import http.client
import itertools
import json
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.deployments import Deploying, Deployment
from support.receipts import PATH, receipt

THREADS = 8
RECEIPTS = 10_000
MINUTE_SECONDS = 60
COST = {"currency": "USD", "localPrice": 0.1, "originalPrice": 0.0125, "rateType": "OtpTemplate"}


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    with Deploying(tmp_path) as deployed:
        yield deployed


def send_all(deployment: Deployment, bodies: list[dict[str, object]]) -> Counter[int]:
    """Post every body over a few lines that are kept alive, as a provider's own client would."""
    shares = [bodies[at::THREADS] for at in range(THREADS)]

    def send(share: list[dict[str, object]]) -> Counter[int]:
        line = http.client.HTTPConnection(urlsplit(deployment.shop.service).netloc, timeout=30)
        answers: Counter[int] = Counter()
        for body in share:
            headers = {"Content-Type": "application/json"}
            line.request("POST", PATH, body=json.dumps(body), headers=headers)
            answer = line.getresponse()
            answer.read()
            answers[answer.status] += 1
        line.close()
        return answers

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(send, shares), Counter())


def cost(deployment: Deployment) -> float:
    exposition = deployment.operator.get("/metrics").text
    return sum(
        sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
        if sample.name == "otp_message_cost_total"
    )


def test_ten_thousand_receipts_a_minute_are_taken_and_each_cost_is_counted_once(
    deployment: Deployment,
) -> None:
    shop = deployment.shop
    numbers = [f"+38067{each:07d}" for each in range(1_000_000, 1_020_180, 1_009)]
    for number in numbers:
        shop.started(number)
    known = [shop.messages(number)[-1]["id"] for number in numbers]
    unknown = [secrets.token_hex(16) for _ in range(RECEIPTS // 2)]
    again_and_again = itertools.islice(itertools.cycle(known), RECEIPTS // 2)
    bodies = [receipt(each, cost=COST) for each in (*unknown, *again_and_again)]
    before, began = cost(deployment), time.monotonic()

    answers = send_all(deployment, bodies)

    assert answers == {200: RECEIPTS}
    assert time.monotonic() - began < MINUTE_SECONDS
    assert round(cost(deployment) - before, 6) == round(len(known) * COST["originalPrice"], 6)
