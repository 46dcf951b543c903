"""Settings arrive in behaviour: the whole service in this process, the provider simulated."""

import hashlib
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from redis.exceptions import ConnectionError as RedisGone
from support.certificates import authority
from support.processes import free_port
from support.redis_servers import RedisServer, wait_until
from support.verifications import SilentJournal
from werkzeug.serving import make_server

from otp_service.domain.client_address import AddressScheme
from otp_service.domain.pin import Pin
from otp_service.domain.verification import Channel, LanguageReason, MessagePlan
from otp_service.errors import ServiceBusy, StoreUnavailable
from otp_service.ports import OutgoingMessage
from otp_service.redis_store import NumberKeyMark, Replication, connect, read_address
from otp_service.settings import load_settings
from otp_service.wiring import (
    _wire_hand_over,
    wire_api,
    wire_sms_sender,
    wire_store,
    wire_transport,
)
from tests.unit.nxcloud.scripted_server import REQUEST_ID, SMS_ACCEPTED, ScriptedServer, answer

NUMBER, OTHER_NUMBER = "+380671234567", "+12025550123"
SHOP_KEY, BANK_KEY, VERIFIER_KEY = "key-of-the-shop", "key-of-the-bank", "key-to-verify-with"
OLD, NEW = "o" * 32, "n" * 32
NUMBER_KEY = "number key of the tests, 32 bytes"
TABLES = """
[applications.shop]
api_keys_sha256 = ["{shop}"]
brand = "Nova Shop"
default_country = "UA"
default_language = "uk"
attempts = 2
sends = 1
pin_digits = 8
life_seconds = 600

[[applications.shop.budgets]]
name = "number_starts_per_hour"
limit = 1

[applications.bank]
api_keys_sha256 = ["{bank}"]
"""
VERIFY_ONLY = """
[[applications.shop.api_keys]]
id = "verifier"
sha256 = "{digest}"
scopes = ["verify"]
"""


class Caller:
    """One application's calls, and the simulated phone."""

    def __init__(self, client: FlaskClient, provider: str, key: str) -> None:
        self._client = client
        self._provider = provider
        self.headers = {"Authorization": f"Bearer {key}"}

    def post(self, path: str, **body: Any) -> Any:
        return self._client.post(path, json=body, headers=self.headers)

    def get(self, path: str) -> Any:
        return self._client.get(path, headers=self.headers)

    def start(self, phone: str = NUMBER, **body: Any) -> dict[str, Any]:
        answer = self.post("/otp/start", phone=phone, **body)
        assert answer.status_code == 201, answer.text
        return answer.json

    def verify(self, verification_id: str, code: str) -> Any:
        return self.post("/otp/verify", verification_id=verification_id, code=code)

    def message(self, phone: str = NUMBER) -> dict[str, Any]:
        url = f"{self._provider}/simulator/messages"
        answer = requests.get(url, params={"phone": phone}, timeout=10)
        return answer.json()["messages"][-1]

    def code(self, phone: str = NUMBER) -> str:
        return re.search(r"\d{4,10}", self.message(phone)["text"])[0]


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis(redis_server: RedisServer) -> RedisServer:
    redis_server.client.flushall()
    return redis_server


@pytest.fixture
def environment(provider: str, redis: RedisServer, tmp_path: Path) -> dict[str, str]:
    config = tmp_path / "otp-service.toml"
    digests = {"shop": SHOP_KEY, "bank": BANK_KEY}
    config.write_text(
        TABLES.format(
            **{name: hashlib.sha256(key.encode()).hexdigest() for name, key in digests.items()}
        )
    )
    return {
        "OTP_CONFIG": str(config),
        "OTP_REDIS_URL": redis.url,
        "OTP_SECRET_KEYS": OLD,
        "OTP_NUMBER_KEY": NUMBER_KEY,
        "OTP_NXCLOUD_BASE_URL": provider,
        "OTP_NXCLOUD_ACCESS_KEY": "sim_access",
        "OTP_NXCLOUD_ACCESS_SECRET": "sim_secret",
        "OTP_NXCLOUD_APPKEY": "sim_app",
    }


