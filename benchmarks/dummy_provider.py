"""A provider that accepts every message, after a set delay: as cheap as a server in Python gets.

It speaks the answer to a Viber send, with an id of its own for each message, and remembers the last
PIN of each of the latest numbers: ``GET /pins/380671234567`` answers with it, or with nothing.

Usage: python -m benchmarks.dummy_provider PORT DELAY_MS
"""

import asyncio
import itertools
import re
import sys

_REMEMBERS = 65_536
_BODY = '{"code":0,"message":"Success","data":{"requestId":"%032x"}}'
_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PHONE = re.compile(rb'"phone": *"\+?(\d+)"')
# In either spelling of a template's parameters: an object, or a string that holds one.
_PIN = re.compile(rb'pin\\?": *\\?"(\d+)')
_ASKED = re.compile(rb"GET /pins/(\d+) ")
_END_OF_HEAD = b"\r\n\r\n"


class _Phones:
    """The last PIN of each of the latest numbers."""

    def __init__(self) -> None:
        self._pins: dict[bytes, bytes] = {}
        self._ids = itertools.count(1)

    def take(self, head: bytes, body: bytes) -> bytes:
        """Take one request and give its answer."""
        if asked := _ASKED.match(head):
            return _answer(self._pins.get(asked[1], b"").decode())
        phone, pin = _PHONE.search(body), _PIN.search(body)
        if phone and pin:
            self._pins.pop(phone[1], None)
            self._pins[phone[1]] = pin[1]
            if len(self._pins) > _REMEMBERS:
                del self._pins[next(iter(self._pins))]
        return _answer(_BODY % next(self._ids))


class _Provider(asyncio.Protocol):
    def __init__(self, phones: _Phones, delay_seconds: float) -> None:
        self._phones = phones
        self._delay_seconds = delay_seconds
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (request := self._request()) is not None:
            answer = self._phones.take(*request)
            if self._delay_seconds:
                loop = asyncio.get_running_loop()
                loop.call_later(self._delay_seconds, self._transport.write, answer)
            else:
                self._transport.write(answer)

    def _request(self) -> tuple[bytes, bytes] | None:
        """Take one whole request, head and body, off the buffer."""
        head, found, rest = self._buffer.partition(_END_OF_HEAD)
        if not found:
            return None
        stated = _LENGTH.search(head)
        length = int(stated[1]) if stated else 0
        if len(rest) < length:
            return None
        self._buffer = rest[length:]
        return head, rest[:length]


def _answer(body: str) -> bytes:
    return (_HEAD % len(body) + body).encode()


async def _serve(port: int, delay_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    phones = _Phones()
    server = await loop.create_server(
        lambda: _Provider(phones, delay_seconds), "127.0.0.1", port, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]) / 1000))
