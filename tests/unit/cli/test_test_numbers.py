import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from otp_service.cli import test_numbers
from otp_service.cli.check import command as check_command
from otp_service.cli.test_numbers import command
from otp_service.domain.identity import IdScheme
from otp_service.domain.test_number import FixedPinScheme, HashedPin
from otp_service.settings import load_settings
from tests.unit.cli.conftest import SECRETS
from tests.unit.nxcloud.scripted_server import ScriptedServer, answer

Environ = MutableMapping[str, str]

PHONE, OTHER_PHONE = "+380671234567", "+12025550123"
KEY_HASH = "a" * 64
# The first terminal that the leader of a session opens becomes its own: /dev/tty.
ON_A_TERMINAL = """
import os, sys
os.open(sys.argv.pop(1), os.O_RDWR)
from otp_service.cli.test_numbers import command
command()
"""
NUMBER_KEY = SECRETS["OTP_NUMBER_KEY"].encode()


@pytest.fixture
def configured(deployed: Environ) -> Callable[[str], None]:
    """Write the shop's table, with what else is to stand in it and after it."""

    def write(lines: str, *tables: str) -> None:
        head = f'[applications.shop]\napi_keys_sha256 = ["{KEY_HASH}"]\n'
        Path(deployed["OTP_CONFIG"]).write_text(head + lines + "\n" + "\n".join(tables))

    return write


def run(*arguments: str, answered: str | None = None) -> Result:
    return CliRunner().invoke(command, [*arguments], input=answered)


def new(*arguments: str, phone: str = PHONE, answered: str | None = None) -> Result:
    whose = ["--application", "shop", "--phone", phone]
    return run("new", *whose, *arguments, answered=answered)


def made(*arguments: str, **details: Any) -> tuple[str, dict[str, Any]]:
    """Give the PIN that is printed, and the one table for the shop's settings."""
    result = new(*arguments, **details)
    assert (result.exit_code, result.stderr) == (0, "")
    pin, _, text = result.stdout.partition("\n")
    (table,) = tomllib.loads(text)["applications"]["shop"]["test_numbers"]
    return pin, table


def is_pin_of(digits: str, table: dict[str, Any]) -> bool:
    scheme = FixedPinScheme(NUMBER_KEY)
    tag = IdScheme(NUMBER_KEY).number_tag(PHONE)
    hashed = HashedPin(table["number_tag"], table["pin_hmac"], table["seal"])
    return hashed == scheme.make("shop", tag, digits=digits)


def test_pin_is_drawn_and_the_table_stands_for_it_and_for_the_number(deployed: Environ) -> None:
    pin, table = made()
    other, _ = made()

    assert re.fullmatch(r"\d{6}", pin)
    assert pin != other
    assert is_pin_of(pin, table)


def test_neither_number_nor_pin_stands_in_the_table(deployed: Environ) -> None:
    result = new("--id", "review")

    pin, _, text = result.stdout.partition("\n")
    assert pin not in text
    assert PHONE[4:] not in text


def test_table_says_when_it_ends_and_how_often_it_starts(deployed: Environ) -> None:
    _, table = made("--days", "366", "--starts-per-day", "7", "--id", "review")

    assert (table["id"], table["starts_per_day"]) == ("review", 7)
    left = table["until"] - datetime.now(UTC)
    assert timedelta(days=364) < left <= timedelta(days=366)
    assert (table["until"].hour, table["until"].minute) == (0, 0)


def test_number_is_named_after_its_country_and_last_digits_by_default(deployed: Environ) -> None:
    _, table = made()

    assert (table["id"], table["starts_per_day"]) == ("ua-67", 20)


def test_pin_has_as_many_digits_as_the_application_s(
    deployed: Environ, configured: Callable[[str], None]
) -> None:
    configured("pin_digits = 9")

    pin, _ = made()

    assert re.fullmatch(r"\d{9}", pin)


def test_pin_of_one_s_own_is_asked_for_and_not_repeated(deployed: Environ) -> None:
    result = new("--ask-pin", answered="271828\n")

    assert result.exit_code == 0
    (table,) = tomllib.loads(result.stdout)["applications"]["shop"]["test_numbers"]
    assert is_pin_of("271828", table)
    assert "271828" not in result.stdout + result.stderr


def test_pin_of_one_s_own_comes_from_a_pipe_whatever_the_terminal(deployed: Environ) -> None:
    whose = ["new", "--application", "shop", "--phone", PHONE, "--ask-pin"]
    asking, answering = os.openpty()

    ended = subprocess.run(
        [sys.executable, "-c", ON_A_TERMINAL, os.ttyname(answering), *whose],
        env={**os.environ, **deployed},
        input="271828\n",
        capture_output=True,
        text=True,
        timeout=20,
        start_new_session=True,
        check=False,
    )

    os.close(asking)
    os.close(answering)
    assert (ended.returncode, ended.stderr) == (0, "")
    (table,) = tomllib.loads(ended.stdout)["applications"]["shop"]["test_numbers"]
    assert is_pin_of("271828", table)


