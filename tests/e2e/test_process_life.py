import os
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from support.deployments import Deployment
from support.redis_servers import wait_until


def test_sigterm_lets_a_start_under_way_finish(
    own_deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, number = own_deployment.shop, fresh_number()
    shop.fault(phone=number, delay_ms=700)

    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(shop.start, number)
        wait_until(
            lambda: any(b":v:" in name for name in own_deployment.view.names()),
            what="it is stored",
        )
        own_deployment.service.terminate()
        answer = pending.result()

    assert (answer.status_code, answer.json()["delivery"]) == (201, "accepted")
    assert own_deployment.service.wait(15) == 0


def test_killed_worker_is_replaced(
    own_deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    workers = _workers(own_deployment.service)
    os.kill(workers[0], signal.SIGKILL)

    wait_until(
        lambda: len(set(_workers(own_deployment.service)) - {workers[0]}) == 2,
        what="there are two workers again",
    )
    wait_until(lambda: _answers(own_deployment), what="one of them listens")

    answers = [own_deployment.shop.start(fresh_number()) for _ in range(10)]
    assert {answer.status_code for answer in answers} == {201}


def test_worker_killed_again_and_again_is_replaced_each_time(own_deployment: Deployment) -> None:
    stays, killed = _workers(own_deployment.service)
    for _ in range(3):
        os.kill(killed, signal.SIGKILL)
        wait_until(
            lambda killed=killed: len(set(_workers(own_deployment.service)) - {stays, killed}) == 1,
            what="there is another one",
        )
        (killed,) = set(_workers(own_deployment.service)) - {stays, killed}
        wait_until(lambda: _answers(own_deployment), what="one of them listens")
        # Until it serves: one that does not come up is another matter.
        time.sleep(1)

    assert own_deployment.service.poll() is None


def test_workers_end_with_a_server_that_was_killed(own_deployment: Deployment) -> None:
    workers = _workers(own_deployment.service)

    own_deployment.service.kill()

    wait_until(lambda: not any(map(_lives, workers)), what="the workers are gone")


@pytest.mark.parametrize("attempt", range(3))
def test_server_ends_soon_however_early_it_is_told_to(
    own_deployment: Deployment, attempt: int
) -> None:
    own_deployment.service.terminate()

    assert own_deployment.service.wait(10) == 0


def _workers(service: subprocess.Popen[bytes]) -> list[int]:
    children = Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text()
    return [int(child) for child in children.split()]


def _answers(deployment: Deployment) -> bool:
    try:
        return deployment.shop.get("/healthz").ok
    except requests.ConnectionError:
        return False


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
