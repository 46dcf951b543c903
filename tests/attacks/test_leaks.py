"""Secrets stand in no output, whatever breaks: logs, replies, metrics, command lines, ``repr``."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from support.processes import ROOT, await_answer, clean_environ, cli, free_port

from otp_service.settings import SettingsError, load_settings
from otp_service.wiring import wire_api

API_KEY = "otp_test_" + "canary-api-key-" + "a" * 28
CANARIES = {
    "OTP_SECRET_KEYS": "canary-secret-key-that-is-long-enough-1",
    "OTP_NUMBER_KEY": "canary-number-key-that-is-long-enough-1",
    "OTP_NXCLOUD_ACCESS_KEY": "canary-access-key",
    "OTP_NXCLOUD_ACCESS_SECRET": "canary-access-secret",
    "OTP_NXCLOUD_APPKEY": "canary-appkey",
    "OTP_NXCLOUD_SMS_APPKEY": "canary-sms-appkey",
    "OTP_NXCLOUD_CALLBACK_SECRETS": "canary-callback-secret-that-is-long-enough",
    "OTP_REDIS_SENTINEL_PASSWORD": "canary-sentinel-password",
}
REDIS_PASSWORD = "canary-redis-password"
PHONE = "+380671234567"
SECRET = [*CANARIES.values(), REDIS_PASSWORD, API_KEY, PHONE, "canary"]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Every secret a canary; Redis and the provider refuse connections."""
    config = tmp_path / "otp-service.toml"
    key_hash = hashlib.sha256(API_KEY.encode()).hexdigest()
    config.write_text(f'[applications.shop]\napi_keys_sha256 = ["{key_hash}"]\n')
    return clean_environ(
        **CANARIES,
        OTP_CONFIG=str(config),
        OTP_PORT=str(free_port()),
        OTP_WORKERS="1",
        OTP_LOG_LEVEL="debug",
        OTP_REDIS_URL=f"redis://user:{REDIS_PASSWORD}@127.0.0.1:{free_port()}",
        OTP_NXCLOUD_BASE_URL=f"http://127.0.0.1:{free_port()}",
    )


def leaks(text: str) -> list[str]:
    return [secret for secret in SECRET if secret in text]


def command_lines() -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield process.read_text(errors="replace")
        except OSError:
            continue


def test_no_failure_shows_a_secret(environ: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    service = f"http://127.0.0.1:{environ['OTP_PORT']}"
    headers = {"Authorization": f"Bearer {API_KEY}"}
    callback = f"{service}/callbacks/nxcloud/{CANARIES['OTP_NXCLOUD_CALLBACK_SECRETS']}/receipt"

    with cli("serve", environ=environ, log=log) as process:
        await_answer(f"{service}/healthz", process, log)
        replies = [
            requests.post(
                f"{service}/otp/start", json={"phone": PHONE}, headers=headers, timeout=60
            ),
            requests.post(
                f"{service}/otp/start", data=f'{{"phone": "{PHONE}"', headers=headers, timeout=60
            ),
            requests.get(
                f"{service}/otp/verifications/x?key={API_KEY}", headers=headers, timeout=60
            ),
            requests.get(f"{service}/{API_KEY}/{PHONE}", headers=headers, timeout=60),
            requests.get(f"{service}/metrics", headers=headers, timeout=60),
            requests.get(f"{service}/readyz", timeout=60),
            requests.post(callback, json={"messageId": "x", "to": PHONE}, timeout=60),
            requests.post(f"{callback}x", data=PHONE, timeout=60),
        ]
        seen = "".join(f"{reply.headers}{reply.text}" for reply in replies)
        processes = "".join(command_lines())

    assert replies[0].status_code == 503
    assert not leaks(seen)
    assert not leaks(log.read_text())
    assert "store_unavailable" in log.read_text()
    assert not [secret for secret in CANARIES.values() if secret in processes]
    assert REDIS_PASSWORD not in processes


@pytest.mark.parametrize("command", [["check"], ["keys", "list"], ["serve"]])
def test_no_command_that_fails_shows_a_secret(environ: dict[str, str], command: list[str]) -> None:
    if command == ["serve"]:
        environ |= {"OTP_PORT": "99999", "OTP_NUMBER_KEY": "canary-short", "OTP_LIFE_SECONDS": "1"}

    finished = subprocess.run(
        [sys.executable, "-m", "otp_service.cli", *command],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode != 0
    assert not leaks(finished.stdout + finished.stderr)


def test_settings_show_no_secret(environ: dict[str, str]) -> None:
    settings = load_settings(environ)

    assert not leaks(repr(settings) + str(settings))
    assert hashlib.sha256(API_KEY.encode()).hexdigest() not in repr(settings)


@pytest.mark.parametrize("name", CANARIES)
def test_settings_that_are_wrong_show_no_secret(environ: dict[str, str], name: str) -> None:
    environ[name] = "canary \x00 canary"

    try:
        shown = repr(load_settings(environ))
    except SettingsError as error:
        shown = repr(error) + str(error)

    assert not leaks(shown)


def test_what_breaks_is_logged_without_what_it_says(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = wire_api(load_settings(environ))
    parts = next(iter(part for part in api.extensions.values() if hasattr(part, "use_cases")))

    def breaking(*_: object, **__: object) -> None:
        raise RuntimeError(f"canary {PHONE} {API_KEY}")

    monkeypatch.setattr(type(parts.use_cases.start), "__call__", breaking)
    reply = api.test_client().post(
        "/otp/start", json={"phone": PHONE}, headers={"Authorization": f"Bearer {API_KEY}"}
    )

    written = capsys.readouterr()
    assert reply.status_code == 500
    assert "unexpected RuntimeError" in written.out + written.err
    assert not leaks(reply.text + written.out + written.err)
