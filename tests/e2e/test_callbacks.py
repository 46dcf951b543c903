"""The provider's callbacks on the service as it is deployed, and while Redis is away."""

import http.client
import itertools
import json
import secrets
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import requests
from prometheus_client.parser import text_string_to_metric_families
from support.deployments import CALLBACK_SECRET, Deployment
from support.redis_servers import wait_until
from support.verifications import SilentJournal

from otp_service.domain.identity import IdScheme
from otp_service.domain.rate import Billing
from otp_service.domain.session import SessionKind, SessionSend
from otp_service.redis_store import connect, read_address
from otp_service.redis_store.sessions import RedisSessions

THREADS = 8
RECEIPTS = 10_000
MINUTE_SECONDS = 60
PATH = f"/callbacks/nxcloud/{CALLBACK_SECRET}/receipt"
COST = {"currency": "USD", "localPrice": 0.1, "originalPrice": 0.0125, "rateType": "OtpTemplate"}


def receipt(request_id: str, status: str = "delivered", **more: object) -> dict[str, object]:
    codes = {"success": 0, "failed": 11000, "delivered": 11001, "seen": 11002, "expired": 11003}
    return {"status": status, "requestId": request_id, "code": codes[status], **more}


def post(deployment: Deployment, path: str, body: object) -> requests.Response:
    return requests.post(deployment.shop.service + path, json=body, timeout=30)


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
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop = deployment.shop
    numbers = [fresh_number() for _ in range(20)]
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


def test_receipt_that_finds_no_store_is_asked_for_again_and_then_falls_back(
    own_deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    bank, number = own_deployment.bank, fresh_number()
    vid = bank.started(number)["verification_id"]
    failed = receipt(bank.messages(number)[-1]["id"], "failed")
    keep = own_deployment.redis.client.execute_command

    dump = {key: keep("DUMP", key) for key in keep("KEYS", "*")}
    own_deployment.redis.stop()
    refused = post(own_deployment, PATH, failed)
    own_deployment.redis.start()
    for key, value in dump.items():
        keep("RESTORE", key, 600_000, value)
    wait_until(
        lambda: post(own_deployment, PATH, failed).status_code == 200, what="the receipt is taken"
    )

    assert (refused.status_code, refused.json()["code"]) == (503, "store_unavailable")
    assert [message["channel"] for message in bank.messages(number)] == ["viber", "sms"]
    assert bank.get(f"/otp/verifications/{vid}").json()["channel"] == "sms"


def test_many_equal_receipts_at_once_send_one_sms(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    bank, number = deployment.bank, fresh_number()
    bank.started(number)
    failed = receipt(bank.messages(number)[-1]["id"], "failed")

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: post(deployment, PATH, failed).status_code, range(32)))

    assert answers == [200] * 32
    assert [message["channel"] for message in bank.messages(number)] == ["viber", "sms"]


def test_callback_with_another_secret_finds_nothing(deployment: Deployment) -> None:
    path = PATH.replace(CALLBACK_SECRET, CALLBACK_SECRET[:-1] + "x")

    answer = post(deployment, path, receipt("0" * 32))

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert CALLBACK_SECRET not in deployment.log.read_text()


def test_reply_opens_a_session_for_the_next_message(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, number = deployment.shop, fresh_number()
    shop.started(number)
    ids = IdScheme(deployment.environ["OTP_NUMBER_KEY"].encode())
    connection = connect(read_address(deployment.redis.url))
    sessions = RedisSessions(connection, SilentJournal(), ids)
    before = sessions.preview(number, SessionKind.TEXT)

    answer = post(
        deployment,
        PATH.replace("/receipt", "/reply"),
        {
            "phone": number.removeprefix("+"),
            "appkey": "sim_app",
            "traceRequestId": shop.messages(number)[-1]["id"],
            "message": {"text": "I got it"},
            "sendTime": "2026-11-24 12:00:00",
        },
    )

    assert answer.status_code == 200
    after = sessions.preview(number, SessionKind.TEXT)
    assert isinstance(before, SessionSend)
    assert isinstance(after, SessionSend)
    assert (before.billing, after.billing) == (Billing.TRANSACTIONAL, Billing.SESSION)
