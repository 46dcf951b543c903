"""A provider that is slow or silent, many callers and two workers: what stays quick."""

import itertools
import json
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from support.caller import Caller
from support.deployments import CALLBACK_SECRET, Deploying, Deployment
from support.load import LOADED_SHOP, LOADED_TABLES, number_of
from support.redis_servers import wait_until

CALLERS = 24
READ_SECONDS, OPEN_SECONDS = 2, 5
# Longer than anybody waits for it, and no longer: the simulator holds a thread for each.
SILENT_MS = 3_000
# A call that asks neither the provider nor the store, on a machine that does much else.
AT_ONCE_SECONDS = 1
# What a call takes beside the provider's time-outs.
SLACK_SECONDS = 4

_NUMBERS = itertools.count(200_000)


@dataclass(frozen=True)
class Met:
    """One start and what came of it: the delivery, or the code of a problem."""

    status: int
    told: str
    took: float
    retry_after: int
    channel: str


def start(caller: Caller, number: str | None = None) -> Met:
    """Start over a connection of its own: either worker may take it."""
    with requests.Session() as session:
        own = replace(caller, session=session)
        began = time.monotonic()
        answer = own.start(number or number_of(next(_NUMBERS)))
        took = time.monotonic() - began
    told = answer.json()
    return Met(
        answer.status_code,
        told.get("delivery") or told["code"],
        took,
        int(answer.headers.get("Retry-After", 0)),
        told.get("channel", ""),
    )


def start_all(caller: Caller, count: int = CALLERS) -> list[Met]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: start(caller), range(count)))


def until_both_workers_are_open(deployment: Deployment, caller: Caller) -> list[Met]:
    met = []
    for _ in range(4):
        met += start_all(caller)
        if gauge(deployment, "otp_provider_circuit_open", channel="viber") == 2:
            return met
    raise AssertionError(f"the circuits did not open: {Counter(each.told for each in met)}")


def gauge(deployment: Deployment, name: str, **labels: str) -> float:
    text = deployment.operator.get("/metrics").text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def turns(deployment: Deployment) -> list[str]:
    lines = [json.loads(line) for line in deployment.log.read_text().splitlines()]
    return [line["turn"] for line in lines if line["event"] == "circuit_turned"]


@contextmanager
def fault(caller: Caller, **what: Any) -> Iterator[None]:
    caller.fault(times=1_000_000, **what)
    try:
        yield
    finally:
        requests.delete(f"{caller.simulator}/simulator/faults", timeout=30).raise_for_status()


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Two workers with the breaker as it comes, but for a shorter read time-out."""
    with Deploying(
        tmp_path_factory.mktemp("breaker"),
        LOADED_TABLES,
        shop=LOADED_SHOP,
        OTP_NXCLOUD_READ_TIMEOUT_SECONDS=str(READ_SECONDS),
    ) as deployment:
        yield deployment


@pytest.fixture
def closed(deployed: Deployment) -> Deployment:
    """The deployment with every circuit closed: whatever a test left open closes by itself."""

    def is_closed() -> bool:
        start(deployed.shop)
        return gauge(deployed, "otp_provider_circuit_open") == 0

    wait_until(is_closed, what="every circuit closes by itself")
    return deployed


def test_callers_of_a_silent_provider_are_refused_in_milliseconds(closed: Deployment) -> None:
    shop, before = closed.shop, closed.view.of_numbers()
    with fault(shop, delay_ms=SILENT_MS):
        met = until_both_workers_are_open(closed, shop)
        unknown = [each for each in met if each.told == "unknown"]
        messages = gauge(closed, "otp_messages_total")
        stored = closed.view.of_numbers()

        refused = start_all(shop) + start_all(shop)

        # Within the 5 s of an open circuit, there may be a probe for each worker.
        at_once = [each for each in refused if each.told == "service_busy"]
        assert len(refused) - len(at_once) <= 2
        assert {each.status for each in at_once} == {503}
        assert max(each.took for each in at_once) < AT_ONCE_SECONDS
        assert {each.retry_after for each in at_once} <= set(range(1, OPEN_SECONDS + 1))
        if len(at_once) == len(refused):
            assert gauge(closed, "otp_messages_total") == messages
            assert closed.view.of_numbers() == stored

    # Each of those who found out waited for one time-out.
    assert len(unknown) >= 20
    assert max(each.took for each in unknown) < READ_SECONDS + SLACK_SECONDS
    assert len(stored) > len(before)


def test_circuit_closes_by_itself_once_the_provider_answers(closed: Deployment) -> None:
    shop = closed.shop
    seen = len(turns(closed))
    with fault(shop, delay_ms=SILENT_MS):
        until_both_workers_are_open(closed, shop)
    began = time.monotonic()

    def is_closed() -> bool:
        start(shop)
        return gauge(closed, "otp_provider_circuit_open", channel="viber") == 0

    wait_until(is_closed, what="both circuits close")

    assert time.monotonic() - began < OPEN_SECONDS + READ_SECONDS + 2 * SLACK_SECONDS
    assert {each.told for each in start_all(shop)} == {"accepted"}
    assert Counter(turns(closed)[seen:]) == {"opened": 2, "closed": 2}
    assert gauge(closed, "otp_provider_circuit_openings_total", channel="viber") >= 2


def test_sms_goes_on_while_viber_is_open(closed: Deployment) -> None:
    shop, bank = closed.shop, closed.bank
    with fault(shop, delay_ms=SILENT_MS, channel="viber"):
        until_both_workers_are_open(closed, shop)

        met = start_all(bank)

        # A probe of Viber is a caller's own message, and of unknown fate.
        over_sms = [each for each in met if each.channel == "sms"]
        assert len(met) - len(over_sms) <= 2
        assert {(each.status, each.told) for each in over_sms} == {(201, "accepted")}
        assert max(each.took for each in over_sms) < SLACK_SECONDS
        assert gauge(closed, "otp_provider_circuit_open", channel="sms") == 0


def test_codes_are_checked_and_watchers_answered_while_the_provider_is_silent(
    closed: Deployment,
) -> None:
    shop, number = closed.shop, number_of(next(_NUMBERS))
    started = shop.started(number)
    code = shop.code_on_phone(number)
    with fault(shop, delay_ms=SILENT_MS):
        until_both_workers_are_open(closed, shop)

        assert shop.verify(started["verification_id"], code).status_code == 200
        for path in ("/healthz", "/readyz"):
            assert shop.get(path).status_code == 200


# Twelve places of sixteen in each of two workers.
PLACES, SENDING_PLACES = 16, 12
SLOW_SECONDS = 3
_GUESSES = 4


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Two workers with few places, so that a test can fill them."""
    with Deploying(
        tmp_path_factory.mktemp("bulkhead"),
        LOADED_TABLES,
        shop=LOADED_SHOP,
        OTP_THREADS=str(PLACES),
        OTP_NXCLOUD_READ_TIMEOUT_SECONDS="8",
    ) as deployment:
        yield deployment


