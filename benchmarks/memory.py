"""Measure what one verification takes of Redis' memory; prints a Markdown table.

Each row brings up a Redis of its own, starts so many verifications, each of a number of its own,
through the real use cases with the shipped policy, and divides by their number what `used_memory`
grew by. Keys are told by kind: how many there are, and what `MEMORY USAGE` says of them.

Usage: PYTHONPATH=tests python -m benchmarks.memory [COUNT] [ROW ...]
"""

import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from support.direct import Direct, numbers
from support.redis_servers import RedisServer

from otp_service.domain.verification import Verification

COUNT = 100_000
THREADS = 4
# Of each kind of key so many are asked for their size.
SAMPLED = 2_000

Step = Callable[[Direct, str, Verification], object]


@dataclass(frozen=True)
class Row:
    """One way in which a verification may live.

    Args:
        has_address: each starts from an address of its own.
        steps: what happens to each after its start.
    """

    audit_days: int = 0
    shop: str = ""
    has_address: bool = False
    steps: tuple[Step, ...] = ()


def receipts(service: Direct, _phone: str, started: Verification) -> None:
    """The provider tells that the message was taken and that it arrived."""
    service.receipts(started)


def approve(service: Direct, phone: str, started: Verification) -> None:
    """The right code is typed in."""
    service.verify(started, phone)


ROWS = {
    "live": Row(),
    "live, receipts": Row(steps=(receipts,)),
    "live, receipts, brand": Row(shop='brand = "Nova Shop"', steps=(receipts,)),
    "live, receipts, address": Row(has_address=True, steps=(receipts,)),
    "live, receipts, timeline": Row(audit_days=7, steps=(receipts,)),
    "approved, receipts": Row(steps=(receipts, approve)),
    "approved, receipts, timeline": Row(audit_days=7, steps=(receipts, approve)),
}


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    wanted = sys.argv[2:] or list(ROWS)
    print(f"{count:,} verifications a row\n")
    print("| | bytes each | of which, by kind of key |\n| --- | ---: | --- |")
    for name in wanted:
        grown, kinds = measure(ROWS[name], count)
        print(f"| {name} | {grown / count:.0f} | {'; '.join(kinds)} |", flush=True)


def measure(row: Row, count: int) -> tuple[int, list[str]]:
    """Give how many bytes a Redis grew by, and what stands in it by kind."""
    with RedisServer() as server, tempfile.TemporaryDirectory() as directory:
        service = Direct(server.url, Path(directory), audit_days=row.audit_days, shop=row.shop)
        # What stands once, such as the scripts, is nobody's.
        _live(service, row, [(count, f"+34699{count:06}"[:12])])
        server.client.flushall()
        before = _used(server)
        phones = list(enumerate(numbers(count)))
        with ThreadPoolExecutor(THREADS) as threads:
            for done in [
                threads.submit(_live, service, row, phones[at::THREADS]) for at in range(THREADS)
            ]:
                done.result()
        return _used(server) - before, list(_by_kind(server, count))


def _live(service: Direct, row: Row, phones: Iterable[tuple[int, str]]) -> None:
    for at, phone in phones:
        address = f"10.{at >> 16}.{at >> 8 & 255}.{at & 255}" if row.has_address else None
        started = service.start(phone, address=address)
        for step in row.steps:
            step(service, phone, started)


def _used(server: RedisServer) -> int:
    return int(server.client.info("memory")["used_memory"])


def _by_kind(server: RedisServer, count: int) -> Iterable[str]:
    kinds: dict[str, list[bytes]] = defaultdict(list)
    for key in server.client.scan_iter(count=10_000):
        kinds[_kind(key.decode())].append(key)
    for kind, keys in sorted(kinds.items()):
        step = max(1, len(keys) // SAMPLED)
        sizes = [server.client.memory_usage(key, samples=0) for key in keys[::step]]
        share = len(keys) / count
        yield f"`{kind}` {share:.3g} x {statistics.mean(sizes):.0f} B"


def _kind(key: str) -> str:
    """Give what a key is of, without whose it is."""
    head, brace, rest = key.partition("{")
    if not brace:
        return head.split(":")[1]
    tag, _, name = rest.partition("}:")
    if tag == "all" or tag[:2] in {"a:", "i:", "t:"}:
        return f"{tag[:2].rstrip(':')} counters"
    return name.split(":")[0]


if __name__ == "__main__":
    main()
