import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.deployments import Deploying, Deployment


def test_every_call_fails_closed_and_soon_while_redis_is_away(
    own_deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, number = own_deployment.shop, fresh_number()
    started = shop.started(number)
    vid, code = started["verification_id"], shop.code_on_phone(number)
    own_deployment.redis.stop()
    began = time.monotonic()

    answers = [
        shop.start(fresh_number()),
        shop.verify(vid, code),
        shop.post("/otp/resend", verification_id=vid),
        shop.post("/otp/cancel", verification_id=vid),
        shop.get(f"/otp/verifications/{vid}"),
        shop.get("/readyz"),
    ]

    assert {(a.status_code, a.json()["code"]) for a in answers} == {(503, "store_unavailable")}
    assert all(a.headers["Retry-After"] == "1" for a in answers)
    assert time.monotonic() - began < 3 * len(answers)
    assert shop.get("/healthz").status_code == 200
    assert len(shop.messages(number)) == 1


def test_service_is_whole_again_with_redis(
    own_deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop = own_deployment.shop
    shop.started(fresh_number())
    own_deployment.redis.stop()
    assert shop.start(fresh_number()).status_code == 503

    own_deployment.redis.start()

    number = fresh_number()
    started = shop.started(number)
    approved = shop.verify(started["verification_id"], shop.code_on_phone(number))
    assert approved.status_code == 200
    assert shop.get("/readyz").status_code == 200


def test_redis_lost_during_a_send_leaves_a_start_that_stands(
    tmp_path: Path, fresh_number: Callable[[], str]
) -> None:
    with Deploying(tmp_path, OTP_NXCLOUD_READ_TIMEOUT_SECONDS="10") as deployed:
        shop, number = deployed.shop, fresh_number()
        shop.fault(phone=number, delay_ms=2_000)

        with ThreadPoolExecutor(1) as pool:
            pending = pool.submit(shop.start, number)
            _wait_until(lambda: any(b":v:" in name for name in deployed.view.names()))
            # The service may hear of it a moment after we do.
            time.sleep(0.5)
            deployed.redis.stop()
            answer = pending.result()

    assert answer.status_code == 201
    assert answer.json()["delivery"] == "accepted"


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_evicting_redis_is_not_ready(own_deployment: Deployment, policy: str) -> None:
    own_deployment.redis.client.execute_command("CONFIG", "SET", "maxmemory-policy", policy)

    answer = own_deployment.operator.get("/readyz")

    assert answer.status_code == 503
    assert "noeviction" in answer.json()["detail"]


def _wait_until(condition: Callable[[], bool]) -> None:
    last = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < last
        time.sleep(0.01)
