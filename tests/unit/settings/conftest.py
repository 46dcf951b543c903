"""Environments to begin with, and files to point them at."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from otp_service.settings import SettingsError, load_settings

KEY_HASH = hashlib.sha256(b"a key of the shop").hexdigest()
SHOP = f'[applications.shop]\napi_keys_sha256 = ["{KEY_HASH}"]\n'

Environ = dict[str, str]


@pytest.fixture
def toml(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        path = tmp_path / "otp-service.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def complete(toml: Callable[[str], str]) -> Environ:
    return {
        "OTP_CONFIG": toml(SHOP),
        "OTP_REDIS_URL": "redis://127.0.0.1:6379/0",
        "OTP_SECRET_KEYS": "s" * 32,
        "OTP_NUMBER_KEY": "n" * 32,
        "OTP_NXCLOUD_ACCESS_KEY": "access-key",
        "OTP_NXCLOUD_ACCESS_SECRET": "access-secret",
        "OTP_NXCLOUD_APPKEY": "appkey",
    }


@pytest.fixture
def demo() -> Environ:
    return {"OTP_DEMO": "true"}


def _problems(environ: Environ) -> dict[str, str]:
    try:
        load_settings(environ)
    except SettingsError as error:
        return {problem.name: problem.detail for problem in error.problems}
    return {}


@pytest.fixture
def problems() -> Callable[[Environ], dict[str, str]]:
    """Load an environment and give what is wrong with it, by name."""
    return _problems
