from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from support.deployments import Deployment

_SETUP = [1000, 1001, 1002, 1003, 1004, 1005, 1009, 1100, 1102, 9000, 9003, 9004, 9005]
_PASSING = [-1, 9001, 9999, 4711]


@pytest.fixture(autouse=True)
def no_faults_left(deployment: Deployment) -> Iterator[None]:
    yield
    requests.delete(f"{deployment.shop.simulator}/simulator/faults", timeout=30)


@pytest.mark.parametrize(
    ("code", "status", "problem"),
    [
        (9002, 422, "phone_unreachable"),
        *[(code, 503, "provider_misconfigured") for code in _SETUP],
        *[(code, 502, "provider_failed") for code in _PASSING],
    ],
)
def test_definite_failure_is_told_and_gives_everything_back(
    deployment: Deployment,
    fresh_number: Callable[[], str],
    code: int,
    status: int,
    problem: str,
) -> None:
    shop, number = deployment.shop, fresh_number()
    before = deployment.view.of_numbers()
    shop.fault(phone=number, code=code, times=20)

    answers = [shop.start(number) for _ in range(6)]

    assert {(a.status_code, a.json()["code"]) for a in answers} == {(status, problem)}
    assert shop.messages(number) == []
    assert deployment.view.of_numbers() == before


@pytest.mark.parametrize("code", _PASSING)
def test_passing_failure_is_tried_once_more(
    deployment: Deployment, fresh_number: Callable[[], str], code: int
) -> None:
    number = fresh_number()
    deployment.shop.fault(phone=number, code=code, times=1)

    started = deployment.shop.started(number)

    assert started["delivery"] == "accepted"
    assert len(deployment.shop.messages(number)) == 1


@pytest.mark.parametrize(
    ("fault", "arrives"),
    [
        ({"drop": True}, True),
        ({"garbage": True}, True),
        ({"http_status": 500}, False),
        ({"http_status": 503}, False),
        ({"delay_ms": 1500}, True),
    ],
    ids=["drop", "garbage", "500", "503", "slow"],
)
def test_lost_answer_is_unknown_and_never_sent_again(
    deployment: Deployment, fresh_number: Callable[[], str], fault: dict[str, Any], *, arrives: bool
) -> None:
    number = fresh_number()
    deployment.shop.fault(phone=number, times=1, **fault)

    started = deployment.shop.started(number)

    assert started["delivery"] == "unknown"
    assert len(deployment.shop.messages(number)) <= 1
    if arrives and "delay_ms" not in fault:
        code = deployment.shop.code_on_phone(number)
        assert deployment.shop.verify(started["verification_id"], code).status_code == 200


def test_failed_resend_takes_back_that_send_alone(
    own_deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, number = own_deployment.shop, fresh_number()
    started = shop.started(number)
    code = shop.code_on_phone(number)
    own_deployment.view.advance(timedelta(seconds=31))
    shop.fault(phone=number, code=9002)

    refused = shop.post("/otp/resend", verification_id=started["verification_id"])

    assert refused.status_code == 422
    status = shop.get(f"/otp/verifications/{started['verification_id']}").json()
    assert (status["sends_left"], status["resend_in"]) == (2, 0)
    assert shop.verify(started["verification_id"], code).status_code == 200


def test_refused_connection_is_a_definite_failure(
    own_deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    before = own_deployment.view.of_numbers()
    own_deployment.stop_provider()

    answer = own_deployment.shop.start(fresh_number())

    assert (answer.status_code, answer.json()["code"]) == (502, "provider_failed")
    assert own_deployment.view.of_numbers() == before
