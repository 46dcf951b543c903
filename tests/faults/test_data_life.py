"""Of a great many verifications nothing is left once their time is over."""

from datetime import timedelta
from pathlib import Path

import pytest
from support.direct import Direct, Lives, let_pass, numbers
from support.redis_servers import RedisServer, wait_until

COUNT = 20_000
# Scripts, buffers of connections and what Redis keeps for itself; they took over ten times as much.
ROOM_BYTES = 1_000_000
LONGEST = timedelta(days=90)
MEASURED = 5_000
# docs/data-life.md
SHARE_BYTES = 900


@pytest.mark.timeout(1800)
def test_nothing_is_left_of_many_verifications(tmp_path: Path) -> None:
    with RedisServer() as server:
        service = Direct(server.url, tmp_path, audit_days=7, OTP_RESEND_COOLDOWN_SECONDS="0")
        lives = Lives(service)
        # What stands once, such as the scripts, is none of theirs.
        for at, phone in enumerate(numbers(lives.ways)):
            lives.live(at, phone)
        server.client.flushall()
        before = _used(server)

        for at, phone in enumerate(numbers(COUNT)):
            lives.live(at, phone)
        most = _used(server)
        let_pass(server.client, LONGEST)

        wait_until(lambda: server.client.dbsize() == 0, what="every key has ended")
        wait_until(lambda: _used(server) < before + ROOM_BYTES, what="the memory is given back")
        assert most > before + 10 * ROOM_BYTES


def test_live_verification_takes_no_more_than_its_share(tmp_path: Path) -> None:
    with RedisServer() as server:
        service = Direct(server.url, tmp_path)
        warm, *phones = numbers(MEASURED + 1)
        service.receipts(service.start(warm))
        server.client.flushall()
        before = _used(server)

        for phone in phones:
            service.receipts(service.start(phone))

        grown = _used(server) - before
        if "jemalloc" not in server.client.info("memory")["mem_allocator"]:
            pytest.skip("the share is known of jemalloc alone")
        assert grown / MEASURED < SHARE_BYTES


def _used(server: RedisServer) -> int:
    return int(server.client.info("memory")["used_memory"])
