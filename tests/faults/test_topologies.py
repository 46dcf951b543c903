"""The same run on every topology, chosen by the environment's ``OTP_REDIS_*`` alone."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace

import pytest
import requests
from support.caller import Caller
from support.deployments import CALLBACK_SECRET, Deploying, Deployment
from support.invariants import Allowed, violations
from support.kinds import REAL, Kinds
from support.load import LOADED_SHOP, LOADED_TABLES, Load
from support.processes import ROOT
from support.redis_access import GUARDED, OPEN

# Over the shop's budgets, which no load reaches: one of the bank that is soon reached.
TABLES = f"""
{LOADED_TABLES}

[[applications.bank.budgets]]
name = "bank_starts"
scope = "application"
key = "starts"
limit = 3
window_seconds = 3600
"""
TOPOLOGIES = [(name, access) for access in (OPEN, GUARDED) for name in REAL]
NUMBERS = iter(range(380_501_000_000, 380_509_999_999, 10_007))
# Two operations of the store that fail one after the other, each by its time-outs.
LONGEST_SECONDS = 10


@dataclass(frozen=True)
class Run:
    deployed: Deployment
    secrets: list[str]

    @property
    def shop(self) -> Caller:
        return self.deployed.shop


@pytest.fixture(
    scope="module",
    params=TOPOLOGIES,
    ids=[f"{name}-{'open' if access is OPEN else 'guarded'}" for name, access in TOPOLOGIES],
)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    name, access = request.param
    directory = tmp_path_factory.mktemp("topology")
    with ExitStack() as stack:
        kind = Kinds(stack, access)[name]
        deployed = stack.enter_context(Deploying(directory, TABLES, shop=LOADED_SHOP, kind=kind))
        secrets = [*kind.settings.values(), kind.url]
        yield Run(deployed, [secret for secret in secrets if access is GUARDED])


@pytest.fixture
def number() -> str:
    return f"+{next(NUMBERS)}"


def at_once(caller: Caller, vid: str, codes: list[str]) -> list[requests.Response]:
    """Type codes in side by side, each over a line of its own: so both workers judge them."""

    def type_in(code: str) -> requests.Response:
        with requests.Session() as session:
            return replace(caller, session=session).verify(vid, code)

    with ThreadPoolExecutor(len(codes)) as pool:
        return list(pool.map(type_in, codes))


def test_code_is_sent_mistyped_resent_typed_and_proved(run: Run, number: str) -> None:
    shop = run.shop
    vid = shop.started(number)["verification_id"]
    wrong = shop.verify(vid, shop.wrong_code(number))
    early = shop.post("/otp/resend", verification_id=vid)
    (message,) = shop.messages(number)
    told = {"status": "delivered", "requestId": message["id"], "code": 11001}
    receipt = requests.post(
        f"{shop.service}/callbacks/nxcloud/{CALLBACK_SECRET}/receipt", json=told, timeout=30
    )
    approved = shop.verify(vid, shop.code_on_phone(number))
    proof = approved.json()["proof"]

    assert (wrong.status_code, wrong.json()["attempts_left"]) == (400, 4)
    assert (early.status_code, early.json()["code"]) == (429, "resend_too_soon")
    assert (receipt.status_code, approved.status_code) == (200, 200)
    assert shop.verify(vid, "000000").json()["code"] == "verification_approved"
    status = shop.get(f"/otp/verifications/{vid}").json()
    assert (status["status"], status["deliveries"][0]["state"]) == ("approved", "delivered")
    for answer in (True, False):
        assert shop.post("/otp/proof", proof=proof, consume=True).json()["active"] is answer


def test_canceled_code_is_good_for_nothing(run: Run, number: str) -> None:
    shop = run.shop
    vid = shop.started(number)["verification_id"]

    assert shop.post("/otp/cancel", verification_id=vid).json()["status"] == "canceled"
    late = shop.verify(vid, shop.code_on_phone(number))
    assert (late.status_code, late.json()["code"]) == (410, "verification_canceled")


def test_wrong_codes_side_by_side_get_five_attempts(run: Run, number: str) -> None:
    vid = run.shop.started(number)["verification_id"]
    code = int(run.shop.code_on_phone(number))

    answers = at_once(run.shop, vid, [f"{(code + at) % 10**6:06d}" for at in range(1, 21)])

    left = [answer.json().get("attempts_left") for answer in answers]
    assert sorted(each for each in left if each) == [1, 2, 3, 4]
    codes = Counter(answer.json()["code"] for answer in answers)
    assert codes == {"code_incorrect": 4, "verification_exhausted": 16}
    assert run.shop.verify(vid, f"{code:06d}").json()["code"] == "verification_exhausted"


def test_right_codes_side_by_side_are_approved_once(run: Run, number: str) -> None:
    vid = run.shop.started(number)["verification_id"]

    answers = at_once(run.shop, vid, [run.shop.code_on_phone(number)] * 20)

    assert Counter(answer.status_code for answer in answers) == {200: 1, 410: 19}


def test_budgets_in_other_slots_are_charged_and_given_back(run: Run) -> None:
    bank, numbers = run.deployed.bank, [f"+{next(NUMBERS)}" for _ in range(9)]
    for number in numbers[:5]:
        bank.fault(phone=number, code=9001, times=10)

    refused = [bank.start(number, client_ip="192.0.2.1") for number in numbers[:5]]
    taken = [bank.start(number, client_ip="192.0.2.1") for number in numbers[5:]]

    assert {answer.status_code for answer in refused} == {502}
    assert [answer.status_code for answer in taken] == [201, 201, 201, 429]
    assert taken[-1].headers["RateLimit-Policy"].startswith('"bank_starts"')


def test_service_and_check_say_that_all_is_well(run: Run) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "otp_service.cli", "check"],
        cwd=ROOT,
        env=run.deployed.environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.deployed.operator.get("/readyz").status_code == 200
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "store: answers, and evicts nothing" in checked.stdout


def test_nothing_is_amiss_under_load_and_no_secret_is_logged(run: Run) -> None:
    with Load(run.shop) as load:
        load.run_for(4)
        assert load.troubles(0) == []
        load.end()

    assert violations(load.journeys, Allowed(longest_seconds=LONGEST_SECONDS)) == []
    log = run.deployed.log.read_text()
    assert [secret for secret in run.secrets if secret in log] == []
