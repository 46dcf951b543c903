"""Settings to begin with: a deployment whose provider and Redis are the test's own."""

import hashlib
from collections.abc import Iterator, MutableMapping
from pathlib import Path

import pytest
from support.redis_servers import RedisServer

from tests.unit.nxcloud.scripted_server import ScriptedServer

SECRETS = {
    "OTP_SECRET_KEYS": "secret-key-of-the-tests-for-this-deployment",
    "OTP_NUMBER_KEY": "number-key-of-the-tests-for-this-deployment",
    "OTP_NXCLOUD_ACCESS_KEY": "access-key-of-the-tests",
    "OTP_NXCLOUD_ACCESS_SECRET": "access-secret-of-the-tests",
    "OTP_NXCLOUD_APPKEY": "appkey-of-the-tests",
    "OTP_NXCLOUD_CALLBACK_SECRETS": "callback-secret-of-the-tests-for-this-one",
}
REDIS_PASSWORD = "redis-password-of-the-tests"
_KEY_HASH = hashlib.sha256(b"a key of the shop").hexdigest()


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis(redis_server: RedisServer) -> RedisServer:
    """A real server, empty and as it should be."""
    redis_server.client.flushall()
    redis_server.client.config_set("maxmemory-policy", "noeviction")
    return redis_server


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    """A provider that answers as it is told."""
    server = ScriptedServer()
    yield server
    server.close()


@pytest.fixture
def deployed(
    environ: MutableMapping[str, str], redis: RedisServer, scripted: ScriptedServer, tmp_path: Path
) -> MutableMapping[str, str]:
    """The environment of a whole deployment."""
    config = tmp_path / "otp-service.toml"
    config.write_text(
        f'[applications.shop]\napi_keys_sha256 = ["{_KEY_HASH}"]\nallowed_countries = ["UA"]\n'
    )
    environ.update(
        SECRETS,
        OTP_CONFIG=str(config),
        OTP_REDIS_URL=redis.url,
        OTP_NXCLOUD_BASE_URL=scripted.url,
    )
    return environ
