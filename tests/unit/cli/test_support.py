"""``otp-service support``: one number as the store knows it, told and unlocked."""

import json
from collections.abc import MutableMapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.processes import free_port
from support.redis_servers import RedisServer
from support.verifications import PHONE, PIN, REQUEST_ID, SilentJournal, new_verification

from otp_service.cli.support import command
from otp_service.domain.call import Call
from otp_service.domain.identity import IdScheme
from otp_service.domain.verification import Verification
from otp_service.ports import NewVerification, OverBudget, SendOutcome
from otp_service.redis_store import RedisStore, connect, read_address
from otp_service.settings import load_settings
from tests.unit.cli.conftest import REDIS_PASSWORD, SECRETS

TABLES = f"""
[applications.shop]
api_keys_sha256 = ["{"1" * 64}"]
budgets = [{{ name = "number_starts_per_hour", limit = 2 }}]
[applications.bank]
api_keys_sha256 = ["{"2" * 64}"]
"""
OWNER = "aB-_aB-_aB-_"

Environ = MutableMapping[str, str]


class Service:
    """What the service of these settings does to its store."""

    def __init__(self, environ: Environ, url: str) -> None:
        settings = load_settings(environ)
        self._applications = settings.domain_applications()
        self.store = RedisStore(connect(read_address(url)), SilentJournal())
        self._ids = IdScheme(settings.number_key_bytes())

    def start(self, application: str = "shop") -> Verification | OverBudget:
        call = Call(self._applications[application], "web", OWNER)
        return self.store.start(self._new(call))

    def sent(self) -> Verification:
        started = self.start()
        assert isinstance(started, Verification)
        self.store.settle(started, SendOutcome.ACCEPTED, REQUEST_ID)
        return started

    def _new(self, call: Call) -> NewVerification:
        return replace(new_verification(call), id=self._ids.new(PHONE))


@pytest.fixture
def environ_of_two(deployed: Environ) -> Environ:
    Path(deployed["OTP_CONFIG"]).write_text(TABLES)
    return deployed


@pytest.fixture
def service(environ_of_two: Environ, redis: RedisServer) -> Service:
    return Service(environ_of_two, redis.url)


