from fakeredis import FakeServer
from time_machine import travel

from otp_service.redis_store.embedded import EmbeddedRedis


def test_ended_keys_are_swept_although_nobody_asks_for_them() -> None:
    server = FakeServer()
    client = EmbeddedRedis(server)
    with travel(1_800_000_000, tick=False) as time:
        for number in range(500):
            client.set(f"ends:{number}", "1", ex=60)
        client.set("stays", "1", ex=3_600)
        time.shift(61)
        for _ in range(500):
            client.get("stays")

        # Looked at past the client: asking would sweep.
        assert len(server.dbs[0]._dict) == 1
