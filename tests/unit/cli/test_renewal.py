"""What SIGHUP makes of the sources of the settings."""

import logging
from collections.abc import MutableMapping
from pathlib import Path

import pytest

from otp_service.cli import worker
from otp_service.cli.renewal import Renewal
from otp_service.settings import Settings, load_settings

Environ = MutableMapping[str, str]


@pytest.fixture
def config(environ: Environ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "otp-service.toml"
    path.write_text("threads = 5\n")
    environ.update(
        OTP_DEMO="true",
        OTP_CONFIG=str(path),
        OTP_REDIS_URL="redis://127.0.0.1",
        OTP_SECRET_KEYS="s" * 32,
        OTP_NUMBER_KEY="n" * 32,
    )
    monkeypatch.setattr(worker._Told, "settings", None)
    return path


def renewal() -> Renewal:
    return Renewal(load_settings(), lambda settings: settings.threads)


def told() -> Settings | None:
    return worker._Told.settings


def test_new_settings_are_for_workers_to_come(config: Path) -> None:
    renew = renewal()
    config.write_text("threads = 7\ndrain_seconds = 3\n")

    renewed = renew()

    assert renewed is not None
    assert told() == renew.current == load_settings()
    assert (renewed.drain.total_seconds(), renewed.ends_within_seconds) == (3, 7)


def test_new_settings_can_be_taken_back(config: Path) -> None:
    renew = renewal()
    before = renew.current
    config.write_text("threads = 7\n")

    renewed = renew()
    assert renewed is not None
    renewed.take_back()

    assert told() is renew.current is before


def test_wrong_settings_are_named_and_the_old_ones_stay(
    config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    renew = renewal()
    config.write_text("threads = 0\nportt = 1\n")

    assert renew() is None

    assert told() is None
    assert len(caplog.messages) == 2
    assert "old settings stay: OTP_THREADS: should be greater" in caplog.messages[0]


@pytest.mark.parametrize("embedded", ["before", "after"])
def test_an_embedded_store_is_not_lost(
    config: Path, environ: Environ, caplog: pytest.LogCaptureFixture, embedded: str
) -> None:
    other = environ["OTP_REDIS_URL"]
    environ["OTP_REDIS_URL"] = "memory://" if embedded == "before" else other
    renew = renewal()
    environ["OTP_REDIS_URL"] = "memory://" if embedded == "after" else other

    assert renew() is None

    assert "embedded store" in caplog.text


def test_what_takes_a_restart_is_said(config: Path, caplog: pytest.LogCaptureFixture) -> None:
    renew = renewal()
    config.write_text("port = 8123\nworkers = 3\nthreads = 6\n")

    with caplog.at_level(logging.WARNING):
        assert renew() is not None

    assert caplog.messages == [
        "OTP_PORT: a new value takes a restart",
        "OTP_WORKERS: a new value takes a restart",
    ]


def test_what_takes_a_restart_stays_as_it_is_until_then(
    config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    renew = renewal()
    before = renew.current
    config.write_text("port = 8123\nworkers = 3\nthreads = 6\n")

    caplog.set_level(logging.WARNING)

    # It is said each time, until the old values are back.
    assert renew() is not None
    assert renew() is not None

    assert caplog.messages.count("OTP_PORT: a new value takes a restart") == 2
    taken = told()
    assert taken is not None
    assert (taken.port, taken.workers, taken.threads) == (before.port, before.workers, 6)

    caplog.clear()
    config.write_text("threads = 6\n")
    assert renew() is not None
    assert caplog.messages == []


def test_new_settings_go_together_with_what_takes_a_restart(
    config: Path, environ: Environ, caplog: pytest.LogCaptureFixture
) -> None:
    environ["OTP_DEMO"] = "false"
    environ["OTP_NXCLOUD_ACCESS_KEY"] = environ["OTP_NXCLOUD_APPKEY"] = "word"
    environ["OTP_NXCLOUD_ACCESS_SECRET"] = "word"
    shop = f"[applications.shop]\napi_keys_sha256 = ['{'a' * 64}']\n"
    config.write_text(f"host = '0.0.0.0'\n{shop}")
    renew = renewal()
    config.write_text(f"demo = true\nnxcloud_base_url = 'http://127.0.0.1:8001'\n{shop}")
    environ["OTP_DEMO"] = ""

    assert renew() is None

    assert caplog.messages[-1] == "the old settings stay: OTP_HOST: must be loopback in demo mode"
    assert told() is None
