"""Where a command may listen, found out before its server starts.

The server itself shares a port with whoever shares theirs, as a second one of its own kind does:
each would get some of the other's requests. And it takes addresses alone, no names.
"""

import socket

import click


def free_address(host: str, port: int) -> str:
    """Give the IP address of a host at which nobody listens on this port yet.

    Of several addresses the first of IPv4, else the first.

    Raises:
        ClickException: no such host, not this machine's, or the port is taken or not allowed.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, _, _, _, place = min(found, key=lambda each: each[0] != socket.AF_INET)
        socket.create_server(place[:2], family=family).close()
    except UnicodeError:
        raise _not_here(host, port, "this is no host name") from None
    except OSError as error:
        # After a bracket Python repeats the address.
        raise _not_here(host, port, str(error.strerror).partition(" (")[0]) from None
    return str(place[0])


def authority(host: str, port: int) -> str:
    """Give host and port as a URL has them, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _not_here(host: str, port: int, reason: str) -> click.ClickException:
    return click.ClickException(f"cannot listen at {authority(host, port)}: {reason}.")
