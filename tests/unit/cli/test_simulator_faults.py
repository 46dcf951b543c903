"""Faults ordered by command line, at a simulator that runs."""

import pytest
import requests
from click.testing import CliRunner, Result
from support.processes import free_port

from otp_service.cli import main

KYIV = "+380671234567"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["simulator", *arguments])


def waiting(provider: str) -> list[dict[str, object]]:
    answer = requests.get(f"{provider}/simulator/faults", timeout=10)
    faults: list[dict[str, object]] = answer.json()["faults"]
    return faults


def test_fault_is_ordered_and_shown(provider: str) -> None:
    result = run(
        *("fault", "--phone", KYIV, "--code", "9002", "--times", "2"),
        *("--channel", "viber", "--url", provider),
    )

    assert result.exit_code == 0
    assert result.stdout == f"{KYIV}: code 9002, 2 times, viber only\n"
    assert waiting(provider) == [{"phone": KYIV, "times": 2, "channel": "viber", "code": 9002}]


@pytest.mark.parametrize(
    ("option", "fault"),
    [
        (["--http-status", "503"], {"http_status": 503}),
        (["--delay-ms", "9000"], {"delay_ms": 9_000}),
        (["--drop"], {"drop": True}),
        (["--garbage"], {"garbage": True}),
    ],
    ids=["status", "delay", "drop", "garbage"],
)
def test_fault_of_each_kind_is_ordered_for_everybody_once(
    provider: str, option: list[str], fault: dict[str, object]
) -> None:
    result = run("fault", *option, "--url", provider)

    assert result.exit_code == 0
    assert waiting(provider) == [{"phone": None, "times": 1, **fault}]


def test_faults_lists_what_is_still_to_happen(provider: str) -> None:
    before = run("faults", "--url", f"{provider}/")
    run("fault", "--drop", "--url", provider)
    run("fault", "--delay-ms", "5", "--phone", KYIV, "--times", "3", "--url", provider)

    after = run("faults", "--url", provider)

    assert before.stdout == "no faults\n"
    assert after.stdout == f"every number: drop, 1 time\n{KYIV}: delay_ms 5, 3 times\n"


def test_clear_leaves_no_fault(provider: str) -> None:
    run("fault", "--drop", "--url", provider)

    result = run("faults", "--url", provider, "clear")

    assert result.stdout == "no faults\n"
    assert waiting(provider) == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--code", "0"], "--code: 0 is success, and no fault"),
        (["--drop", "--http-status", "99999"], "--drop: give exactly one of"),
        (["--times", "2"], "give exactly one of"),
        (["--http-status", "200"], "--http-status: must be an integer from 300 to 599"),
        (["--drop", "--phone", "abc"], "--phone: not a phone number with its country code"),
    ],
    ids=["success", "two-kinds", "no-kind", "status", "phone"],
)
def test_fault_that_cannot_be_followed_names_the_option(
    provider: str, arguments: list[str], error: str
) -> None:
    result = run("fault", *arguments, "--url", provider)

    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {error}")
    assert waiting(provider) == []


def test_no_proxy_is_asked_for_what_is_at_this_machine(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    result = run("faults", "--url", provider)

    assert result.stdout == "no faults\n"


def test_simulator_that_does_not_run_is_said_in_one_line() -> None:
    url = f"http://127.0.0.1:{free_port()}"

    result = run("faults", "--url", url)

    assert result.exit_code == 1
    assert result.stderr == f"Error: no simulator answers at {url}\n"


def test_server_that_is_no_simulator_is_said_in_one_line(provider: str) -> None:
    url = f"{provider}/simulator/account?"

    result = run("faults", "--url", url)

    assert result.exit_code == 1
    assert result.stderr == f"Error: no simulator answers at {url}\n"
