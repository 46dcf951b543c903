import json
from collections.abc import MutableMapping
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from support.processes import free_port
from support.redis_servers import RedisServer

from otp_service.cli import main
from otp_service.cli.send import command
from otp_service.domain.identity import IdScheme
from otp_service.redis_store import RedisSessions, connect, read_address
from tests.unit.cli.conftest import SECRETS
from tests.unit.nxcloud.scripted_server import (
    DROP,
    REQUEST_ID,
    ScriptedServer,
    answer,
    code,
)

Environ = MutableMapping[str, str]

PHONE, UKRAINIAN = "+12015550123", "+380671234567"
LINK = "https://example.com/a"
CLIP = {
    "thumbnail": LINK,
    "video-link": LINK,
    "video-size-bytes": "1024",
    "duration-seconds": "10",
}
# Subcommand, its own options, what it is billed as.
COMMANDS: dict[str, tuple[dict[str, str], str]] = {
    "text": ({"text": "Hello"}, "Transactional"),
    "image": ({"image": LINK}, "Promotional"),
    "text-image": ({"text": "Hello", "image": LINK}, "Promotional"),
    "text-image-button": (
        {"text": "Hello", "image": LINK, "button-text": "Go", "button-link": LINK},
        "Promotional",
    ),
    "text-button": ({"text": "Hello", "button-text": "Go", "button-link": LINK}, "Promotional"),
    "file": (
        {"file-name": "a.pdf", "file-link": LINK, "file-type": ".PDF"},
        "Transactional",
    ),
    "video": (CLIP, "Promotional"),
    "video-text": ({**CLIP, "text": "Hello"}, "Promotional"),
    "video-text-button": ({**CLIP, "text": "Hello", "button-text": "Go"}, "Promotional"),
}


def send(name: str, *flags: str, to: str = PHONE, **options: str) -> Result:
    given = {name.replace("_", "-"): value for name, value in options.items()}
    words = [word for option, value in given.items() for word in (f"--{option}", value)]
    return CliRunner().invoke(command, [name, "--to", to, *words, *flags])


def shown(result: Result) -> Any:
    """Give the JSON of a dry run."""
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout.rpartition("billed as: ")[0])


def sessions_of(redis: RedisServer) -> RedisSessions:
    class Journal:
        def record(self, event: object) -> None:
            pass

    ids = IdScheme(SECRETS["OTP_NUMBER_KEY"].encode())
    return RedisSessions(connect(read_address(redis.url)), Journal(), ids)


@pytest.mark.parametrize("name", COMMANDS)
def test_message_of_each_type_arrives_at_the_simulators_phone(
    deployed: Environ, provider: str, name: str
) -> None:
    deployed.update(
        OTP_NXCLOUD_BASE_URL=provider,
        OTP_NXCLOUD_ACCESS_KEY="sim_access",
        OTP_NXCLOUD_ACCESS_SECRET="sim_secret",
        OTP_NXCLOUD_APPKEY="sim_app",
    )
    options, billing = COMMANDS[name]

    result = send(name, **options)

    assert (result.exit_code, result.stderr) == (0, "")
    answered = requests.get(
        f"{provider}/simulator/messages", params={"phone": PHONE}, timeout=10
    ).json()
    (message,) = answered["messages"]
    assert message["function_type"] == name.replace("-", "_")
    assert result.stdout == f"accepted: {message['id']}\nbilled as: {billing}\n"


def test_there_is_a_subcommand_for_every_function_type() -> None:
    assert sorted(command.commands) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_subcommand_explains_every_option(name: str) -> None:
    help_text = CliRunner().invoke(main, ["send", name, "--help"]).stdout

    assert "--rate" in help_text
    assert all(f"--{option}" in help_text for option in COMMANDS[name][0])
    assert all(parameter.help for parameter in command.commands[name].params)