def support(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def test_report_tells_the_story_of_a_number(service: Service) -> None:
    first = service.sent()
    service.sent()
    assert isinstance(service.start(), OverBudget)

    result = support(PHONE)

    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("+380*******67 (UA), 20")
    assert lines[1].startswith(
        "in short: the last message asked for was refused: 2 starts an hour to this number are "
        "used up, until 20"
    )
    assert f"shop/web {first.id.random[:11]} from {OWNER}  started; message 1 over Viber" in (
        result.stdout
    )
    assert f"the provider took message 1 over Viber, its id {REQUEST_ID}" in result.stdout
    assert "  shop: 2 of 2 starts an hour: used up for 60 min more, until 20" in result.stdout
    assert "  shop: 2 of 10 starts a day\n" in result.stdout
    assert "purpose login, pending; guesses left 5, messages left 2 (the next from" in (
        result.stdout
    )


def test_report_holds_no_number_no_pin_and_no_whole_id(service: Service) -> None:
    started = service.sent()

    for output in (support(PHONE).output, support(PHONE, "--json").output):
        assert PHONE[4:-2] not in output
        assert PIN not in output
        assert started.id.text not in output
        assert started.id.random not in output
        assert started.id.number_tag not in output


def test_number_is_read_as_people_write_it(service: Service) -> None:
    service.sent()

    result = support("067 123 45 67", "--country", "ua")

    assert "started; message 1" in result.stdout


def test_number_can_come_by_standard_input(service: Service) -> None:
    service.sent()

    result = CliRunner().invoke(command, ["-"], input=f"{PHONE}\r\n")

    assert result.exit_code == 0
    assert "started; message 1" in result.stdout


def test_program_gets_the_same_as_json(service: Service) -> None:
    started = service.sent()
    service.sent()
    service.start()

    content = json.loads(support(PHONE, "--json").stdout)

    assert (content["phone"], content["country"]) == ("+380*******67", "UA")
    first, second = content["timeline"][:2]
    assert first["decision"] == "started"
    assert first["verification"] == started.id.random[:11]
    assert (second["decision"], second["request_id"]) == ("message_taken", REQUEST_ID)
    refused = content["timeline"][-1]
    assert refused["used_up"] == {"counts": "start", "limit": 2, "window_seconds": 3600}
    assert 3590 <= refused["wait_seconds"] <= 3600
    assert refused["at"].endswith("Z")
    budgets = {each["budget"]: each for each in content["limits"]}
    assert budgets["number_starts_per_hour"]["wait_seconds"] > 3590
    assert [each["status"] for each in content["verifications"]] == ["pending", "pending"]


def test_number_nobody_asked_for_is_said_to_be_unknown(environ_of_two: Environ) -> None:
    result = support(PHONE)

    assert result.exit_code == 0
    assert "in short: no message is known of" in result.stdout
    assert "nothing is written down in 7 d" in result.stdout
    assert "nothing is charged to it" in result.stdout


def test_timeline_that_is_switched_off_is_said_to_be(environ_of_two: Environ) -> None:
    environ_of_two["OTP_AUDIT_RETENTION_DAYS"] = "0"

    assert "OTP_AUDIT_RETENTION_DAYS is 0" in support(PHONE).stdout


def test_owners_and_viber_s_refusal_are_shown(service: Service, redis: RedisServer) -> None:
    started = service.sent()
    tag = started.id.number_tag
    redis.client.zadd(f"otp1:{{{tag}}}:o:shop", {OWNER: 1_772_000_000_000})
    redis.client.set(f"otp1:{{{tag}}}:w", 1, ex=7_200)

    output = support(PHONE).stdout

    assert f"shop  {OWNER}  last 2026-02-25 06:13:20 UTC" in output
    assert "Viber refuses this number; for 120 min more" in output


def test_unlock_lifts_the_limits_and_tells_whose(service: Service) -> None:
    service.sent()
    service.sent()
    assert isinstance(service.start(), OverBudget)

    result = support(PHONE, "--unlock")

    assert result.exit_code == 0
    assert result.stdout == "+380*******67: lifted what shop had charged to it\n"
    assert isinstance(service.start(), Verification)
    assert "limits lifted from the command line" in support(PHONE).stdout


def test_unlock_of_one_application_leaves_the_others(service: Service) -> None:
    service.sent()
    service.start("bank")

    result = support(PHONE, "--unlock", "--application", "bank")

    assert result.stdout == "+380*******67: lifted what bank had charged to it\n"
    limits = json.loads(support(PHONE, "--json").stdout)["limits"]
    assert {each["application"] for each in limits} == {"shop"}


def test_nothing_to_unlock_is_said(environ_of_two: Environ) -> None:
    result = support(PHONE, "--unlock")

    assert result.exit_code == 0
    assert "nothing to lift" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["12345"], "A number without + and country calling code needs a country."),
        (["+380671"], "No phone number of its country looks like this."),
        (
            [PHONE, "--country", "XX"],
            "--country must be the two-letter code of a country (ISO 3166-1 alpha-2)",
        ),
        (
            [PHONE, "--unlock", "--application", "shops"],
            "--application must be one of shop, bank",
        ),
    ],
    ids=["no country", "no number", "country", "application"],
)
def test_what_cannot_be_read_is_a_problem(
    environ_of_two: Environ, arguments: list[str], problem: str
) -> None:
    result = support(*arguments)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"problem: {problem}\n"


@pytest.mark.parametrize(
    "arguments", [["--application", "shop"], ["--unlock", "--json"]], ids=" ".join
)
def test_options_that_do_not_go_together_are_a_usage_error(arguments: list[str]) -> None:
    assert support(PHONE, *arguments).exit_code == 2


@pytest.mark.parametrize("more", [[], ["--unlock"]], ids=["show", "unlock"])
def test_redis_that_is_away_is_a_problem(environ_of_two: Environ, more: list[str]) -> None:
    environ_of_two["OTP_REDIS_URL"] = f"redis://nobody:{REDIS_PASSWORD}@127.0.0.1:{free_port()}"

    result = support(PHONE, *more)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "problem: Redis does not answer (ConnectionError).\n"


def test_embedded_store_is_the_service_s_own(environ_of_two: Environ) -> None:
    environ_of_two["OTP_REDIS_URL"] = "memory://"

    result = support(PHONE)

    assert result.exit_code == 1
    assert result.stderr == "problem: only the service itself sees into its embedded store\n"


def test_wrong_settings_are_named(environ_of_two: Environ) -> None:
    environ_of_two.update(OTP_AUDIT_RETENTION_DAYS="91", OTP_PORT="http")

    result = support(PHONE)

    assert (result.exit_code, result.stdout) == (1, "")
    names = {line.split(": ")[1] for line in result.stderr.splitlines()}
    assert names == {"OTP_AUDIT_RETENTION_DAYS", "OTP_PORT"}
    assert SECRETS["OTP_NXCLOUD_ACCESS_SECRET"] not in result.output


def test_looking_changes_nothing(service: Service, redis: RedisServer) -> None:
    service.sent()
    before = {key: redis.client.dump(key) for key in redis.client.keys("*")}

    support(PHONE)

    assert {key: redis.client.dump(key) for key in redis.client.keys("*")} == before


def test_timeline_lives_as_long_as_the_setting_says(service: Service, redis: RedisServer) -> None:
    started = service.sent()

    left = redis.client.pttl(f"otp1:{{{started.id.number_tag}}}:t")

    assert timedelta(milliseconds=left) > timedelta(days=6)
