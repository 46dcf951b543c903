"""Calls back to the sender: posted in the background, tried again, and at last given up.

The callback's URL is its only protection, so it is kept where nothing prints it: no log, no answer,
no ``repr``.
"""

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from itertools import count
from typing import Any, Literal
from urllib.parse import urlsplit

from otp_service.simulator.chat import rfc3339
from otp_service.simulator.schedule import Schedule

Kind = Literal["receipt", "reply"]
Outcome = Literal["waiting", "sent", "dropped"]
Post = Callable[[Kind, bytes], int]
"""Posts a callback of this kind and gives the HTTP status, or raises OSError or HTTPException."""

# Seconds before the second try and each later one.
RETRY_WAITS = (1.0, 5.0, 25.0)
POST_TIMEOUT_SECONDS = 10
SHOWN_CALLBACKS = 200

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PATH = re.compile(r"[!-~]*")


class InvalidCallbackUrl(ValueError):
    """Nothing can be called back there; the text does not repeat the URL."""

    def __init__(self) -> None:
        super().__init__(
            "the callback URL must be http:// at 127.0.0.1, localhost or [::1], with no user, "
            "query or fragment"
        )


class LoopbackPost:
    """Posts to a URL of this machine, followed by ``/receipt`` or ``/reply``.

    No proxy of the environment is asked and no redirect followed: what is posted stays here.

    Raises:
        InvalidCallbackUrl: For a URL of another form or machine.
    """

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            self._port = parts.port or 80
        except ValueError:
            raise InvalidCallbackUrl from None
        if (
            parts.scheme != "http"
            or parts.hostname not in _LOOPBACK
            or parts.username is not None
            or parts.query
            or parts.fragment
            or not _PATH.fullmatch(parts.path)
        ):
            raise InvalidCallbackUrl
        self._host = parts.hostname
        self._path = parts.path.rstrip("/")

    def __call__(self, kind: Kind, body: bytes) -> int:
        """Give the HTTP status the receiver answers."""
        connection = HTTPConnection(self._host, self._port, timeout=POST_TIMEOUT_SECONDS)
        try:
            connection.request(
                "POST", f"{self._path}/{kind}", body, {"Content-Type": "application/json"}
            )
            return connection.getresponse().status
        finally:
            connection.close()


@dataclass(frozen=True, kw_only=True)
class Record:
    """One callback and what has become of it.

    Args:
        status: Of a receipt: what it says of the message.
        http_status: Of the last try; None where nothing answered.
    """

    kind: Kind
    request_id: str
    status: str | None
    at: datetime
    tries: int = 0
    outcome: Outcome = "waiting"
    http_status: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the callback as the simulator's own API shows it."""
        return {
            "kind": self.kind,
            "request_id": self.request_id,
            "status": self.status,
            "at": rfc3339(self.at),
            "tries": self.tries,
            "outcome": self.outcome,
            "http_status": self.http_status,
        }


class Callbacks:
    """The way back to the sender, if there is one; safe to share between threads.

    Args:
        post: None where nobody is called back.
        schedule: Does the posting, one after another, and so may wait for a receiver.
        clock: The provider's time.
    """

    def __init__(
        self, *, post: Post | None, schedule: Schedule, clock: Callable[[], datetime]
    ) -> None:
        self._post = post
        self._schedule = schedule
        self._clock = clock
        self._lock = threading.Lock()
        self._sequence = count()
        self._records: OrderedDict[int, Record] = OrderedDict()

    @property
    def is_configured(self) -> bool:
        """Whether anybody is called back."""
        return self._post is not None

    def send(
        self, kind: Kind, body: Mapping[str, Any], *, request_id: str, status: str | None = None
    ) -> None:
        """Post this as soon as it is its turn.

        Args:
            request_id: Of the message it is about.
            status: Of a receipt: what it says.
        """
        if self._post is None:
            return
        encoded = json.dumps(body, ensure_ascii=False).encode()
        number = next(self._sequence)
        record = Record(kind=kind, request_id=request_id, status=status, at=self._clock())
        self._keep(number, record)
        self._try_after(0.0, number, record, encoded, self._post)

    def latest(self) -> list[Record]:
        """Give the last callbacks, oldest first."""
        with self._lock:
            return list(self._records.values())

    def _try_after(
        self, seconds: float, number: int, record: Record, body: bytes, post: Post
    ) -> None:
        if not self._schedule.after(seconds, lambda: self._try(number, record, body, post)):
            self._keep(number, replace(record, outcome="dropped"))

    def _try(self, number: int, record: Record, body: bytes, post: Post) -> None:
        try:
            status = post(record.kind, body)
        except (OSError, HTTPException):
            status = None
        tried = replace(record, tries=record.tries + 1, http_status=status)
        if status is not None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            self._keep(number, replace(tried, outcome="sent"))
        elif not _is_passing(status) or record.tries >= len(RETRY_WAITS):
            self._keep(number, replace(tried, outcome="dropped"))
        else:
            self._keep(number, tried)
            self._try_after(RETRY_WAITS[record.tries], number, tried, body, post)

    def _keep(self, number: int, record: Record) -> None:
        with self._lock:
            # Of one tried again so late that it is no longer among the last, nothing is kept.
            if record.tries == 0 or number in self._records:
                self._records[number] = record
            while len(self._records) > SHOWN_CALLBACKS:
                self._records.popitem(last=False)


def _is_passing(status: int | None) -> bool:
    return (
        status is None
        or status == HTTPStatus.TOO_MANY_REQUESTS
        or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )
