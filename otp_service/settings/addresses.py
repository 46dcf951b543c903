"""Addresses among the settings: their forms, and whether they stay on this machine.

No error text here holds any part of an address, which may carry a password.
"""

import ssl
from ipaddress import ip_address
from urllib.parse import urlsplit

from otp_service.redis_store import RedisAddress, read_address

EMBEDDED_STORE = "memory://"


def check_store_url(url: str) -> RedisAddress:
    """Read a store URL, and refuse what its reader would pass over.

    Raises:
        ValueError: none of the forms; the text says what is wrong with it.
    """
    location = url.rpartition("@")[2]
    if not location.isprintable() or any(mark in location for mark in "?# "):
        raise ValueError("must have no query, fragment or space")
    return read_address(url)


def check_ca_file(path: str) -> str:
    """Give the path of a file of certificates that can be read.

    Raises:
        ValueError: there is no such file, it cannot be read, or holds no certificate.
    """
    if path:
        try:
            ssl.create_default_context(cafile=path)
        except ssl.SSLError:
            raise ValueError("the file holds no certificate in PEM") from None
        except OSError as error:
            raise ValueError(f"the file cannot be read: {error.strerror}") from None
    return path


def check_provider_url(url: str) -> str:
    """Give the provider's base URL without a slash at its end.

    Raises:
        ValueError: not an address alone, or plain http to another machine.
    """
    problem = "must be an address alone, such as https://api.example.com"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError(problem) from None
    if parts.scheme not in {"https", "http"} or not parts.hostname or not url.isprintable():
        raise ValueError(problem)
    if "@" in parts.netloc or parts.path.strip("/") or any(mark in url for mark in "?# "):
        raise ValueError("must have no user, path, query, fragment or space")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("must be https, unless the host is this machine")
    return url.rstrip("/")


def store_is_loopback(address: RedisAddress) -> bool:
    """Tell whether every host of a store is this machine; the embedded store is."""
    return all(is_loopback(host) for host, _ in address.hosts)


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine, without asking a name server."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