@pytest.mark.parametrize("digits", ["123456", "000000", "12345", "12a456"])
def test_bad_pin_of_one_s_own_is_refused_and_not_repeated(deployed: Environ, digits: str) -> None:
    result = new("--ask-pin", answered=f"{digits}\n")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "The PIN must" in result.stderr
    assert digits not in result.stderr


def test_pin_that_is_guessed_first_is_drawn_anew(
    deployed: Environ, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["000000", "123456", "271828"])
    monkeypatch.setattr(test_numbers, "draw_pin", lambda _: _Drawn(next(drawn)))

    pin, _ = made()

    assert pin == "271828"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--application", "bank"], "--application: there is none but shop"),
        (["--phone", "12345"], "--phone: A number without + and country calling code"),
        (["--phone", "+442083661177"], "--phone: Numbers of this kind take no messages"),
        (["--id", "Shop"], "--id: must have 1 to 32 of a-z, 0-9, _ and -"),
        (["--days", "367"], "'--days': 367 is not in the range 1<=x<=366"),
        (["--starts-per-day", "0"], "'--starts-per-day': 0 is not in the range"),
    ],
)
def test_what_no_setting_takes_is_refused_and_nothing_is_printed(
    deployed: Environ, arguments: list[str], words: str
) -> None:
    result = new(*arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert words in " ".join(result.stderr.split())


def test_problems_of_the_settings_are_named_first(deployed: Environ) -> None:
    deployed["OTP_NUMBER_KEY"] = "short"

    result = new()

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "problem: OTP_NUMBER_KEY: must have at least 32 bytes\n"


def test_demo_that_draws_its_own_number_key_makes_none(environ: Environ) -> None:
    environ["OTP_DEMO"] = "true"

    result = run("new", "--application", "demo", "--phone", PHONE)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "OTP_NUMBER_KEY is not set" in result.stderr


def test_tables_load_as_printed(deployed: Environ, configured: Callable[..., None]) -> None:
    tables = [new(phone=phone).stdout.partition("\n")[2] for phone in (PHONE, OTHER_PHONE)]

    configured('mode = "test"', *tables)

    pins = load_settings(deployed).domain_applications()["shop"].fixed_pins
    assert [pin.name for pin in pins] == ["ua-67", "us-23"]


def test_list_has_a_line_a_number_and_shows_nothing_of_it(
    deployed: Environ, configured: Callable[..., None]
) -> None:
    lasting = new().stdout.partition("\n")[2]
    over = new("--id", "old", phone=OTHER_PHONE).stdout.partition("\n")[2]
    over = re.sub("until = .*", "until = 2020-01-31T01:00:00+01:00", over)
    configured('mode = "test"', lasting, over)

    result = run("list")

    first, second = result.stdout.splitlines()
    assert first.startswith("shop (test)  ua-67  20 starts a day  until 20")
    assert second == "shop (test)  old  20 starts a day  until 2020-01-31 00:00 UTC (over)"


def test_check_warns_of_a_live_application_and_of_what_is_over(
    deployed: Environ, configured: Callable[..., None], scripted: ScriptedServer
) -> None:
    lasting = new("--days", "100").stdout.partition("\n")[2]
    over = new("--id", "old", phone=OTHER_PHONE).stdout.partition("\n")[2]
    over = re.sub("until = .*", "until = 2020-01-31T00:00:00Z", over)
    configured("allow_test_numbers = true", lasting, over)
    scripted.script(answer(b"", date=datetime.now(UTC)))

    result = CliRunner().invoke(check_command)

    warnings = [
        line
        for line in result.stdout.splitlines()
        if line.startswith("warning") and "test number" in line
    ]
    assert result.exit_code == 0
    assert re.fullmatch(
        r"warning: shop is live and lets in whoever knows or guesses the fixed PIN of a test "
        r"number: ua-67 \(until \d{4}-\d\d-\d\d\): found by then with a chance of at most "
        r"1\.0[01]%",
        warnings[0],
    )
    assert warnings[1:] == [
        (
            "warning: shop has test numbers whose time is over, so that they get messages as any "
            "other: old (until 2020-01-31)"
        )
    ]


def test_check_says_nothing_of_test_numbers_in_an_application_for_tests(
    deployed: Environ, configured: Callable[..., None], scripted: ScriptedServer
) -> None:
    configured('mode = "test"', new().stdout.partition("\n")[2])
    scripted.script(answer(b"", date=datetime.now(UTC)))

    result = CliRunner().invoke(check_command)

    assert (result.exit_code, "test number" in result.stdout) == (0, False)


class _Drawn:
    def __init__(self, digits: str) -> None:
        self.digits = digits
