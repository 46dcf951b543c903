"""An HTTP server on loopback that does exactly what a test tells it to, down to the byte."""

import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any

REQUEST_ID = "b81e8e9fcbbb422a813863e903de94bd"
ACCEPTED = {"code": 0, "message": "Success", "data": {"requestId": REQUEST_ID}}
SMS_ACCEPTED = {"result": "Success", "code": "0", "messageid": REQUEST_ID}
_DRIP_PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class Received:
    """One request as it came off the line; header names as they were written."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Line:
    """One accepted connection, in the hands of a step."""

    def __init__(self, sock: socket.socket, stopping: threading.Event) -> None:
        self.sock = sock
        self.stopping = stopping

    def write(self, content: bytes) -> None:
        self.sock.sendall(content)

    def drip(self, content: bytes) -> None:
        for position in range(len(content)):
            if self.stopping.wait(_DRIP_PAUSE_SECONDS):
                return
            self.write(content[position : position + 1])

    def wait_for_the_end(self) -> None:
        """Hold the line without a word until the client or the test is through."""
        while not self.stopping.is_set() and self.sock.recv(4096):
            pass


@dataclass(frozen=True)
class Step:
    """What the server does with one exchange.

    Args:
        play: gets the line after the request was read; True keeps the line for the next request.
        reads: False to play as soon as the line is there, the request unread.
    """

    play: Callable[[Line], bool]
    reads: bool = True


def raw(content: bytes, *, keep: bool = True) -> Step:
    def play(line: Line) -> bool:
        line.write(content)
        return keep

    return Step(play)


def http_message(
    body: bytes,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    promised_length: int | None = None,
) -> bytes:
    length = len(body) if promised_length is None else promised_length
    lines = [f"HTTP/1.1 {status} Said so", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answer(
    content: object = ACCEPTED,
    *,
    status: int = 200,
    date: datetime | None = None,
    headers: dict[str, str] | None = None,
) -> Step:
    """Answer whole; ``bytes`` as they are, anything else as JSON."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    dated = {} if date is None else {"Date": format_datetime(date, usegmt=True)}
    return raw(http_message(body, status=status, headers={**dated, **(headers or {})}))


def code(number: int, *, status: int = 200, date: datetime | None = None) -> Step:
    return answer({"code": number, "message": "as scripted"}, status=status, date=date)


def sms_code(number: int) -> Step:
    return answer({"result": "as scripted", "code": str(number)})


def _play_drop(line: Line) -> bool:
    return False


def _play_silence(line: Line) -> bool:
    line.wait_for_the_end()
    return False


DROP_UNREAD = Step(_play_drop, reads=False)
DROP = Step(_play_drop)
SILENCE = Step(_play_silence)


def drip(content: bytes, *, after: bytes = b"", keep: bool = False) -> Step:
    def play(line: Line) -> bool:
        line.write(after)
        line.drip(content)
        return keep

    return Step(play)


@dataclass
class ScriptedServer:
    """Plays its steps one a request, then accepts every message.

    Counts what a client cannot hide: lines accepted and exchanges begun.

    Args:
        port: 0 for a free one.
    """

    tls: ssl.SSLContext | None = None
    port: int = 0
    default: Callable[[Received], Step] = field(default=lambda _: answer())
    connections: int = 0
    exchanges: int = 0
    requests: list[Received] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._steps: deque[Step] = deque()
        self._lock = threading.Lock()
        self._line_closed = threading.Condition(self._lock)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self._start(self._accept)

    @property
    def url(self) -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def script(self, *steps: Step) -> None:
        self._steps.extend(steps)

    def wait_until_lines_are_closed(self) -> None:
        with self._line_closed:
            assert self._line_closed.wait_for(lambda: not self._open, timeout=5)

    def close(self) -> None:
        self._stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            lines = list(self._open)
        for line in lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=5)

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(sock)
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        plain = sock
        try:
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
                with self._lock:
                    self._open.symmetric_difference_update({plain, sock})
            while self._serve_one(Line(sock, self._stopping)):
                pass
        except OSError:
            pass
        finally:
            sock.close()
            plain.close()
            with self._line_closed:
                self._open.difference_update({plain, sock})
                self._line_closed.notify_all()

    def _serve_one(self, line: Line) -> bool:
        with self._lock:
            step = self._steps[0] if self._steps else None
            if step is not None and not step.reads:
                self._steps.popleft()
                self.exchanges += 1
                return step.play(line)
        request = _read_request(line.sock)
        if request is None:
            return False
        with self._lock:
            self.exchanges += 1
            self.requests.append(request)
            step = self._steps.popleft() if self._steps else self.default(request)
        return step.play(line)


def _read_request(sock: socket.socket) -> Received | None:
    content = b""
    while b"\r\n\r\n" not in content:
        more = sock.recv(4096)
        if not more:
            return None
        content += more
    head, _, body = content.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name: value for name, _, value in (line.partition(": ") for line in rest)}
    while len(body) < int(headers.get("Content-Length", 0)):
        body += sock.recv(4096)
    return Received(method, path, headers, body)
