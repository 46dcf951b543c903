"""A TCP proxy that can lose, spoil and hold up what passes through it, told so while it runs."""

import contextlib
import socket
import threading
import time
from enum import StrEnum
from typing import Self

_CHUNK_BYTES = 65536


class Mode(StrEnum):
    """What becomes of the bytes.

    ``DROP_REPLIES``: the server gets every request; its answer is swallowed and the line cut.
    ``DROP_ONE``: so for the next answer alone; whoever asks again is served again.
    ``REFUSE``: every line is cut, old and new. ``SILENT``: requests and answers vanish, the line
    stays up. ``DROP_REQUESTS``: lines are taken, and cut when a request comes, which the server
    never gets. ``HALF_REPLIES``: an answer breaks off in the middle, and the line with it.
    ``SPOIL_REPLIES``: ``spoiled`` comes in the place of every answer.
    """

    PASS = "pass"
    DROP_REPLIES = "drop_replies"
    DROP_ONE = "drop_one"
    REFUSE = "refuse"
    SILENT = "silent"
    DROP_REQUESTS = "drop_requests"
    HALF_REPLIES = "half_replies"
    SPOIL_REPLIES = "spoil_replies"


class TcpProxy:
    """Listens on a free loopback port and passes everything on to one server.

    ``delay_seconds`` is how long each request and each answer is on its way.
    """

    def __init__(self, server_port: int | None = None) -> None:
        self.server_port = server_port
        self.mode = Mode.PASS
        self.delay_seconds = 0.0
        self.spoiled = b"garbage"
        self._requests: dict[socket.socket, bytearray] = {}
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
            return [bytes(spoken) for spoken in self._requests.values()]

    def switch(self, mode: Mode) -> None:
        """Change the mode and forget what was requested so far."""
        with self._lock:
            self.mode, self._requests = mode, {}
        if mode is Mode.REFUSE:
            self.cut_all()

    def cut_all(self) -> None:
        """Cut every line that stands; new ones are taken as before."""
        with self._lock:
            lines, self._lines = self._lines, []
        _cut(*lines)

    def listen_again(self) -> None:
        """Listen at the same port as before it was closed."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._begin()

    def close(self) -> None:
        """Cut every line and listen no more: whoever calls is refused."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()
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
                        self._requests.setdefault(source, bytearray()).extend(chunk)
                mode = self.mode
                if mode is not Mode.SILENT:
                    time.sleep(self.delay_seconds)
                    target.sendall(self._as_it_arrives(chunk, mode) if is_reply else chunk)
                if is_reply and mode is Mode.HALF_REPLIES:
                    break
        _cut(source, target)
        # Each end is the source of one thread, which closes it; the other wakes up and does so too.
        source.close()

    def _as_it_arrives(self, reply: bytes, mode: Mode) -> bytes:
        if mode is Mode.HALF_REPLIES:
            return reply[: len(reply) // 2]
        return self.spoiled if mode is Mode.SPOIL_REPLIES else reply

    def _is_lost(self, *, is_reply: bool) -> bool:
        with self._lock:
            mode = self.mode
            if is_reply and mode is Mode.DROP_ONE:
                self.mode = Mode.PASS
        lost = {Mode.DROP_REPLIES, Mode.DROP_ONE} if is_reply else {Mode.DROP_REQUESTS}
        return mode is Mode.REFUSE or mode in lost


def _cut(*lines: socket.socket) -> None:
    for line in lines:
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
