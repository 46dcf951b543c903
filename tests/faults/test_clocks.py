"""Clocks apart: what ends, ends by Redis' clock, wherever the others stand."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import requests
from support.caller import Caller
from support.deployments import Deploying, Deployment
from support.process_life import kind_of
from support.set_clocks import SetRedis, clock_off_by, library, redis_with_clock

if not library():
    if os.environ.get("OTP_REQUIRE_FAKETIME") == "1":
        raise RuntimeError("libfaketime is not installed (Debian: faketime)")
    pytest.skip("libfaketime is not installed (Debian: faketime)", allow_module_level=True)

APART, LEAP = timedelta(minutes=5), timedelta(minutes=10)
# The defaults, and the time that a busy machine may take between two looks at clocks.
LIFE, COOLDOWN, HOUR = timedelta(minutes=5), timedelta(seconds=30), timedelta(hours=1)
STARTS_AN_HOUR = 5
SLOW = timedelta(seconds=60)

_NUMBERS = count(1_000_000, 10_007)


def fresh_number() -> str:
    return f"+38067{next(_NUMBERS) % 10**7:07d}"


@dataclass
class Apart:
    """A deployment, and the clock of its Redis."""

    deployed: Deployment
    clock: SetRedis

    @property
    def shop(self) -> Caller:
        return self.deployed.shop

    def redis_says(self) -> datetime:
        return datetime.fromtimestamp(self.deployed.view.now_ms() / 1000, tz=UTC)


@contextmanager
def apart_by(directory: Path, ahead: timedelta) -> Iterator[Apart]:
    with redis_with_clock(directory, ahead) as clock:
        deploying = Deploying(directory, shop='fraud_guard = "off"', kind=kind_of(clock.server))
        with deploying as deployed:
            yield Apart(deployed, clock)


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def told(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def endless(deployed: Deployment) -> list[bytes]:
    left = deployed.view.left_of_everything()
    return [key for key, span in left.items() if span < timedelta()]


@pytest.mark.parametrize("ahead", [APART, -APART], ids=["ahead", "behind"])
def test_redis_alone_says_when_a_code_ends(tmp_path: Path, ahead: timedelta) -> None:
    with apart_by(tmp_path, ahead) as apart:
        shop, number = apart.shop, fresh_number()
        assert abs(apart.redis_says() - datetime.now(UTC) - ahead) < SLOW

        started = shop.started(number)
        approved = shop.verify(started["verification_id"], shop.code_on_phone(number))
        other = fresh_number()
        pending = shop.started(other)["verification_id"]
        code = shop.code_on_phone(other)
        token = shop.post("/otp/client-tokens")

        assert (started["expires_in"], started["resend_in"]) == (300, 30)
        ends = datetime.fromisoformat(started["expires_at"])
        assert timedelta() < ends - apart.redis_says() <= LIFE
        assert approved.status_code == 200
        proof = shop.post("/otp/proof", proof=approved.json()["proof"]).json()
        verified = datetime.fromisoformat(proof["verified_at"])
        assert abs(verified - apart.redis_says()) < SLOW
        # A client token ends by the service's own clock, and lives whatever Redis' says.
        app = Caller(shop.service, shop.simulator, token.json()["token"])
        assert app.start(fresh_number()).status_code == 201

        apart.clock.set(ahead + LIFE + seconds(1))
        assert told(shop.verify(pending, code)) == (410, "verification_expired")
        assert endless(apart.deployed) == []


def test_leap_of_redis_ends_codes_and_breaks_nothing(tmp_path: Path) -> None:
    with apart_by(tmp_path, timedelta()) as apart:
        shop, number = apart.shop, fresh_number()
        vid = shop.started(number)["verification_id"]
        code = shop.code_on_phone(number)

        apart.clock.set(LEAP)

        found = shop.get(f"/otp/verifications/{vid}").json()
        assert (found["status"], found["expires_in"]) == ("expired", 0)
        ended = (410, "verification_expired")
        assert told(shop.verify(vid, code)) == ended
        assert told(shop.post("/otp/resend", verification_id=vid)) == ended
        assert told(shop.post("/otp/cancel", verification_id=vid)) == ended
        again = shop.started(number)
        assert again["expires_in"] == 300
        approved = shop.verify(again["verification_id"], shop.code_on_phone(number))
        assert approved.status_code == 200
        assert endless(apart.deployed) == []


def test_jump_back_of_redis_refills_nothing_and_ends(tmp_path: Path) -> None:
    with apart_by(tmp_path, timedelta()) as apart:
        shop, number, used_up = apart.shop, fresh_number(), fresh_number()
        started = shop.started(number)
        vid, code = started["verification_id"], shop.code_on_phone(number)
        assert shop.verify(vid, shop.wrong_code(number)).json()["attempts_left"] == 4
        for _ in range(STARTS_AN_HOUR):
            shop.started(used_up)
        longest = {key: left + LEAP for key, left in apart.deployed.view.left().items()}

        apart.clock.set(-LEAP)

        found = shop.get(f"/otp/verifications/{vid}").json()
        assert (found["status"], found["attempts_left"]) == ("pending", 4)
        assert LEAP < seconds(found["expires_in"]) <= LIFE + LEAP
        left = apart.deployed.view.left()
        assert all(left[key] <= bound for key, bound in longest.items() if key in left)
        assert endless(apart.deployed) == []
        refused = shop.start(used_up)
        assert told(refused) == (429, "too_many_requests")
        assert HOUR < seconds(int(refused.headers["Retry-After"])) <= HOUR + LEAP
        soon = shop.post("/otp/resend", verification_id=vid)
        assert told(soon) == (429, "resend_too_soon")
        assert seconds(int(soon.headers["Retry-After"])) <= COOLDOWN + LEAP
        for attempts_left in (3, 2):
            wrong = shop.verify(vid, shop.wrong_code(number)).json()
            assert wrong["attempts_left"] == attempts_left
        assert shop.verify(vid, code).status_code == 200
        assert told(shop.verify(vid, code)) == (410, "verification_approved")
        other = fresh_number()
        assert shop.started(other)["expires_in"] == 300
        assert {shop.get(path).status_code for path in ("/healthz", "/readyz")} == {200}

        # Whatever was set back comes to its end in the time that was set and the jump.
        apart.clock.set(LIFE + seconds(1))
        assert shop.get(f"/otp/verifications/{vid}").json()["status"] == "approved"


@pytest.mark.parametrize("ahead", [APART, -APART], ids=["ahead", "behind"])
def test_provider_refuses_a_service_whose_clock_is_wrong(tmp_path: Path, ahead: timedelta) -> None:
    with Deploying(tmp_path, **clock_off_by(ahead)) as deployed:
        shop, number = deployed.shop, fresh_number()
        before = deployed.view.of_numbers()

        refused = shop.start(number)

        assert told(refused) == (503, "provider_misconfigured")
        assert shop.messages(number) == []
        # A definite failure leaves nothing: no record, no charge.
        assert deployed.view.of_numbers() == before
        assert "clock" in deployed.log.read_text()
