"""The kinds of store the contract is held against.

``OTP_TEST_KINDS=hardened`` makes each real kind a guarded one: passwords, an ACL user that may do
what the service does and no more, TLS under an authority of its own, replicas.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from urllib.parse import quote

import pytest
from support.certificates import authority
from support.redis_access import (
    GUARDED,
    HOST,
    NO_TLS,
    OPEN,
    PASSWORD,
    REQUIRED,
    SENTINEL_PASSWORD,
    SERVICE_PASSWORD,
    SERVICE_USER,
    Access,
    has_tls,
    must_have_tls,
)
from support.redis_servers import (
    SERVICE,
    RedisServer,
    SentinelServer,
    redis_cluster,
    redis_cluster_with_replicas,
    redis_under_sentinel,
    server_binary,
)
from support.store_view import StoreView

from otp_service.redis_store import Connection, Replication, Timeouts, connect, read_address

EMBEDDED, SINGLE, CLUSTER, SENTINEL = "embedded", "single", "cluster", "sentinel"
REAL = [SINGLE, CLUSTER, SENTINEL]
ARE_HARDENED = os.environ.get("OTP_TEST_KINDS") == "hardened"


@dataclass(frozen=True)
class Kind:
    """One kind of store, up and empty.

    Args:
        settings: what the service must be told beside the URL, as environment variables.
    """

    name: str
    url: str
    connection: Connection
    view: StoreView
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def another(self) -> Callable[[], Connection]:
        """Give what makes a connection of its own, in whatever process."""
        return partial(connected, self.url, self.settings)


class Kinds:
    """Brings each kind up when it is first asked for.

    Args:
        access: what the servers ask of their callers; guarded ones have replicas too.
    """

    def __init__(
        self, stack: ExitStack, access: Access = GUARDED if ARE_HARDENED else OPEN
    ) -> None:
        self._stack = stack
        self._access = access
        self._up: dict[str, Kind] = {}
        self._makers = {
            EMBEDDED: self._embedded,
            SINGLE: self._single,
            CLUSTER: self._cluster,
            SENTINEL: self._sentinel,
        }

    def __getitem__(self, name: str) -> Kind:
        if name not in self._up:
            self._up[name] = self._makers[name]()
        return self._up[name]

    def _embedded(self) -> Kind:
        connection = connect(read_address("memory://"))
        return Kind(EMBEDDED, "memory://", connection, StoreView([connection.execute]))

    def _single(self) -> Kind:
        need_tls(self._access)
        server = self._stack.enter_context(RedisServer(access=self._access))
        return kind_of(SINGLE, [server], [server])

    def _cluster(self) -> Kind:
        if self._access is OPEN:
            masters = self._stack.enter_context(redis_cluster())
        else:
            need_tls(self._access)
            masters = self._stack.enter_context(redis_cluster_with_replicas(self._access)).masters
        return kind_of(CLUSTER, masters, masters)

    def _sentinel(self) -> Kind:
        need_tls(self._access)
        # Here the password is the default user's, without a name.
        access = replace(self._access, has_service_user=False)
        watched = self._stack.enter_context(redis_under_sentinel(access))
        return kind_of(SENTINEL, watched.sentinels, [watched.master])


def kind_of(
    name: str, asked: list[RedisServer] | list[SentinelServer], masters: list[RedisServer]
) -> Kind:
    """Give a kind whose servers are up.

    Args:
        asked: the servers that its URL names.
    """
    access = masters[0].access
    hosts = ",".join(f"{HOST}:{server.port}" for server in asked)
    scheme = {SINGLE: "redis", CLUSTER: "redis+cluster", SENTINEL: "redis+sentinel"}[name]
    if access.tls:
        scheme = scheme.replace("redis", "rediss", 1)
    path = f"/{SERVICE}" if name == SENTINEL else ""
    url = f"{scheme}://{_credentials(access)}{hosts}{path}"
    settings = {}
    if access.tls:
        settings["OTP_REDIS_CA_FILE"] = str(authority().ca_file)
    if access.password and name == SENTINEL:
        settings["OTP_REDIS_SENTINEL_PASSWORD"] = SENTINEL_PASSWORD
    view = StoreView([master.client.execute_command for master in masters])
    return Kind(name, url, connected(url, settings), view, settings)


# For a first line over TLS, among tests that take every core.
_PATIENT = Timeouts(connect=timedelta(seconds=5), read=timedelta(seconds=5))


def connected(
    url: str,
    settings: dict[str, str],
    *,
    timeouts: Timeouts = _PATIENT,
    replication: Replication | None = None,
) -> Connection:
    """Give a connection as the service's settings would make it."""
    return connect(
        read_address(url),
        timeouts=timeouts,
        sentinel_password=settings.get("OTP_REDIS_SENTINEL_PASSWORD"),
        ca_file=settings.get("OTP_REDIS_CA_FILE"),
        replication=replication,
    )


def need_tls(access: Access) -> None:
    """Leave a test out where the server found cannot, unless that is a failure."""
    if not access.tls or has_tls(server_binary()):
        return
    if must_have_tls():
        pytest.fail(f"{NO_TLS}; {REQUIRED}=1 is set")
    pytest.skip(NO_TLS)


def _credentials(access: Access) -> str:
    if not access.password:
        return ""
    user, password = (SERVICE_USER, SERVICE_PASSWORD) if access.has_service_user else ("", PASSWORD)
    return f"{user}:{quote(password, safe='')}@"