@pytest.mark.parametrize("name", COMMANDS)
def test_dry_run_shows_what_would_be_sent_and_sends_nothing(
    deployed: Environ, scripted: ScriptedServer, name: str
) -> None:
    options, billing = COMMANDS[name]

    result = send(name, "--dry-run", **options)

    assert result.stdout.endswith(f"\nbilled as: {billing}\n")
    assert scripted.connections == 0
    send(name, **options)
    appkey = {"appkey": SECRETS["OTP_NXCLOUD_APPKEY"]}
    assert {**appkey, **shown(result)} == scripted.requests[0].json


@pytest.mark.parametrize(
    ("dialect", "field", "template"),
    [("documented", "temolateId", "3"), ("current", "templateId", "c33cccaf")],
)
def test_dry_run_of_a_template_is_in_the_settings_spelling_and_hides_the_code(
    deployed: Environ, dialect: str, field: str, template: str
) -> None:
    deployed["OTP_NXCLOUD_DIALECT"] = dialect

    result = send(
        "text",
        "--dry-run",
        rate="otp-template",
        template_id="3",
        language="uk",
        pin="048213",
        business_name="Nova",
    )

    assert shown(result)["messageData"][field].startswith(template)
    assert "048213" not in result.output
    assert "******" in result.stdout
    assert result.stdout.endswith("\nbilled as: OtpTemplate\n")


def test_code_goes_out_in_its_template(deployed: Environ, scripted: ScriptedServer) -> None:
    result = send(
        "text", to=UKRAINIAN, rate="otp-template", template_id="4", pin="048213", life_seconds="600"
    )

    assert result.stdout == f"accepted: {REQUEST_ID}\nbilled as: OtpTemplate\n"
    data = scripted.requests[0].json["messageData"]
    assert (data["temolateId"], data["temolateLang"]) == ("4", "en")
    assert json.loads(data["temolateParams"]) == {"pin": "048213", "codeValidityTime": 10}


def test_code_that_is_not_given_is_drawn_and_told_to_the_phone_alone(
    deployed: Environ, scripted: ScriptedServer
) -> None:
    results = [send("text", rate="otp-template") for _ in range(3)]

    codes = [
        json.loads(request.json["messageData"]["temolateParams"])["pin"]
        for request in scripted.requests
    ]
    assert all(len(each) == 6 and each.isdecimal() for each in codes)
    assert len(set(codes)) > 1
    assert not any(each in result.output for each, result in zip(codes, results, strict=True))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rate": "otp-template", "text": "Hello"}, "the template is the text"),
        (
            {"text": "Hello", "template_id": "3", "business_name": "Nova"},
            "only with --rate otp-template: --template-id, --business-name",
        ),
    ],
    ids=["text", "plain"],
)
def test_options_that_do_not_go_together_are_a_usage_error(
    deployed: Environ, scripted: ScriptedServer, options: dict[str, str], words: str
) -> None:
    result = send("text", **options)

    assert result.exit_code == 2
    assert words in result.stderr
    assert scripted.exchanges == 0


@pytest.mark.parametrize(
    ("name", "rate"), [("text", "promotional"), ("image", "transactional"), ("video", "session")]
)
def test_rate_that_the_type_does_not_take_is_a_usage_error(name: str, rate: str) -> None:
    result = send(name, rate=rate, **COMMANDS[name][0])

    assert result.exit_code == 2
    assert "--rate" in result.stderr


def test_every_field_in_the_way_is_named(deployed: Environ, scripted: ScriptedServer) -> None:
    options = {**COMMANDS["video"][0], "video-link": "example.com", "duration-seconds": "601"}

    result = send("video", to="201 555 0123", **options)

    assert (result.exit_code, result.stdout) == (1, "")
    named = [line.split(": ")[:2] for line in result.stderr.splitlines()]
    assert named == [
        ["problem", "phone"],
        ["problem", "video_link"],
        ["problem", "duration_seconds"],
    ]
    assert scripted.exchanges == 0


def test_text_of_a_template_is_named_by_its_option(deployed: Environ) -> None:
    result = send("text", rate="otp-template", template_id="3", business_name="see www.example.com")

    assert result.exit_code == 1
    assert result.stderr == "problem: business_name: must not hold a link\n"


def test_plain_text_to_a_template_country_must_be_called_registered(
    deployed: Environ, scripted: ScriptedServer
) -> None:
    refused = send("text", to=UKRAINIAN, text="Hello")
    taken = send("text", "--registered-template", to=UKRAINIAN, text="Hello")

    assert refused.exit_code == 1
    assert refused.stderr.startswith("problem: registered_template: to UA ")
    assert taken.stdout.endswith("\nbilled as: Transactional\n")
    assert scripted.exchanges == 1


def test_session_message_is_judged_by_what_redis_remembers(
    deployed: Environ, redis: RedisServer, scripted: ScriptedServer
) -> None:
    session = {"rate": "session", "text": "Hello"}
    billed = [send("text", **session).stdout.splitlines()[1] for _ in range(2)]
    sessions_of(redis).note_reply(PHONE)
    foreseen = send("text", "--dry-run", **session).stdout.splitlines()[-1]
    billed += [send("text", **session).stdout.splitlines()[1] for _ in range(5)]

    sixth = send("text", **session)

    outside, first, later = (
        ["billed as: Transactional"],
        ["billed as: Session"],
        ["billed as: free"],
    )
    assert billed == outside * 2 + first + later * 4
    assert foreseen == "billed as: Session"
    assert sixth.exit_code == 1
    assert sixth.stderr.startswith("problem: rate_type: the user has not answered the last 5 ")
    assert scripted.exchanges == 7


def test_session_message_without_redis_is_not_sent(
    deployed: Environ, scripted: ScriptedServer
) -> None:
    deployed["OTP_REDIS_URL"] = f"redis://127.0.0.1:{free_port()}"

    session = send("text", rate="session", text="Hello")
    plain = send("text", text="Hello")

    assert session.exit_code == 1
    assert session.stderr == (
        "problem: Redis did not answer; without it no Session message can be judged\n"
    )
    assert plain.exit_code == 0
    assert scripted.exchanges == 1


def test_session_message_says_that_the_embedded_store_forgets(
    deployed: Environ, scripted: ScriptedServer
) -> None:
    deployed["OTP_REDIS_URL"] = "memory://"

    result = send("image", rate="session", image=LINK)

    assert result.stdout.endswith("\nbilled as: Promotional\n")
    assert result.stderr == "note: the embedded store remembers no session beyond this command\n"


@pytest.mark.parametrize(
    ("number", "verdict", "advice"),
    [
        (9002, "number_refused", ""),
        (9001, "failed", ""),
        (1102, "misconfigured", "problem: The account is out of money: top it up.\n"),
    ],
)
def test_message_that_was_not_sent_says_why(
    deployed: Environ, scripted: ScriptedServer, number: int, verdict: str, advice: str
) -> None:
    scripted.default = lambda _: code(number)

    result = send("text", text="Hello")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"{advice}not sent: {verdict} (code_{number})\n"


def test_message_that_may_have_been_sent_has_a_status_of_its_own(
    deployed: Environ, scripted: ScriptedServer
) -> None:
    scripted.script(DROP)

    result = send("text", text="Hello")

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "unknown: dropped; it may have been sent\n"


def test_wrong_settings_are_named_and_nothing_is_sent(
    deployed: Environ, scripted: ScriptedServer
) -> None:
    deployed["OTP_PORT"] = "http"

    result = send("text", text="Hello")

    assert result.exit_code == 1
    assert result.stderr.startswith("problem: OTP_PORT: ")
    assert scripted.connections == 0


def test_output_shows_no_secret(deployed: Environ, scripted: ScriptedServer) -> None:
    scripted.default = lambda request: answer({"code": 9000, "message": request.body.decode()})

    results = [
        send("text", *flags, rate="otp-template", pin="048213") for flags in ([], ["--dry-run"])
    ]

    output = "".join(result.output for result in results)
    assert not [secret for secret in (*SECRETS.values(), "048213") if secret in output]
