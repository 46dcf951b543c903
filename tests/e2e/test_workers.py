import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from prometheus_client.parser import text_string_to_metric_families
from support.deployments import Deployment

THREADS = 32


def test_parallel_wrong_codes_are_judged_five_times(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, number = deployment.shop, fresh_number()
    vid = shop.started(number)["verification_id"]
    wrong = shop.wrong_code(number)

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda _: shop.verify(vid, wrong), range(64)))

    left = sorted(a.json()["attempts_left"] for a in answers if a.status_code == 400)
    assert left == [1, 2, 3, 4]
    ended = Counter(a.json()["code"] for a in answers if a.status_code == 410)
    assert ended == {"verification_exhausted": 60}
    right = shop.verify(vid, shop.code_on_phone(number))
    assert right.json()["code"] == "verification_exhausted"


def test_parallel_right_codes_are_approved_once(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, number = deployment.shop, fresh_number()
    vid = shop.started(number)["verification_id"]
    code = shop.code_on_phone(number)

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda _: shop.verify(vid, code), range(64)))

    outcomes = Counter((a.status_code, a.json().get("code")) for a in answers)
    assert outcomes == {(200, None): 1, (410, "verification_approved"): 63}


def test_parallel_starts_keep_to_the_budget(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, number = deployment.shop, fresh_number()

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda _: shop.start(number), range(32)))

    assert Counter(a.status_code for a in answers) == {201: 5, 429: 27}
    assert len(shop.messages(number)) == 5


def test_other_application_finds_nothing(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, bank, number = deployment.shop, deployment.bank, fresh_number()
    vid = shop.started(number)["verification_id"]
    code = shop.code_on_phone(number)

    answers = [
        bank.verify(vid, code),
        bank.post("/otp/resend", verification_id=vid),
        bank.post("/otp/cancel", verification_id=vid),
        bank.get(f"/otp/verifications/{vid}"),
    ]

    assert {a.json()["code"] for a in answers} == {"verification_not_found"}
    approved = shop.verify(vid, code)
    proof = approved.json()["proof"]
    assert bank.post("/otp/proof", proof=proof, consume=True).json() == {"active": False}
    assert shop.post("/otp/proof", proof=proof, consume=True).json()["active"] is True


def test_metrics_count_over_all_workers(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    before = _started(deployment)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda _: deployment.shop.started(fresh_number()), range(40)))

    counts = {_started(deployment) - before for _ in range(10)}
    assert counts == {40}


def test_logs_are_json_without_numbers_or_codes(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, number = deployment.shop, fresh_number()
    vid = shop.started(number)["verification_id"]
    code = shop.code_on_phone(number)
    shop.verify(vid, code)

    text = deployment.log.read_text()

    assert number.removeprefix("+") not in text
    assert f'"{code}"' not in text
    assert vid not in text
    assert shop.api_key not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert any(line.get("phone", "").endswith(number[-2:]) for line in lines)


def _started(deployment: Deployment) -> float:
    text = deployment.operator.get("/metrics").text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "otp_starts_total" and sample.labels["outcome"] == "started"
    )
