"""The proxies in front of the service, and the origins of pages, among the settings."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

# Wider than any network that is handed out for private use: whoever trusts more trusts strangers.
# Source: RFC 1918 section 3 (10/8), RFC 4193 section 3.1 (fc00::/7).
_WIDEST = {4: 8, 6: 7}

# Source: RFC 6454 section 6.2 and what browsers send: lower case, ASCII, no default port, no path.
_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_DEFAULT_PORTS = {"https": 443, "http": 80}
_MAX_PORT = 65_535


def read_network(text: Any) -> IPv4Network | IPv6Network:
    """Give the network of proxies; one address is a network too.

    Raises:
        ValueError: no network, or one that nobody has all of; the text says why.
    """
    try:
        # A zone, as in fe80::1%eth0, means something on one machine only.
        network = ip_network(text if isinstance(text, str) and "%" not in text else "")
    except ValueError:
        problem = "must be an address or a network without host bits, such as 10.0.0.0/8"
        raise ValueError(problem) from None
    if network.prefixlen < _WIDEST[network.version]:
        widest = "/8" if isinstance(network, IPv4Network) else "/7"
        raise ValueError(f"must be {widest} or narrower: strangers are within it")
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped is not None:
        raise ValueError("must be written as IPv4")
    return network


def read_origin(text: str) -> str:
    """Give the origin of pages as browsers write it.

    Raises:
        ValueError: none that a browser sends, or plain http beyond this machine.
    """
    origin = text.lower()
    problem = "must be an origin alone, such as https://shop.example.com"
    if not _ORIGIN.fullmatch(origin):
        raise ValueError(problem)
    parts = urlsplit(origin)
    try:
        port = parts.port
    except ValueError:
        raise ValueError(problem) from None
    host = parts.hostname or ""
    if port == 0 or port == _DEFAULT_PORTS[parts.scheme]:
        raise ValueError("must not name the scheme's own port, which browsers leave out")
    if not host.strip(".-") or host.startswith(".") or ".." in host:
        raise ValueError(problem)
    if parts.scheme == "http" and not _is_this_machine(host):
        raise ValueError("must be https, unless the host is this machine")
    return origin


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
