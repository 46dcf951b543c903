"""Connections that say whether a request can have left, and that do not wait longer than told.

Two things urllib3 alone does not give. Its exceptions do not tell a TLS handshake that failed from
a TLS error after the request was written; and its read time-out starts anew with every byte, so
that a server which drips can hold a thread for hours.
"""

import http.client
import io
import socket
import ssl
import time
from enum import StrEnum
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.ssl_match_hostname import CertificateError


class ConnectProblem(StrEnum):
    """Why there is no connection; the words are labels of metrics."""

    DNS = "dns"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    CONNECT_TIMEOUT = "connect_timeout"
    TLS = "tls"


class NotConnected(Exception):
    """No connection came about, so no byte of the request has left.

    It is none of urllib3's or requests' own exceptions, and so passes both as it is.
    """

    def __init__(self, problem: ConnectProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class _TimedBytes(io.RawIOBase):
    """The bytes of one answer, all of them within the time-out its socket starts with."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._ends_at = time.monotonic() + (sock.gettimeout() or 0.0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    """An answer whose head and body together have one read time-out."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_TimedBytes(sock))


class _PlainConnection(HTTPConnection):
    response_class = _TimedResponse

    def connect(self) -> None:
        try:
            super().connect()
        except Exception as problem:
            raise NotConnected(_problem_of(problem)) from problem


class _TlsConnection(HTTPSConnection):
    response_class = _TimedResponse

    def connect(self) -> None:
        try:
            super().connect()
        except Exception as problem:
            raise NotConnected(_problem_of(problem)) from problem


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class Adapter(HTTPAdapter):
    """A requests adapter on these connections."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools; called by ``HTTPAdapter`` itself."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}


def _problem_of(problem: Exception) -> ConnectProblem:
    if isinstance(problem, NameResolutionError):
        return ConnectProblem.DNS
    if isinstance(problem, NewConnectionError):
        refused = isinstance(problem.__cause__, ConnectionRefusedError)
        return ConnectProblem.REFUSED if refused else ConnectProblem.UNREACHABLE
    if isinstance(problem, ConnectTimeoutError | TimeoutError):
        return ConnectProblem.CONNECT_TIMEOUT
    if isinstance(problem, ssl.SSLError | CertificateError | ConnectionError):
        # A plain connection that fails is a NewConnectionError: this is the handshake dropped.
        return ConnectProblem.TLS
    return ConnectProblem.UNREACHABLE
