"""A provider that accepts everything, after a set delay: as cheap as a server in Python gets.

Usage: dummy_provider.py PORT DELAY_MS
"""

import asyncio
import json
import sys

_BODY = json.dumps(
    {"code": 0, "message": "Success", "data": {"requestId": "b81e8e9fcbbb422a813863e903de94bd"}}
).encode()
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
    + str(len(_BODY)).encode()
    + b"\r\n\r\n"
    + _BODY
)


class _Provider(asyncio.Protocol):
    def __init__(self, delay_seconds: float) -> None:
        self._delay_seconds = delay_seconds
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (request_end := self._request_end()) is not None:
            self._buffer = self._buffer[request_end:]
            if self._delay_seconds:
                loop = asyncio.get_running_loop()
                loop.call_later(self._delay_seconds, self._transport.write, _ANSWER)
            else:
                self._transport.write(_ANSWER)

    def _request_end(self) -> int | None:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return len(head) + 4 + length if len(rest) >= length else None


async def _serve(port: int, delay_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Provider(delay_seconds), "127.0.0.1", port)
    await server.serve_forever()


asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]) / 1000))
