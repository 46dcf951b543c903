import pytest
from click.testing import CliRunner, Result

from otp_service.cli.templates import LONGEST_LIFE_SECONDS, SHORTEST_LIFE_SECONDS, command
from otp_service.settings import Rules

VALID_FIVE_MINUTES = (
    "Your code is 123456. It's valid for 5 minutes. Please don't share your code with ANYONE. "
    "We'll never call or message you and ask for it"
)


def templates(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_output_says_what_is_sent_and_why() -> None:
    result = templates("--locale", "pt-BR", "--country", "AO")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "template: 2",
        "  It says how long the code lives, truly: the user knows when to ask for another.",
        "  Of equals it has the lowest id: the same request always gets the same message.",
        "language: br",
        "  pt-BR is Portuguese (Brazil) (distance 0).",
        f"in English: {VALID_FIVE_MINUTES}",
    ]


@pytest.mark.parametrize(
    ("arguments", "language"),
    [
        pytest.param(["--country", "ao"], "pt", id="country"),
        pytest.param(["--locale", "zz", "--locale", "iw", "--locale", "uk"], "he", id="first"),
        pytest.param(["--default-language", "uk"], "uk", id="default"),
        pytest.param([], "en", id="nothing"),
    ],
)
def test_language_is_the_users(arguments: list[str], language: str) -> None:
    assert f"\nlanguage: {language}\n" in templates(*arguments).stdout


@pytest.mark.parametrize(
    ("arguments", "template", "text"),
    [
        pytest.param(
            ["--business-name", "Nova", "--reason", "you signed in"],
            9,
            "Nova: Your code is 123456. You got this code because you signed in.",
            id="two texts",
        ),
        pytest.param(
            ["--pin-type", "login", "--life-seconds", "600"],
            5,
            "Your login code is 123456. It's valid for 10 minutes.",
            id="life",
        ),
        pytest.param(
            ["--brand", "Nova", "--life-seconds", "3600"],
            6,
            "Your Nova code is 123456. It's valid for 1 hours.",
            id="brand",
        ),
        pytest.param(
            ["--action", "payment"], 8, "Your one-time password for payment is", id="action"
        ),
        pytest.param(["--template-id", "1"], 1, "Your code is 123456. Please", id="forced"),
    ],
)
def test_template_follows_what_is_given(arguments: list[str], template: int, text: str) -> None:
    result = templates(*arguments)

    assert result.stdout.startswith(f"template: {template}\n")
    assert f"\nin English: {text}" in result.stdout


def test_output_names_what_the_template_does_not_hold() -> None:
    result = templates("--business-name", "Nova", "--reason", "you signed in", "--action", "pay")

    assert "\n  not held by it: action\n" in result.stdout


def test_every_problem_is_named_by_its_field() -> None:
    result = templates(
        *("--business-name", "www.example.com/a", "--pin-type", "", "--template-id", "12"),
        *("--country", "ZZ", "--brand", "x" * 51, "--default-language", "pt-BR"),
    )

    assert (result.exit_code, result.stdout) == (1, "")
    fields = [line.split(": ")[:2] for line in result.stderr.splitlines()]
    assert sorted(fields) == [
        ["problem", "brand"],
        ["problem", "business_name"],
        ["problem", "country"],
        ["problem", "default_language"],
        ["problem", "pin_type"],
        ["problem", "template_id"],
    ]


def test_forced_template_that_would_lie_is_refused() -> None:
    result = templates("--template-id", "2", "--life-seconds", "301")

    assert result.exit_code == 1
    assert "problem: template_id: template 2 says 5 minutes, but this code lives 301 s" in (
        result.stderr
    )


@pytest.mark.parametrize("seconds", ["0", "-300", "29", "3601", "soon"])
def test_life_that_no_setting_allows_is_refused(seconds: str) -> None:
    result = templates(f"--life-seconds={seconds}")

    assert result.exit_code == 2
    assert "--life-seconds" in result.stderr


def test_bounds_of_life_are_those_of_the_settings() -> None:
    bounds = {type(each).__name__: each for each in Rules.model_fields["life_seconds"].metadata}

    assert (bounds["Ge"].ge, bounds["Le"].le) == (SHORTEST_LIFE_SECONDS, LONGEST_LIFE_SECONDS)
