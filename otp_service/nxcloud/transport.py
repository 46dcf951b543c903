"""One HTTP exchange with the provider, and what is known of it afterwards.

It knows neither Viber nor signatures: bytes and headers go in, one of three findings comes out.
"""

import time
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ReadTimeoutError

from otp_service.nxcloud.connection import Adapter, ConnectProblem, NotConnected

MAX_ANSWER_BYTES = 64 * 1024


class LineProblem(StrEnum):
    """How an exchange broke after its request may have left; the words are labels of metrics.

    ``DROPPED`` is every break that is no time-out: a line cut at any point, an answer that ends
    before its stated length, or one that is no HTTP.
    """

    TIMEOUT = "timeout"
    DROPPED = "dropped"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Answer:
    """The other side answered with a status line at least.

    Args:
        body: what came of it; not to be trusted where there is a ``flaw``.
        date: the ``Date`` header as it came.
        flaw: why the body is not whole, if it is not.
    """

    status: int
    body: bytes = field(repr=False)
    date: str | None
    took: timedelta
    flaw: LineProblem | None = None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request may have arrived; nothing is known of it."""

    problem: LineProblem
    took: timedelta


@dataclass(frozen=True, slots=True)
class NotSent:
    """No byte of the request has left."""

    problem: ConnectProblem
    took: timedelta


Exchange = Answer | NoAnswer | NotSent


class Transport:
    """Keeps connections to one provider alive and exchanges requests over them.

    One instance serves all threads of a process. Make it after a server has forked its workers:
    connections cannot be shared between processes.

    Args:
        base_url: scheme, host and, if need be, port and a path that goes before every other.
        connect_timeout: for each address of the host, the TLS handshake included.
        read_timeout: for the whole answer, from the request's last byte to the answer's.
        pool_size: connections kept alive; more can be open for as long as their exchanges take.
        ca_bundle: a file of the authorities to accept in place of the built-in ones.

    Raises:
        ValueError: ``base_url`` is no http or https URL with a host.
    """

    def __init__(
        self,
        base_url: str,
        *,
        connect_timeout: timedelta = timedelta(seconds=2),
        read_timeout: timedelta = timedelta(seconds=8),
        pool_size: int = 32,
        ca_bundle: Path | None = None,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("the provider's base URL is no http or https URL with a host")
        self._base_url = base_url.rstrip("/")
        self._timeouts = (connect_timeout.total_seconds(), read_timeout.total_seconds())
        self._session = _session(pool_size, ca_bundle)

    def post(self, path: str, *, body: bytes, headers: dict[str, str]) -> Exchange:
        """Send these very bytes, once. Never raises for what the other side or the line does.

        Args:
            path: begins with a slash.
        """
        return self._exchange("POST", path, body=body, headers=headers)

    def get(self, path: str) -> Exchange:
        """Ask for a path without a body or a signature, on the same terms as ``post``."""
        return self._exchange("GET", path, body=None, headers={})

    def close(self) -> None:
        """Close the connections that are kept alive."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _exchange(
        self, method: str, path: str, *, body: bytes | None, headers: dict[str, str]
    ) -> Exchange:
        began = time.monotonic()
        try:
            response = self._session.request(
                method,
                self._base_url + path,
                data=body,
                headers=headers,
                timeout=self._timeouts,
                allow_redirects=False,
                stream=True,
            )
        except NotConnected as problem:
            return NotSent(problem.problem, _since(began))
        except Exception as problem:
            # Whatever else it was, bytes may have left: to raise would lose that knowledge.
            return NoAnswer(_line_problem(problem), _since(began))
        # Closing gives the connection back if the answer was read to its end, else drops it.
        with response:
            content, flaw = _read(response)
        return Answer(
            status=response.status_code,
            body=content,
            date=response.headers.get("Date"),
            took=_since(began),
            flaw=flaw,
        )


class _Session(requests.Session):
    """A session that leaves redirects alone.

    ``allow_redirects=False`` is not enough: requests still prepares the next request of a
    redirect, and reads its whole body, of any length, to do so.
    """

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        return None


def _session(pool_size: int, ca_bundle: Path | None) -> requests.Session:
    session = _Session()
    session.trust_env = False
    session.verify = str(ca_bundle) if ca_bundle else True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.clear()
    session.headers.update(
        {
            "User-Agent": "otp-service",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, Adapter(pool_connections=1, pool_maxsize=pool_size, max_retries=0))
    return session


def _read(response: requests.Response) -> tuple[bytes, LineProblem | None]:
    try:
        content: bytes = response.raw.read(MAX_ANSWER_BYTES + 1, decode_content=True)
    except Exception as problem:
        return b"", _line_problem(problem)
    if len(content) > MAX_ANSWER_BYTES:
        return b"", LineProblem.TOO_LARGE
    return content, None


def _line_problem(problem: Exception) -> LineProblem:
    if isinstance(problem, requests.Timeout | ReadTimeoutError):
        return LineProblem.TIMEOUT
    return LineProblem.DROPPED


def _since(began: float) -> timedelta:
    return timedelta(seconds=time.monotonic() - began)
