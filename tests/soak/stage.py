"""What a soak runs on: the service, and Redis and the provider behind lines that can break."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from soak.workers import workers_of
from support.deployments import Deploying, Deployment
from support.kinds import SINGLE, Kind
from support.load import LOADED_SHOP, LOADED_TABLES, out_of_reach
from support.processes import await_answer, cli
from support.redis_servers import HOST, RedisServer, wait_until
from support.store_view import StoreView
from support.tcp_proxy import TcpProxy

from otp_service.redis_store import connect, read_address

WORKERS = 2
# On a busy machine Redis' disk, too, may keep it waiting for more than a second.
STORE_TIMEOUT_SECONDS = 3
# Long enough for the provider to be told first, by us, that a message failed.
_DELIVERY_MS = 3_000
_RESEND_COOLDOWN_SECONDS = 1
# What is answered must still be there after a kill.
_KEEPS_ALL = ("--appendonly", "yes", "--appendfsync", "always")
# Without rows over a day nothing counted would still be there at the end of a long soak.
_TABLES = f"""
{LOADED_TABLES}
[[applications.shop.budgets]]
name = "application_wrong_guesses_per_day"
scope = "application"
key = "wrong_guesses"
limit = 1000000
window_seconds = 86400
{out_of_reach("applications.shop.", "application_sends_per_day", "application_money_per_day")}
{out_of_reach("applications.bank.", "country_starts_per_hour", "country_starts_per_day")}
{out_of_reach("", "all_sends_per_hour", "all_money_per_day")}
"""
_ENDS_WITHIN_SECONDS = 60


@dataclass
class Stage:
    """What faults are done to.

    Args:
        store_line: from the service to Redis.
        provider_line: from the service to the provider.
        killed: how many workers were killed so far.
        restarts: how often the service was ended and started anew.
    """

    deployed: Deployment
    redis: RedisServer
    store_line: TcpProxy
    provider_line: TcpProxy
    stack: ExitStack
    directory: Path
    killed: int = 0
    restarts: int = 0

    @property
    def redis_pid(self) -> int:
        return int(self.redis.client.info("server")["process_id"])

    def workers(self) -> list[int]:
        """Give the workers' pids, the one that has lived longest first."""
        return workers_of(self.deployed.service.pid)

    def await_workers(self) -> None:
        """Wait until there are as many as there should be."""
        wait_until(lambda: len(self.workers()) == WORKERS, what="every worker is there")

    def restart(self) -> int:
        """End the service as an operator does, start it anew, and give its exit code."""
        self.restarts += 1
        self.deployed.service.terminate()
        code = self.deployed.service.wait(_ENDS_WITHIN_SECONDS)
        log = self.directory / f"service{self.restarts}.log"
        again = cli("serve", environ=self.deployed.environ, log=log)
        self.deployed.service = self.stack.enter_context(again)
        await_answer(f"{self.deployed.shop.service}/healthz", self.deployed.service, log)
        self.await_workers()
        return code


@contextmanager
def set_up(directory: Path) -> Iterator[Stage]:
    """Bring it all up in a directory, and down again."""
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer(*_KEEPS_ALL))
        store_line = stack.enter_context(TcpProxy(redis.port))
        provider_line = stack.enter_context(TcpProxy())
        url = f"redis://{HOST}:{store_line.port}"
        view = StoreView([redis.client.execute_command])
        deploying = Deploying(
            directory,
            _TABLES,
            shop=LOADED_SHOP,
            kind=Kind(SINGLE, url, connect(read_address(url)), view),
            delivery_ms=_DELIVERY_MS,
            OTP_FRAUD_GUARD="off",
            OTP_NXCLOUD_BASE_URL=f"http://{HOST}:{provider_line.port}",
            OTP_REDIS_READ_TIMEOUT_SECONDS=str(STORE_TIMEOUT_SECONDS),
            OTP_RESEND_COOLDOWN_SECONDS=str(_RESEND_COOLDOWN_SECONDS),
        )
        deployed = stack.enter_context(deploying)
        provider_line.server_port = int(deployed.shop.simulator.rpartition(":")[2])
        yield Stage(deployed, redis, store_line, provider_line, stack, directory)