@pytest.fixture
def caller(environment: dict[str, str], provider: str, logs: None) -> Callable[..., Caller]:
    """Wire a service of its own, with some settings changed, and give a caller of it."""

    def wired(key: str = BANK_KEY, **changes: str) -> Caller:
        app = wire_api(load_settings({**environment, **changes}))
        return Caller(app.test_client(), provider, key)

    return wired


def key_mark(url: str, key: str = NUMBER_KEY) -> NumberKeyMark:
    return NumberKeyMark(connect(read_address(url)), key.encode())


def test_demo_settings_make_a_whole_service(provider: str, logs: None) -> None:
    app = wire_api(load_settings({"OTP_DEMO": "true", "OTP_NXCLOUD_BASE_URL": provider}))
    caller = Caller(app.test_client(), provider, "otp_demo")

    started = caller.start()
    approved = caller.verify(started["verification_id"], caller.code())

    assert (approved.status_code, approved.json["phone"]) == (200, NUMBER)
    proof = caller.post("/otp/proof", proof=approved.json["proof"])
    assert proof.json["application"] == "demo"


@pytest.mark.parametrize(
    ("demo", "status"), [("true", 403), ("false", 200)], ids=["demo", "production"]
)
def test_demo_alone_minds_the_host_name(
    environment: dict[str, str], logs: None, demo: str, status: int
) -> None:
    app = wire_api(load_settings({**environment, "OTP_DEMO": demo}))

    answer = app.test_client().get("/healthz", headers={"Host": "otp.internal.example"})

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("demo", "status"), [("true", 200), ("false", 404)], ids=["demo", "production"]
)
def test_signup_page_is_there_in_demo_mode_alone(
    environment: dict[str, str], logs: None, demo: str, status: int
) -> None:
    app = wire_api(load_settings({**environment, "OTP_DEMO": demo}))

    assert app.test_client().get("/demo/").status_code == status


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_signup_page_calls_the_service_where_it_listens(
    environment: dict[str, str], logs: None, provider: str, host: str
) -> None:
    port = free_port()
    listening = {"OTP_DEMO": "true", "OTP_HOST": host, "OTP_PORT": str(port)}
    app = wire_api(load_settings({**environment, **listening, "OTP_PIN_DIGITS": "8"}))
    server = make_server(host, port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    client = app.test_client()

    client.post("/demo/", data={"phone": NUMBER})
    page = client.get("/demo/code").text

    server.shutdown()
    thread.join()
    server.server_close()
    assert "Code of 8 digits" in page
    assert f'href="{provider}/?phone=%2B{NUMBER[1:]}"' in page


def test_application_has_its_own_rules(caller: Callable[..., Caller]) -> None:
    shop = caller(SHOP_KEY)

    started = shop.start("067 123 45 67")

    counted = {name: started[name] for name in ("expires_in", "attempts_left", "sends_left")}
    assert counted == {"expires_in": 600, "attempts_left": 2, "sends_left": 0}
    assert len(shop.code()) == 8
    assert shop.post("/otp/start", phone=NUMBER).json["code"] == "too_many_requests"


def test_application_without_rules_has_the_services(caller: Callable[..., Caller]) -> None:
    bank = caller(BANK_KEY, OTP_ATTEMPTS="3", OTP_LIFE_SECONDS="120")

    started = bank.start()

    assert (started["expires_in"], started["attempts_left"]) == (120, 3)


def test_application_has_its_own_brand_and_language(caller: Callable[..., Caller]) -> None:
    shop = caller(SHOP_KEY)

    # A country whose language is none of the templates' leaves the choice to the application.
    started = shop.start("+251911234567", message={"template_id": 3})

    assert shop.message("+251911234567")["text"].startswith("Nova Shop: Your code is ")
    assert started["language"] == "uk"


def test_key_is_good_for_its_scopes_alone(
    environment: dict[str, str], provider: str, logs: None
) -> None:
    with Path(environment["OTP_CONFIG"]).open("a") as config:
        config.write(VERIFY_ONLY.format(digest=hashlib.sha256(VERIFIER_KEY.encode()).hexdigest()))
    client = wire_api(load_settings(environment)).test_client()
    shop, verifier = (Caller(client, provider, key) for key in (SHOP_KEY, VERIFIER_KEY))

    refused = verifier.post("/otp/start", phone=OTHER_NUMBER)
    approved = verifier.verify(shop.start()["verification_id"], shop.code())

    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")
    assert approved.status_code == 200


def test_key_whose_time_is_over_opens_nothing(
    environment: dict[str, str], provider: str, logs: None
) -> None:
    over = VERIFY_ONLY + "expires = 2020-01-31T00:00:00Z"
    with Path(environment["OTP_CONFIG"]).open("a") as config:
        config.write(over.format(digest=hashlib.sha256(VERIFIER_KEY.encode()).hexdigest()))
    client = wire_api(load_settings(environment)).test_client()

    answer = Caller(client, provider, VERIFIER_KEY).verify("x", "123456")

    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")


def test_use_of_a_key_is_noted_soon(caller: Callable[..., Caller], redis: RedisServer) -> None:
    bank = caller(BANK_KEY)

    bank.get("/otp/verifications/x")

    fingerprint = hashlib.sha256(BANK_KEY.encode()).hexdigest()[:16]
    wait_until(lambda: redis.client.exists(f"otp1:k:{fingerprint}"), what="the use is noted")


def test_notes_of_uses_and_readiness_take_no_connection_from_requests(
    environment: dict[str, str],
) -> None:
    settings = load_settings({**environment, "OTP_THREADS": "2"})

    store = wire_store(settings)

    store.execute("PING")
    pool = store._client.connection_pool
    assert pool.max_connections == 4
    pool.disconnect()


def test_settings_reach_the_breaker(caller: Callable[..., Caller], provider: str) -> None:
    shop = caller(SHOP_KEY, OTP_NXCLOUD_BREAKER_FAILURES="2", OTP_NXCLOUD_BREAKER_OPEN_SECONDS="60")
    fault = {"http_status": 500, "times": 2}
    requests.put(f"{provider}/simulator/faults", json=fault, timeout=10).raise_for_status()

    answers = [shop.post("/otp/start", phone=f"+38067123456{at}") for at in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 503]
    assert answers[2].json["code"] == "service_busy"
    assert 50 < answers[2].json["retry_after"] <= 60


def test_connections_that_do_not_come_about_count_and_unsendable_texts_do_not(
    caller: Callable[..., Caller], environment: dict[str, str]
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    shop = caller(SHOP_KEY, OTP_NXCLOUD_BREAKER_FAILURES="2", OTP_NXCLOUD_BASE_URL=nobody)

    answers = [shop.post("/otp/start", phone=f"+38067123456{at}") for at in range(3)]

    assert [answer.status_code for answer in answers] == [502, 502, 503]
    ways = _wire_hand_over(load_settings(environment), SilentJournal())
    assert {sender._not_asked for sender in ways._senders.values()} == {frozenset({"unsendable"})}


def test_ways_to_the_provider_are_bounded_as_set(environment: dict[str, str]) -> None:
    environment |= {"OTP_THREADS": "9", "OTP_SENDS_SHARE_PERCENT": "34"}
    settings = load_settings(environment)

    ways = _wire_hand_over(settings, SilentJournal())

    with ExitStack() as full:
        for _ in range(3):
            full.enter_context(ways._bulkhead.entered())
        with pytest.raises(ServiceBusy):
            full.enter_context(ways._bulkhead.entered())
    circuits = [sender._circuit for sender in ways._senders.values()]
    assert len(set(map(id, circuits))) == len(Channel)
    assert {each._rules.probe_lasts for each in circuits} == {settings.longest_send()}


def test_breaker_can_be_switched_off(caller: Callable[..., Caller], provider: str) -> None:
    shop = caller(SHOP_KEY, OTP_NXCLOUD_BREAKER_FAILURES="0")
    fault = {"http_status": 500, "times": 12}
    requests.put(f"{provider}/simulator/faults", json=fault, timeout=10).raise_for_status()

    answers = [shop.post("/otp/start", phone=f"+3806712345{at:02d}") for at in range(12)]

    assert {answer.status_code for answer in answers} == {201}


def test_application_does_not_see_anothers_verification(
    environment: dict[str, str], provider: str, logs: None
) -> None:
    client = wire_api(load_settings(environment)).test_client()
    shop, bank = (Caller(client, provider, key) for key in (SHOP_KEY, BANK_KEY))

    started = shop.start()

    answer = bank.verify(started["verification_id"], shop.code())
    assert answer.json["code"] == "verification_not_found"


@pytest.mark.parametrize(
    ("at_start", "at_verify"),
    [
        pytest.param(OLD, f"{OLD},{NEW}", id="first step"),
        pytest.param(f"{OLD},{NEW}", f"{NEW},{OLD}", id="second step"),
        pytest.param(f"{NEW},{OLD}", f"{OLD},{NEW}", id="second step, worker of the first"),
    ],
)
def test_rotation_of_secrets_keeps_what_is_pending(
    caller: Callable[..., Caller], at_start: str, at_verify: str
) -> None:
    before = caller(OTP_SECRET_KEYS=at_start)
    after = caller(OTP_SECRET_KEYS=at_verify)
    started = before.start()

    approved = after.verify(started["verification_id"], before.code())

    assert approved.json["phone"] == NUMBER
    proof = before.post("/otp/proof", proof=approved.json["proof"])
    assert proof.json["active"] is True


def test_rotation_within_one_codes_life_keeps_it(caller: Callable[..., Caller]) -> None:
    before, after = caller(OTP_SECRET_KEYS=OLD), caller(OTP_SECRET_KEYS=f"{NEW},{OLD}")
    started = before.start()

    assert after.verify(started["verification_id"], before.code()).status_code == 200


def test_secret_that_is_dropped_is_accepted_no_more(caller: Callable[..., Caller]) -> None:
    before, after = caller(OTP_SECRET_KEYS=OLD), caller(OTP_SECRET_KEYS=NEW)
    started = before.start()

    answer = after.verify(started["verification_id"], before.code())

    assert answer.json["code"] == "code_incorrect"


def test_another_number_key_forgets_what_is_pending(caller: Callable[..., Caller]) -> None:
    before, after = caller(), caller(OTP_NUMBER_KEY="another number key, of 32 bytes.")
    started = before.start()

    answer = after.verify(started["verification_id"], before.code())

    assert answer.json["code"] == "verification_not_found"


def test_service_leaves_its_number_keys_mark(
    caller: Callable[..., Caller], redis: RedisServer
) -> None:
    caller()

    assert not key_mark(redis.url).is_of_another_key()
    assert key_mark(redis.url, "another number key, of 32 bytes.").is_of_another_key()


def test_mark_ends_and_shows_nothing_of_the_key(
    caller: Callable[..., Caller], redis: RedisServer
) -> None:
    caller()

    (name,) = redis.client.keys()
    assert 0 < redis.client.ttl(name) <= 90 * 86_400
    mark = redis.client.get(name).decode()
    assert re.fullmatch(r"[0-9a-f]{32}", mark)
    assert NUMBER_KEY.encode().hex() not in mark
    assert hashlib.sha256(NUMBER_KEY.encode()).hexdigest()[:32] != mark


def test_readiness_renews_the_mark(caller: Callable[..., Caller], redis: RedisServer) -> None:
    made = caller()
    redis.client.flushall()

    answer = made.get("/readyz")

    assert answer.status_code == 200
    assert redis.client.ttl("otp1:number-key") > 0


def test_store_without_a_mark_is_of_no_other_key(redis: RedisServer) -> None:
    assert not key_mark(redis.url).is_of_another_key()


def test_mark_of_a_store_that_is_away_is_unread() -> None:
    with pytest.raises(StoreUnavailable) as failure:
        key_mark(f"redis://127.0.0.1:{free_port()}").is_of_another_key()

    assert isinstance(failure.value.__cause__, RedisGone)


def test_settings_of_lines_to_redis_reach_them(environment: dict[str, str]) -> None:
    ca_file = str(authority().ca_file)
    environment |= {
        "OTP_REDIS_URL": f"rediss://127.0.0.1:{free_port()}",
        "OTP_REDIS_CA_FILE": ca_file,
        "OTP_REDIS_WAIT_REPLICAS": "2",
        "OTP_REDIS_WAIT_TIMEOUT_MS": "300",
    }

    connection = wire_store(load_settings(environment))

    assert connection._client.connection_pool.connection_kwargs["ssl_ca_certs"] == ca_file
    assert connection._replication == Replication(2, timedelta(milliseconds=300))


@pytest.mark.parametrize(("asked", "is_packed"), [("false", True), ("true", False)])
def test_records_have_the_form_that_is_asked_for(
    caller: Callable[..., Caller], redis: RedisServer, asked: str, *, is_packed: bool
) -> None:
    shop = caller(SHOP_KEY, OTP_WRITE_FOR_PREVIOUS_RELEASE=asked)
    redis.client.flushall()

    assert shop.post("/otp/start", phone=NUMBER).status_code == 201

    (record,) = redis.client.keys("otp1:*:v:*")
    assert redis.client.hexists(record, "R") is is_packed


def test_redis_that_takes_no_writes_is_not_ready(
    environment: dict[str, str], redis: RedisServer, logs: None
) -> None:
    client = wire_api(load_settings(environment)).test_client()
    redis.client.config_set("min-replicas-to-write", 1)
    try:
        refused = client.get("/readyz").status_code
    finally:
        redis.client.config_set("min-replicas-to-write", 0)

    assert (refused, client.get("/readyz").status_code) == (503, 200)


def test_service_that_ends_wants_no_new_callers(environment: dict[str, str], logs: None) -> None:
    is_ending = False
    client = wire_api(load_settings(environment), is_ending=lambda: is_ending).test_client()
    before = client.get("/readyz")
    is_ending = True

    after = client.get("/readyz")

    assert before.status_code == 200
    assert (after.status_code, after.json["code"]) == (503, "service_busy")


def test_service_comes_up_while_redis_is_away(caller: Callable[..., Caller]) -> None:
    away = caller(OTP_REDIS_URL=f"redis://127.0.0.1:{free_port()}")

    answer = away.post("/otp/start", phone=NUMBER)

    assert (answer.status_code, answer.json["code"]) == (503, "store_unavailable")


@pytest.mark.parametrize(
    ("policy", "status"), [("noeviction", 200), ("allkeys-lru", 503)], ids=["keeps", "evicts"]
)
def test_readiness_is_that_of_the_store(
    environment: dict[str, str], redis: RedisServer, logs: None, policy: str, status: int
) -> None:
    redis.client.config_set("maxmemory-policy", policy)

    answer = wire_api(load_settings(environment)).test_client().get("/readyz")

    redis.client.config_set("maxmemory-policy", "noeviction")
    assert answer.status_code == status


@pytest.mark.parametrize("dialect", ["documented", "current", "auto"])
def test_every_dialect_reaches_the_phone(caller: Callable[..., Caller], dialect: str) -> None:
    bank = caller(OTP_NXCLOUD_DIALECT=dialect)

    started = bank.start(OTHER_NUMBER)

    assert started["delivery"] == "accepted"
    assert bank.verify(started["verification_id"], bank.code(OTHER_NUMBER)).status_code == 200


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({}, {"appKey": "sim_app"}),
        (
            {"OTP_NXCLOUD_SMS_APPKEY": "sms_app", "OTP_NXCLOUD_SMS_SOURCE_ADDRESS": "Nova"},
            {"appKey": "sms_app", "sourceAddress": "Nova"},
        ),
    ],
    ids=["as viber", "its own"],
)
def test_sms_has_the_settings_application_and_sender(
    environment: dict[str, str], given: dict[str, str], fields: dict[str, str]
) -> None:
    server = ScriptedServer(default=lambda _: answer(SMS_ACCEPTED))
    settings = load_settings({**environment, **given, "OTP_NXCLOUD_BASE_URL": server.url})
    plan = MessagePlan(Channel.SMS, None, "uk", LanguageReason.COUNTRY)
    message = OutgoingMessage(NUMBER, Pin("123456"), plan, timedelta(seconds=300))

    with closing(server), wire_transport(settings) as line:
        sender = wire_sms_sender(settings, line, compose=repr, journal=SilentJournal())
        report = sender.send(message)

    assert report.request_id == REQUEST_ID
    sent = server.requests[0].json
    assert {name: sent.get(name) for name in ("appKey", "sourceAddress")} == {
        "sourceAddress": None,
        **fields,
    }


