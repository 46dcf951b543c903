"""The cycle: start, read the PIN from the dummy provider, verify; over and over, side by side.

Usage: python -m benchmarks.cycle SERVICE_PORT PROVIDER_PORT API_KEY CONNECTIONS SECONDS
Prints the same report as the scripts of ``lua/``, a request being a whole cycle.
"""

import asyncio
import json
import statistics
import sys
import time
from dataclasses import dataclass, field

from benchmarks.numbers import address_of, number_of

_HEAD = (
    "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    "Authorization: Bearer {key}\r\nContent-Length: {length}\r\n\r\n"
)


@dataclass
class _Tally:
    took_ms: list[float] = field(default_factory=list)
    unexpected: int = 0
    sample: str = ""


class _Line:
    """One connection that is kept alive."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._key = key

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def ask(self, method: str, path: str, body: str = "") -> tuple[int, bytes]:
        """Send a request and give the answer's status and body."""
        head = _HEAD.format(method=method, path=path, key=self._key, length=len(body))
        self._writer.write((head + body).encode())
        answer = await self._reader.readuntil(b"\r\n\r\n")
        fields = answer.lower()
        length = int(fields.partition(b"content-length:")[2].partition(b"\r\n")[0])
        return int(answer[9:12]), await self._reader.readexactly(length)


async def _people(service: _Line, provider: _Line, at: "_Counter", tally: _Tally) -> None:
    await service.open()
    await provider.open()
    while time.monotonic() < at.ends_at:
        began = time.monotonic()
        problem = await _sign_up(service, provider, at.next())
        tally.took_ms.append((time.monotonic() - began) * 1000)
        if problem:
            tally.unexpected += 1
            tally.sample = problem


async def _sign_up(service: _Line, provider: _Line, at: int) -> str:
    """Run one cycle and give what was wrong with it, if anything was."""
    number = number_of(at)
    body = json.dumps({"phone": number, "client_ip": address_of(at)})
    status, answer = await service.ask("POST", "/otp/start", body)
    if status != 201:
        return f"start {status} {answer[:200]!r}"
    _, pin = await provider.ask("GET", f"/pins/{number.removeprefix('+')}")
    guess = {"verification_id": json.loads(answer)["verification_id"], "code": pin.decode()}
    status, answer = await service.ask("POST", "/otp/verify", json.dumps(guess))
    is_approved = status == 200 and json.loads(answer)["phone"] == number
    return "" if is_approved else f"verify {status} {answer[:200]!r}"


class _Counter:
    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self._at = 0

    def next(self) -> int:
        self._at += 1
        return self._at


async def _run(service: int, provider: int, key: str, connections: int, seconds: float) -> None:
    tally = _Tally()
    began = time.monotonic()
    counter = _Counter(began + seconds)
    people = (
        _people(_Line(service, key), _Line(provider, key), counter, tally)
        for _ in range(connections)
    )
    await asyncio.gather(*people)
    hundredths = statistics.quantiles(tally.took_ms, n=100)
    report = {
        "requests": len(tally.took_ms),
        "seconds": time.monotonic() - began,
        "p50_ms": hundredths[49],
        "p99_ms": hundredths[98],
        "broken": 0,
        "late": 0,
        "unexpected": tally.unexpected,
        "spent": 0,
        "sample": tally.sample,
    }
    print("\nREPORT", json.dumps(report))


if __name__ == "__main__":
    asyncio.run(
        _run(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))
    )