class Crowd:
    """Callers that start again as soon as they are answered, until the block ends."""

    def __init__(self, caller: Caller, count: int) -> None:
        self.met: list[Met] = []
        self._caller = caller
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in self._threads)

    def told(self, word: str) -> list[Met]:
        return [each for each in list(self.met) if each.told == word]

    def _run(self) -> None:
        while not self._ending.is_set():
            met = start(self._caller)
            self.met.append(met)
            if met.told == "service_busy":
                # As it was told to.
                self._ending.wait(met.retry_after)


def guess(deployment: Deployment, verifications: Sequence[str]) -> list[float]:
    """Guess wrong a few times at each, and give how long each answer took, seconds."""
    took = []
    for vid in verifications:
        for _ in range(_GUESSES):
            began = time.monotonic()
            answer = deployment.shop.verify(vid, "000000")
            took.append(time.monotonic() - began)
            assert answer.status_code in {400, 200}
    return took


def p99(took: Sequence[float]) -> float:
    return statistics.quantiles(took, n=100)[-1]


def test_verify_is_as_quick_as_ever_while_every_sending_place_is_taken(
    narrow: Deployment, tmp_path: Path
) -> None:
    shop = narrow.shop
    verifications = [shop.started(number_of(next(_NUMBERS)))["verification_id"] for _ in range(120)]
    alone = guess(narrow, verifications[:60])

    with fault(shop, delay_ms=SLOW_SECONDS * 1_000), Crowd(shop, 3 * SENDING_PLACES) as crowd:
        wait_until(
            lambda: len(crowd.told("service_busy")) >= SENDING_PLACES, what="the places are taken"
        )
        began = time.monotonic()
        beside = guess(narrow, verifications[60:])
        full = crowd.told("service_busy")
        watched = [shop.get(path).status_code for path in ("/healthz", "/readyz")]
        metrics = narrow.operator.get("/metrics").status_code
        lasted = time.monotonic() - began

    figures = {
        "alone_p50_ms": 1_000 * statistics.median(alone),
        "alone_p99_ms": 1_000 * p99(alone),
        "beside_p50_ms": 1_000 * statistics.median(beside),
        "beside_p99_ms": 1_000 * p99(beside),
        "lasted_s": lasted,
    }
    (tmp_path / "figures.json").write_text(json.dumps(figures))
    assert (watched, metrics) == ([200, 200], 200)
    assert p99(beside) <= 3 * p99(alone) + 0.05, figures
    assert max(each.took for each in full) < AT_ONCE_SECONDS
    assert {each.retry_after for each in full} == {1}


def test_no_more_messages_are_on_their_way_than_there_is_room_for(narrow: Deployment) -> None:
    shop = narrow.shop
    with fault(shop, delay_ms=SLOW_SECONDS * 1_000):
        stored = len(narrow.view.of_numbers())

        met = start_all(shop, 4 * SENDING_PLACES)

    told = Counter(each.told for each in met)
    # A worker that takes few of the callers is not full; none takes more than it has room for.
    assert told["accepted"] <= 2 * SENDING_PLACES
    assert told["service_busy"] >= 4 * SENDING_PLACES - 2 * SENDING_PLACES
    assert told.keys() == {"accepted", "service_busy"}
    assert len(narrow.view.of_numbers()) > stored
    refused = [each for each in met if each.told == "service_busy"]
    assert max(each.took for each in refused) < AT_ONCE_SECONDS


def test_receipt_without_room_for_its_sms_is_answered_503_and_good_when_it_comes_again(
    narrow: Deployment,
) -> None:
    bank, shop, number = narrow.bank, narrow.shop, number_of(next(_NUMBERS))
    bank.started(number)
    (message,) = bank.messages(number)
    receipt = {"status": "failed", "requestId": message["id"], "code": 11000}
    url = f"{bank.service}/callbacks/nxcloud/{CALLBACK_SECRET}/receipt"

    with fault(shop, delay_ms=SLOW_SECONDS * 1_000), Crowd(shop, 4 * SENDING_PLACES) as crowd:
        wait_until(
            lambda: len(crowd.told("service_busy")) >= SENDING_PLACES, what="the places are taken"
        )
        wait_until(
            lambda: requests.post(url, json=receipt, timeout=30).status_code == 503,
            what="a receipt finds no room",
        )

    again = requests.post(url, json=receipt, timeout=30)
    assert again.status_code == 200
    assert [each["channel"] for each in bank.messages(number)] == ["viber", "sms"]
