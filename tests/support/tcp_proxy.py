"""A TCP proxy that can lose what passes through it, told so while it runs."""

import contextlib
import socket
import threading
from enum import StrEnum
from typing import Self

_CHUNK_BYTES = 65536


class Mode(StrEnum):
    """What becomes of the bytes.

    ``DROP_REPLIES``: the server gets every request; its answer is swallowed and the line cut.
    ``DROP_ONE``: so for the next answer alone; whoever asks again is served again.
    ``REFUSE``: every line is cut, old and new. ``SILENT``: requests and answers vanish, the line
    stays up.
    """

    PASS = "pass"
    DROP_REPLIES = "drop_replies"
    DROP_ONE = "drop_one"
    REFUSE = "refuse"
    SILENT = "silent"


class TcpProxy:
    """Listens on a free loopback port and passes everything on to one server."""

    def __init__(self, server_port: int | None = None) -> None:
        self.server_port = server_port
        self.mode = Mode.PASS
        self._requests: dict[socket.socket, bytes] = {}
        self._lines: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._begin()

    @property
    def port(self) -> int:
        return self._port

    @property
    def requests(self) -> list[bytes]:
        """Give what was requested since the last switch, one text a line that spoke."""
        with self._lock:
            return list(self._requests.values())

    def switch(self, mode: Mode) -> None:
        """Change the mode and forget what was requested so far."""
        with self._lock:
            self.mode, self._requests = mode, {}
        if mode is Mode.REFUSE:
            self._cut_all()

    def listen_again(self) -> None:
        """Listen at the same port as before it was closed."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._begin()

    def close(self) -> None:
        """Cut every line and listen no more: whoever calls is refused."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._cut_all()
        for thread in self._threads:
            thread.join(timeout=5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self) -> None:
        self._port = int(self._listener.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.server_port or 0))
            except OSError:
                caller.close()
                continue
            with self._lock:
                self._lines += [caller, server]
            if self.mode is Mode.REFUSE:
                _cut(caller, server)
            self._pump(caller, server, is_reply=False)
            self._pump(server, caller, is_reply=True)

    def _pump(self, source: socket.socket, target: socket.socket, *, is_reply: bool) -> None:
        thread = threading.Thread(
            target=self._pass_on, args=(source, target), kwargs={"is_reply": is_reply}, daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _pass_on(self, source: socket.socket, target: socket.socket, *, is_reply: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(_CHUNK_BYTES):
                if self._is_lost(is_reply=is_reply):
                    break
                if not is_reply:
                    with self._lock:
                        self._requests[source] = self._requests.get(source, b"") + chunk
                if self.mode is not Mode.SILENT:
                    target.sendall(chunk)
        _cut(source, target)

    def _is_lost(self, *, is_reply: bool) -> bool:
        with self._lock:
            mode = self.mode
            if is_reply and mode is Mode.DROP_ONE:
                self.mode = Mode.PASS
        replies_lost = mode in {Mode.DROP_REPLIES, Mode.DROP_ONE}
        return mode is Mode.REFUSE or (is_reply and replies_lost)

    def _cut_all(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, []
        _cut(*lines)
        if lines:
            for line in lines:
                line.close()


def _cut(*lines: socket.socket) -> None:
    for line in lines:
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
