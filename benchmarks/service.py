"""The service as it is measured: set as in production, but for limits that no load reaches."""

import hashlib
import os
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from otp_service.settings import Settings, load_settings

KEY = "otp_test_" + "b" * 43
OPERATOR_KEY = "otp_operator_" + "o" * 43
CALLBACK_SECRET = "callback-secret-of-the-benchmark-" + "c" * 16
APPLICATION = "shop"
WORKERS = 2

_MOST = 1_000_000
_PREFIX = "OTP_"


def config_text(*, guards: bool) -> str:
    """Give the settings file.

    Args:
        guards: whether budgets and the fraud guard count. Their limits are out of a load's reach
            either way; those of a number stay as they come, for each number is used once.
    """
    rows = tomllib.loads(files("otp_service").joinpath("data/policy.toml").read_text())["budgets"]
    return "\n".join(
        [
            f'operator_keys_sha256 = ["{_sha256(OPERATOR_KEY)}"]',
            f'fraud_guard = "{"on" if guards else "off"}"',
            *(
                f"fraud_{area}_unverified_per_{window} = {_MOST}"
                for area in ("prefix", "country")
                for window in ("hour", "day")
            ),
            f"[applications.{APPLICATION}]",
            'brand = "Nova Shop"',
            f'api_keys_sha256 = ["{_sha256(KEY)}"]',
            *(_row(row, guards=guards) for row in rows),
        ]
    )


def _row(row: Mapping[str, object], *, guards: bool) -> str:
    named = f'[[budgets]]\nname = "{row["name"]}"\n'
    if not guards:
        # A number's wrong guesses cannot be left uncounted.
        is_kept = row["scope"] == "number" and row["key"] == "wrong_guesses"
        return "" if is_kept else f"{named}off = true"
    return "" if row["scope"] == "number" else f"{named}limit = {_MOST}"


def environ_of(
    directory: Path, *, port: int, redis_port: int, provider_port: int, guards: bool, **more: str
) -> dict[str, str]:
    """Give the environment of one service, its settings file written.

    Args:
        directory: where the file goes.
        more: settings beside these or instead of them.
    """
    config = directory / f"otp-service-{port}.toml"
    config.write_text(config_text(guards=guards))
    own = {
        "OTP_CONFIG": str(config),
        "OTP_REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "OTP_PORT": str(port),
        "OTP_WORKERS": str(WORKERS),
        "OTP_SECRET_KEYS": "s" * 40,
        "OTP_NUMBER_KEY": "n" * 40,
        "OTP_NXCLOUD_BASE_URL": f"http://127.0.0.1:{provider_port}",
        "OTP_NXCLOUD_ACCESS_KEY": "access",
        "OTP_NXCLOUD_ACCESS_SECRET": "secret",
        "OTP_NXCLOUD_APPKEY": "app",
        "OTP_NXCLOUD_CALLBACK_SECRETS": CALLBACK_SECRET,
    }
    unguarded = {} if guards else {"OTP_AUDIT_RETENTION_DAYS": "0"}
    return {**own, **unguarded, **more}


def settings_of(environ: Mapping[str, str]) -> Settings:
    """Read settings as a service with this environment would, in this process."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(_PREFIX)}
    try:
        for name in kept:
            del os.environ[name]
        os.environ.update(environ)
        return load_settings()
    finally:
        for name in environ:
            os.environ.pop(name, None)
        os.environ.update(kept)


def _sha256(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
