"""The provider's callbacks on the service as it is deployed, and while Redis is away."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import requests
from support.deployments import CALLBACK_SECRET, Deployment
from support.receipts import PATH, receipt
from support.redis_servers import wait_until
from support.verifications import SilentJournal

from otp_service.domain.identity import IdScheme
from otp_service.domain.rate import Billing
from otp_service.domain.session import SessionKind, SessionSend
from otp_service.redis_store import connect, read_address
from otp_service.redis_store.sessions import RedisSessions


def post(deployment: Deployment, path: str, body: object) -> requests.Response:
    return requests.post(deployment.shop.service + path, json=body, timeout=30)


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
