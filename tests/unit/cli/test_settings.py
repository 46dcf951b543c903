import pytest

from otp_service.cli.settings import settings_or_exit


def test_settings_come_from_the_environment(environ) -> None:
    environ.update(OTP_DEMO="true", OTP_PORT="8123")

    assert settings_or_exit().port == 8123


def test_every_problem_is_named_on_a_line_of_its_own(environ, capsys) -> None:
    environ.update(OTP_DEMO="true", OTP_PORT="http", OTP_THREADS="0", OTP_TREADS="7")

    with pytest.raises(SystemExit) as end:
        settings_or_exit()

    assert end.value.code == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[2].partition(":")[0] for line in lines] == [
        "OTP_PORT",
        "OTP_THREADS",
        "OTP_TREADS",
    ]
