"""Redis URLs, read: embedded, one Redis, Sentinel, cluster."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

_DEFAULT_PORT = 6379
_DEFAULT_SENTINEL_PORT = 26379
_MAX_PORT = 65535


class Topology(StrEnum):
    """What answers at an address."""

    EMBEDDED = "memory"
    SINGLE = "single"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


class RedisAddressError(ValueError):
    """The URL is of no accepted form; the text says why and never repeats the URL."""


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """A Redis URL, read.

    Args:
        hosts: host and port; several for Sentinel and cluster.
        service: the Sentinel's name for the master.
    """

    topology: Topology
    hosts: tuple[tuple[str, int], ...] = ()
    tls: bool = False
    # Not shown either: in redis://secret@host the secret stands where a name belongs.
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    service: str | None = None
    database: int = 0


_SCHEMES = {
    "redis": (Topology.SINGLE, False),
    "rediss": (Topology.SINGLE, True),
    "redis+sentinel": (Topology.SENTINEL, False),
    "rediss+sentinel": (Topology.SENTINEL, True),
    "redis+cluster": (Topology.CLUSTER, False),
    "rediss+cluster": (Topology.CLUSTER, True),
}


def read_address(url: str) -> RedisAddress:
    """Read ``memory://`` or a ``redis…://`` URL.

    ``redis://[user:password@]host[:port][/db]``, with ``rediss`` for TLS;
    ``redis+sentinel://[user:password@]host:port,host:port/service[/db]``;
    ``redis+cluster://[user:password@]host:port,host:port``.

    Raises:
        RedisAddressError: another scheme or form.
    """
    if url == "memory://":
        return RedisAddress(Topology.EMBEDDED)
    scheme, _, rest = url.partition("://")
    if scheme not in _SCHEMES or not rest:
        known = ", ".join(["memory", *_SCHEMES])
        raise RedisAddressError(f"the scheme must be one of {known}, followed by ://")
    topology, tls = _SCHEMES[scheme]
    credentials, _, location = rest.rpartition("@")
    user, _, password = credentials.partition(":")
    netloc, _, path = location.partition("/")
    service, database = _path(topology, path)
    return RedisAddress(
        topology=topology,
        hosts=_hosts(topology, netloc),
        tls=tls,
        username=unquote(user) or None,
        password=unquote(password) or None,
        service=service,
        database=database,
    )


def _hosts(topology: Topology, netloc: str) -> tuple[tuple[str, int], ...]:
    default_port = _DEFAULT_SENTINEL_PORT if topology is Topology.SENTINEL else _DEFAULT_PORT
    hosts = []
    for part in netloc.split(","):
        host, port = _host(part)
        if not host:
            raise RedisAddressError("a host is missing")
        if not _is_name(host):
            raise RedisAddressError("a host's name is of a form that no server can have")
        hosts.append((host, default_port if port is None else port))
    if topology is Topology.SINGLE and len(hosts) > 1:
        raise RedisAddressError("several hosts need redis+sentinel:// or redis+cluster://")
    return tuple(hosts)


def _host(part: str) -> tuple[str | None, int | None]:
    if "?" in part or "#" in part:
        raise RedisAddressError("a host takes neither ? nor #: options are settings of their own")
    try:
        parsed = urlsplit(f"//{part}")
        host, port = parsed.hostname, parsed.port
    except ValueError:
        host, port = None, 0
    if port == 0:
        # Not within the handler: its cause would repeat the text, maybe a password without its @.
        raise RedisAddressError(f"a port must be a number from 1 to {_MAX_PORT}")
    return host, port


def _is_name(host: str) -> bool:
    # The same encoding that looking it up would fail on, long after the settings were read.
    try:
        return bool(host.encode("idna"))
    except UnicodeError:
        return False


def _path(topology: Topology, path: str) -> tuple[str | None, int]:
    pattern = {
        Topology.SINGLE: r"(?P<service>)(?P<db>\d*)",
        Topology.SENTINEL: r"(?P<service>[^/?#]+)(?:/(?P<db>\d*))?",
        Topology.CLUSTER: r"(?P<service>)(?P<db>)",
    }[topology]
    found = re.fullmatch(pattern, path)
    if not found:
        expected = {
            Topology.SINGLE: "after the host comes nothing or /db, a number",
            Topology.SENTINEL: "after the hosts comes /service or /service/db",
            Topology.CLUSTER: "after the hosts comes nothing: a cluster has no other database",
        }[topology]
        raise RedisAddressError(expected)
    return found["service"] or None, int(found["db"] or 0)
