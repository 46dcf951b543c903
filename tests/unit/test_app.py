import runpy

import pytest
from flask import Flask
from support.processes import ROOT

from otp_service.app import create_app
from otp_service.settings import SettingsError


def test_application_is_as_the_environment_says(environ, logs) -> None:
    environ["OTP_DEMO"] = "true"

    client = create_app().test_client()

    assert client.get("/healthz").status_code == 200
    assert client.get("/healthz", headers={"Host": "rebound.example"}).status_code == 403


def test_wrong_settings_are_all_named(environ) -> None:
    environ.update(OTP_DEMO="true", OTP_PORT="http", OTP_THREADS="0")

    with pytest.raises(SettingsError) as refusal:
        create_app()

    assert [problem.name for problem in refusal.value.problems] == ["OTP_PORT", "OTP_THREADS"]


def test_wsgi_module_has_the_application(environ, logs) -> None:
    environ["OTP_DEMO"] = "true"

    names = runpy.run_path(str(ROOT / "wsgi.py"))

    assert isinstance(names["app"], Flask)