def test_callback_secrets_are_cut_from_the_log(
    caller: Callable[..., Caller], capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "callback-secret-of-the-tests-for-this-one"
    caller(OTP_NXCLOUD_CALLBACK_SECRETS=secret)

    logging.getLogger("some.library").warning("POST /callbacks/nxcloud/%s/receipt", secret)

    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert line["event"] == "POST /callbacks/nxcloud/[cut]/receipt"


def test_log_level_is_the_settings(
    caller: Callable[..., Caller], capsys: pytest.CaptureFixture[str]
) -> None:
    caller(OTP_LOG_LEVEL="error")

    for level in (logging.WARNING, logging.ERROR):
        logging.getLogger("some.library").log(level, "something")

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["level"] for line in lines] == ["error"]


def test_client_tokens_stay_good_through_a_rotation_of_secrets(
    caller: Callable[..., Caller],
) -> None:
    minted = caller().post("/otp/client-tokens", phone=NUMBER)
    token = minted.json["token"]

    added = caller(token, OTP_SECRET_KEYS=f"{OLD},{NEW}")
    started = added.start()
    moved = caller(token, OTP_SECRET_KEYS=f"{NEW},{OLD}")
    approved = moved.verify(started["verification_id"], moved.code())
    removed = caller(token, OTP_SECRET_KEYS=NEW)

    assert approved.status_code == 200
    assert moved.post("/otp/start", phone=NUMBER).status_code == 201
    assert removed.post("/otp/start", phone=NUMBER).status_code == 401


