"""Where a request comes from, behind proxies too.

``X-Forwarded-For`` is written by everybody on the way, the sender first, so only its right end can
be believed: as many entries as there are proxies of ours, or as far as our proxies' networks go.
Werkzeug's ``ProxyFix`` counts hops alone, takes any text for an address, and changes the
connection's own address, by which the demo knows this machine.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

# What proxies write: an address, IPv6 in brackets or not, and maybe a port.
_ENTRY = re.compile(
    r"\[(?P<bracketed>[0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?"
    r"|(?P<v4>[0-9.]+)(?::[0-9]{1,5})?"
    r"|(?P<v6>[0-9A-Fa-f:.]+)"
)


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The proxies in front of the service, by their number or by their networks, never by both.

    Args:
        hops: how many there are; each adds one entry to the header.
        networks: where they are, and nothing else is.

    Raises:
        ValueError: both, or fewer hops than none.
    """

    hops: int = 0
    networks: tuple[IpNetwork, ...] = ()

    def __post_init__(self) -> None:
        if self.hops < 0 or (self.hops and self.networks):
            raise ValueError("proxies are trusted by their number or by their networks")

    def client_of(self, peer: str | None, forwarded: Sequence[str] = ()) -> str | None:
        """Give the address furthest from here that somebody we trust vouches for.

        Where the header is shorter than it should be, or holds something else than addresses, that
        is the last one before, in the end the connection's own.

        Args:
            peer: the connection's other end; None on a socket that has no addresses.
            forwarded: every ``X-Forwarded-For`` line, in their order.

        Source:
            RFC 9110 section 5.3: lines of one name are one list; section 5.6.1: empty elements
            do not count.
        """
        entries = [entry.strip(" \t") for entry in ",".join(forwarded).split(",")]
        entries = [entry for entry in entries if entry]
        if self.hops:
            told = _read(entries[-self.hops]) if len(entries) >= self.hops else None
            return str(told) if told else peer
        return self._outside(peer, entries)

    def _outside(self, peer: str | None, entries: list[str]) -> str | None:
        client = _read(peer) if peer else None
        while client and entries and self._is_trusted(client):
            told = _read(entries.pop())
            if told is None:
                break
            client = told
        return str(client) if client else peer

    def _is_trusted(self, address: IpAddress) -> bool:
        return any(address in network for network in self.networks)


def _read(entry: str) -> IpAddress | None:
    """Give the address of an entry; an IPv4 address within IPv6 is that IPv4 address."""
    found = _ENTRY.fullmatch(entry)
    if found is None:
        return None
    try:
        address = ip_address(found["bracketed"] or found["v4"] or found["v6"])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
