"""What ``otp-service simulator`` tells its worker, and what it refuses to."""

import json
from collections.abc import MutableMapping
from typing import Any

import pytest
from click.testing import CliRunner, Result

from otp_service.cli import main
from otp_service.cli import simulator as simulator_module
from otp_service.simulator.terms import Terms

Environ = MutableMapping[str, str]
SECRET = "callback-secret-of-the-tests"
URL = f"http://127.0.0.1:8000/callbacks/nxcloud/{SECRET}"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, environ: Environ) -> list[dict[str, Any]]:
    """What each server was asked for."""
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(simulator_module, "serve_simulator", lambda **server: asked.append(server))
    return asked


def run(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(main, ["simulator", *arguments], env=environ)


def options(environ: Environ) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(environ["OTP_SIMULATOR_OPTIONS"])
    return told


def test_simulator_begins_as_usual_unless_told(
    served: list[dict[str, Any]], environ: Environ
) -> None:
    result = run()

    assert result.exit_code == 0
    assert served == [{"host": "127.0.0.1", "port": 8001, "threads": 32}]
    assert options(environ) == {
        "dialect": "either",
        "callback_url": None,
        "delivery_seconds": 0.3,
        "terms": Terms().as_json(),
    }


def test_account_begins_as_the_options_say(served: list[dict[str, Any]], environ: Environ) -> None:
    result = run(
        *("--dialect", "current", "--delivery-ms", "50", "--balance", "2.5", "--currency", "EUR"),
        *(
            "--price",
            "SMS=0.5",
            "--price",
            "Session=0",
            "--disabled",
            "--cost-receipt",
            "delivered",
        ),
        *("--no-quotation", "UA", "--no-quotation", "PL", "--no-route", "BY"),
        *("--registered-text", "Code {}", "--allowed-ip", "127.0.0.1"),
        *("--sms-hourly-limit", "none", "--sms-per-second", "7"),
    )

    assert result.exit_code == 0
    told = options(environ)
    assert (told["dialect"], told["delivery_seconds"]) == ("current", 0.05)
    assert told["terms"] == {
        "is_enabled": False,
        "balance": 2.5,
        "currency": "EUR",
        "prices": Terms().as_json()["prices"] | {"SMS": 0.5, "Session": 0},
        "no_quotation": ["UA", "PL"],
        "no_route": ["BY"],
        "registered_texts": ["Code {}"],
        "allowed_ips": ["127.0.0.1"],
        "sms_hourly_limit": None,
        "sms_per_second": 7,
        "cost_receipt": "delivered",
    }


def test_callback_url_comes_from_the_environment(
    served: list[dict[str, Any]], environ: Environ
) -> None:
    result = run(OTP_SIMULATOR_CALLBACK_URL=URL)

    assert result.exit_code == 0
    assert len(served) == 1
    assert SECRET not in result.output


def test_callback_url_is_told_to_the_worker(served: list[dict[str, Any]], environ: Environ) -> None:
    run("--callback-url", URL)

    assert options(environ)["callback_url"] == URL


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--dialect", "old"], "--dialect"),
        (["--port", "0"], "--port"),
        (["--port", "65536"], "--port"),
        (["--delivery-ms", "-1"], "--delivery-ms"),
        (["--balance", "-1"], "--balance"),
        (["--balance", "much"], "--balance"),
        (["--currency", "euro"], "--currency"),
        (["--price", "SMS"], "--price"),
        (["--price", "Fax=1"], "--price"),
        (["--price", "SMS=dear"], "--price"),
        (["--no-quotation", "UK"], "--no-quotation"),
        (["--no-route", "PL", "--no-route", "XX"], "--no-route"),
        (["--registered-text", ""], "--registered-text"),
        (["--allowed-ip", "localhost"], "--allowed-ip"),
        (["--sms-hourly-limit", "0"], "--sms-hourly-limit"),
        (["--sms-per-second", "often"], "--sms-per-second"),
        (["--cost-receipt", "seen"], "--cost-receipt"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_option_no_simulator_has_is_a_usage_error_that_names_it(
    served: list[dict[str, Any]], arguments: list[str], named: str
) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert f"'{named}'" in result.stderr or f"for {named}:" in result.stderr
    assert served == []


def test_callback_url_of_another_machine_is_refused_and_not_repeated(
    served: list[dict[str, Any]],
) -> None:
    result = run(OTP_SIMULATOR_CALLBACK_URL=f"https://example.org/{SECRET}")

    assert result.exit_code == 2
    assert "--callback-url" in result.stderr
    assert SECRET not in result.output
    assert served == []


def test_option_before_a_command_is_not_silently_dropped(served: list[dict[str, Any]]) -> None:
    result = run("--port", "8002", "faults")

    assert result.exit_code == 2
    assert "--url" in result.stderr
