"""The service as it is run: the demo, and a deployment as in production."""

import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.caller import Caller
from support.kinds import Kind
from support.processes import await_answer, clean_environ, cli, free_port
from support.redis_servers import RedisServer, wait_until
from support.store_view import StoreView

SHOP_KEY = "otp_test_" + "s" * 43
BANK_KEY = "otp_test_" + "b" * 43
_VERIFIER_KEY = "otp_test_" + "v" * 43

CALLBACK_SECRET = "callback-secret-of-the-tests-" + "c" * 16

PAGE = "https://shop.example.com"
OPERATOR_KEY = "otp_operator_" + "o" * 43

_CONFIG = f"""
operator_keys_sha256 = ["{hashlib.sha256(OPERATOR_KEY.encode()).hexdigest()}"]

[applications.shop]
api_keys_sha256 = ["{hashlib.sha256(SHOP_KEY.encode()).hexdigest()}"]
brand = "Nova Shop"
cors_origins = ["{PAGE}"]
{{shop}}

[[applications.shop.api_keys]]
id = "verifier"
sha256 = "{hashlib.sha256(_VERIFIER_KEY.encode()).hexdigest()}"
scopes = ["verify"]

[applications.bank]
api_keys_sha256 = ["{hashlib.sha256(BANK_KEY.encode()).hexdigest()}"]
channels = ["viber", "sms"]
"""


@dataclass
class Demo:
    caller: Caller
    log: Path
    port: int
    simulator_port: int


@contextmanager
def running_demo(directory: Path, **settings: str) -> Iterator[Demo]:
    """The demo on free ports, with settings of its own in the environment."""
    port, simulator_port = free_port(), free_port()
    log = directory / "log"
    ports = ["--port", str(port), "--simulator-port", str(simulator_port)]
    with cli("demo", *ports, environ=clean_environ(**settings), log=log) as process:
        caller = Caller(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{simulator_port}")
        await_answer(f"{caller.service}/healthz", process, log)
        wait_until(lambda: "Ctrl-C" in log.read_text(), what="the demo says what it is")
        yield Demo(caller, log, port, simulator_port)


@dataclass
class Deployment:
    """The service as in production: real Redis, two workers, two applications.

    Args:
        verifier: the shop, by a key that is good for checking codes alone.
        redis: its own, where it was given no store.
    """

    shop: Caller
    bank: Caller
    verifier: Caller
    operator: Caller
    redis: RedisServer | None
    view: StoreView
    environ: dict[str, str]
    log: Path
    provider: subprocess.Popen[bytes]
    service: subprocess.Popen[bytes]

    def stop_provider(self) -> None:
        self.provider.terminate()
        self.provider.wait(30)


class Deploying:
    """Brings a deployment up in a directory, and down again.

    Args:
        tables: of the settings, beside those that every deployment has.
        shop: a line of the shop's own table, beside those that it always has.
        kind: the store; None for one Redis of its own.
        delivery_ms: until the provider says by a receipt that a message has arrived; None for no
            receipts at all.
        settings: environment variables, beside or instead of those that every deployment has.
    """

    def __init__(
        self,
        directory: Path,
        tables: str = "",
        *,
        shop: str = "",
        kind: Kind | None = None,
        delivery_ms: int | None = None,
        **settings: str,
    ) -> None:
        self._directory = directory
        self._tables = tables
        self._shop = shop
        self._kind = kind
        self._delivery_ms = delivery_ms
        self._settings = settings
        self._stack = ExitStack()

    def __enter__(self) -> Deployment:
        try:
            return self._brought_up()
        except BaseException:
            # Nobody else ends what is up already.
            self._stack.close()
            raise

    def _brought_up(self) -> Deployment:
        redis = self._stack.enter_context(RedisServer()) if self._kind is None else None
        url = redis.url if redis else self._kind.url
        view = StoreView([redis.client.execute_command]) if redis else self._kind.view
        port, simulator_port = free_port(), free_port()
        simulator = f"http://127.0.0.1:{simulator_port}"
        config = self._directory / "otp-service.toml"
        config.write_text(_CONFIG.format(shop=self._shop) + self._tables)
        own = {
            "OTP_CONFIG": str(config),
            "OTP_REDIS_URL": url,
            "OTP_PORT": str(port),
            "OTP_WORKERS": "2",
            # 48 of them for sends: more than any test makes at once.
            "OTP_THREADS": "64",
            "OTP_SECRET_KEYS": "s" * 40,
            "OTP_NUMBER_KEY": "n" * 40,
            "OTP_NXCLOUD_BASE_URL": simulator,
            "OTP_NXCLOUD_ACCESS_KEY": "sim_access",
            "OTP_NXCLOUD_ACCESS_SECRET": "sim_secret",
            "OTP_NXCLOUD_APPKEY": "sim_app",
            "OTP_NXCLOUD_READ_TIMEOUT_SECONDS": "1",
            "OTP_NXCLOUD_CALLBACK_SECRETS": CALLBACK_SECRET,
        }
        if self._kind is not None:
            own |= self._kind.settings
        environ = clean_environ(**{**own, **self._settings})
        log = self._directory / "service.log"
        service = f"http://127.0.0.1:{port}"
        simulating, calling_back = ["simulator", "--port", str(simulator_port)], {}
        if self._delivery_ms is not None:
            simulating += ["--delivery-ms", str(self._delivery_ms)]
            callbacks = f"{service}/callbacks/nxcloud/{CALLBACK_SECRET}"
            calling_back = {"OTP_SIMULATOR_CALLBACK_URL": callbacks}
        provider = self._run(simulating, clean_environ(**calling_back), f"{simulator}/")
        running = self._run(["serve"], environ, f"{service}/healthz", log)
        return Deployment(
            shop=Caller(service, simulator, SHOP_KEY),
            bank=Caller(service, simulator, BANK_KEY),
            verifier=Caller(service, simulator, _VERIFIER_KEY),
            operator=Caller(service, simulator, OPERATOR_KEY),
            redis=redis,
            view=view,
            environ=environ,
            log=log,
            provider=provider,
            service=running,
        )

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _run(
        self, arguments: list[str], environ: dict[str, str], url: str, log: Path | None = None
    ) -> subprocess.Popen[bytes]:
        log = log or self._directory / f"{arguments[0]}.log"
        process = self._stack.enter_context(cli(*arguments, environ=environ, log=log))
        await_answer(url, process, log)
        return process