def test_application_has_its_own_token_life_and_origins(
    environment: dict[str, str], caller: Callable[..., Caller]
) -> None:
    path = Path(environment["OTP_CONFIG"])
    own = 'client_token_life_seconds = 60\ncors_origins = ["https://bank.example"]\n'
    path.write_text(path.read_text() + own)
    minted = caller().post("/otp/client-tokens").json

    headers = {"Authorization": f"Bearer {minted['token']}", "Origin": "https://bank.example"}
    app = wire_api(load_settings(environment))
    answer = app.test_client().post("/otp/start", json={"phone": NUMBER}, headers=headers)

    assert (minted["expires_in"], answer.status_code) == (60, 201)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://bank.example"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "127.0.0.1"),
        ({"OTP_TRUSTED_PROXY_HOPS": "1"}, "203.0.113.7"),
        ({"OTP_TRUSTED_PROXY_HOPS": "2"}, "198.51.100.66"),
        ({"OTP_TRUSTED_PROXIES": "127.0.0.0/8"}, "203.0.113.7"),
    ],
)
def test_token_s_start_is_charged_to_the_address_that_the_settings_believe(
    caller: Callable[..., Caller], redis: RedisServer, given: dict[str, str], expected: str
) -> None:
    token = caller().post("/otp/client-tokens").json["token"]
    behind = caller(token, **given)
    behind.headers["X-Forwarded-For"] = "198.51.100.66, 203.0.113.7"

    behind.start()

    (record,) = redis.client.keys("otp1:*:v:*")
    tag = AddressScheme(NUMBER_KEY.encode()).tag(expected)
    assert redis.client.hget(record, "ip") == tag.encode()


@pytest.mark.parametrize(("days", "kept"), [("0", []), ("2", [2])], ids=["off", "two days"])
def test_timeline_is_kept_as_long_as_the_settings_say(
    caller: Callable[..., Caller], redis: RedisServer, days: str, kept: list[int]
) -> None:
    caller(OTP_AUDIT_RETENTION_DAYS=days).start()

    left_ms = [redis.client.pttl(key) for key in redis.client.keys("otp1:{*}:t")]
    assert [-(-left // 86_400_000) for left in left_ms] == kept
