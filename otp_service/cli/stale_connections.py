"""Connections that hold a thread without getting anywhere, ended by the kernel's own account.

The server bounds how long a request's head may take, but not its body, and a read of a body cannot
be interrupted. It reads from a socket of this process, though, and the kernel knows when an answer
last went out on that. A connection on which none has for longer than the longest honest exchange is
shut down, whereupon the server finds the body broken off and the thread is free.

Source:
    Linux ``struct tcp_info`` (include/uapi/linux/tcp.h): after eight single bytes, of which the
    first is the state, come fields of 32 bits; the tenth is ``tcpi_last_data_sent``, in
    milliseconds. Of a connection on which nothing was sent yet it counts from the beginning.
"""

import logging
import os
import socket
import stat
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta

IS_SUPPORTED = sys.platform == "linux" and hasattr(socket, "TCP_INFO")

_OPEN_FILES = "/proc/self/fd"
_LAST_DATA_SENT = struct.Struct("@8B9II")
_ESTABLISHED = 1

_log = logging.getLogger(__name__)


def watch_connections(
    port: int, *, longest: timedelta, every: timedelta, until: threading.Event
) -> None:
    """Begin to shut down what is stale among the connections to a port of this process.

    Args:
        longest: time without an answer that an honest connection may have.
        every: how often to look.
        until: ends it.
    """
    if IS_SUPPORTED:
        arguments = (port, longest, every, until)
        threading.Thread(target=_watch, args=arguments, daemon=True).start()


def shut_stale(port: int, *, longest: timedelta) -> int:
    """Shut down every connection to a port of this process that is stale; tell how many."""
    stale = 0
    for connection in _connections_to(port):
        state, unanswered = _state(connection)
        if state == _ESTABLISHED and unanswered > longest:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
                stale += 1
    return stale


def _watch(port: int, longest: timedelta, every: timedelta, until: threading.Event) -> None:
    while not until.wait(every.total_seconds()):
        try:
            stale = shut_stale(port, longest=longest)
        except OSError as error:
            _log.warning("connections cannot be watched: %s", error.strerror)
            return
        if stale:
            _log.info("shut down %d connections without an answer for %s", stale, longest)


def _connections_to(port: int) -> Iterator[socket.socket]:
    """Give this process' connections whose own end is at a port, each as a second reference.

    So none is taken for another that has got its number meanwhile.
    """
    for number in map(int, os.listdir(_OPEN_FILES)):  # noqa: PTH208 - numbers and no paths
        with suppress(OSError), closing(_second_reference(number)) as found:
            if found.family in {socket.AF_INET, socket.AF_INET6} and _is_at(found, port):
                yield found


def _second_reference(number: int) -> socket.socket:
    """Give a socket of an open file's number.

    Raises:
        OSError: it is no socket, or closed meanwhile.
    """
    if not stat.S_ISSOCK(os.fstat(number).st_mode):
        raise OSError("no socket")
    copy = os.dup(number)
    try:
        return socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        raise


def _is_at(found: socket.socket, port: int) -> bool:
    return found.type == socket.SOCK_STREAM and found.getsockname()[1] == port


def _state(connection: socket.socket) -> tuple[int, timedelta]:
    """Give the state of a connection, and how long ago something was last sent on it."""
    told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_SENT.size)
    state, *_, last_sent_ms = _LAST_DATA_SENT.unpack(told)
    return state, timedelta(milliseconds=last_sent_ms)
