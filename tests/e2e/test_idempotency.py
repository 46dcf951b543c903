"""One Idempotency-Key over two worker processes, a real Redis and the provider's simulator."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from support.caller import Caller
from support.deployments import Deployment

THREADS = 32


def ask(caller: Caller, path: str, key: str, **body: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {caller.api_key}", "Idempotency-Key": key}
    return requests.post(caller.service + path, json=body, headers=headers, timeout=30)


def at_once(request: Callable[[int], requests.Response]) -> list[requests.Response]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(request, range(64)))


def test_parallel_starts_with_one_key_send_one_message(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, number = deployment.shop, fresh_number()

    answers = at_once(lambda _: ask(shop, "/otp/start", '"one start"', phone=number))

    assert set(Counter(answer.status_code for answer in answers)) <= {201, 409}
    (first,) = {answer.text for answer in answers if answer.status_code == 201}
    busy = [answer for answer in answers if answer.status_code == 409]
    assert {answer.json()["code"] for answer in busy} <= {"request_in_progress"}
    assert all(1 <= int(answer.headers["Retry-After"]) <= 30 for answer in busy)
    assert len(shop.messages(number)) == 1
    again = ask(shop, "/otp/start", '"one start"', phone=number)
    assert (again.status_code, again.text) == (201, first)


def test_parallel_guesses_with_one_key_are_one_guess(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, number = deployment.shop, fresh_number()
    vid = shop.started(number)["verification_id"]
    wrong, right = shop.wrong_code(number), shop.code_on_phone(number)

    answers = at_once(
        lambda _: ask(shop, "/otp/verify", "a-guess", verification_id=vid, code=wrong)
    )

    assert {(a.status_code, a.text) for a in answers} == {(400, answers[0].text)}
    assert answers[0].json()["attempts_left"] == 4
    reused = ask(shop, "/otp/verify", "a-guess", verification_id=vid, code=right)
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")

    approvals = at_once(
        lambda _: ask(shop, "/otp/verify", '"right"', verification_id=vid, code=right)
    )
    assert {(a.status_code, a.text) for a in approvals} == {(200, approvals[0].text)}
    assert shop.post("/otp/proof", proof=approvals[0].json()["proof"]).json()["active"]


def test_key_of_another_caller_reveals_nothing(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, number = deployment.shop, fresh_number()
    vid = shop.started(number)["verification_id"]
    guess = {"verification_id": vid, "code": shop.code_on_phone(number)}
    assert ask(shop, "/otp/verify", "k", **guess).status_code == 200

    other_key = ask(deployment.verifier, "/otp/verify", "k", **guess)
    other_application = ask(deployment.bank, "/otp/verify", "k", **guess)

    assert (other_key.status_code, other_key.json()["code"]) == (410, "verification_approved")
    assert other_application.json()["code"] == "verification_not_found"
    assert "proof" not in other_key.text + other_application.text
