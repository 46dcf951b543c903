"""The command line as a whole: what it knows, and what it loads to say so."""

import subprocess
import sys

import pytest
from click.testing import CliRunner
from support.processes import clean_environ

from otp_service.cli import main

COMMANDS = [
    "check",
    "demo",
    "forget",
    "fraud",
    "keys",
    "policy",
    "send",
    "serve",
    "simulator",
    "support",
    "templates",
    "test-numbers",
]
HEAVY = [
    "cryptography",
    "flask",
    "granian",
    "langcodes",
    "phonenumbers",
    "pydantic",
    "redis",
    "requests",
]


def loaded_by(*arguments: str) -> set[str]:
    program = (
        "import sys\n"
        "from otp_service.cli import main\n"
        f"main({list(arguments)!r}, standalone_mode=False)\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    environ = clean_environ(OTP_PORT="no number", OTP_NO_SUCH="x")
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_help_names_every_command() -> None:
    result = CliRunner().invoke(main, ["--help"])

    assert result.exit_code == 0
    assert sorted(main.list_commands(None)) == COMMANDS
    assert all(f"\n  {command} " in result.stdout for command in COMMANDS)


def test_help_loads_nothing_heavy() -> None:
    assert loaded_by("--help").isdisjoint(HEAVY)


def test_templates_read_no_settings() -> None:
    loaded = loaded_by("templates", "--locale", "uk")

    assert "otp_service.domain.templates" in loaded
    assert loaded.isdisjoint({"otp_service.settings", "pydantic", "redis", "flask", "granian"})


def test_simulator_loads_nothing_of_the_service() -> None:
    loaded = loaded_by("simulator", "--help")

    assert "otp_service.simulator.terms" in loaded
    of_the_service = {"otp_service.settings", "otp_service.redis_store", "otp_service.domain"}
    assert loaded.isdisjoint({*of_the_service, "redis", "cryptography", "langcodes"})


@pytest.mark.parametrize("command", COMMANDS)
def test_command_says_of_itself_what_the_list_says(command: str) -> None:
    listed = " ".join(CliRunner().invoke(main, ["--help"]).stdout.split())

    own_help = main.get_command(None, command).help

    assert own_help.partition("\n")[0] in listed


def test_unknown_command_is_a_usage_error() -> None:
    result = CliRunner().invoke(main, ["serv"])

    assert result.exit_code == 2
    assert "No such command 'serv'" in result.stderr


def test_command_line_is_a_module_too() -> None:
    command = [sys.executable, "-m", "otp_service.cli", "--version"]

    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout.startswith("otp-service, version ")
