"""Let a great many verifications live, then let their time pass; prints what is left of them.

They live through the real use cases by turns in every way to begin and to end (`Lives`), with the
shipped policy, timelines kept. Then the end of every key is brought nearer by 90 days, and Redis
finds by itself what has ended.

Usage: PYTHONPATH=tests python -m benchmarks.leave_nothing [COUNT]
"""

import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from support.direct import Direct, Lives, let_pass, numbers
from support.redis_servers import RedisServer, wait_until

COUNT = 1_000_000
STEPS = 10
LONGEST = timedelta(days=90)


def main() -> None:
    """Run and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    print("| after | keys | used_memory | seconds | µs of Redis a script |")
    print("| --- | ---: | ---: | ---: | ---: |")
    with RedisServer() as server, tempfile.TemporaryDirectory() as directory:
        service = Direct(server.url, Path(directory), audit_days=7, OTP_RESEND_COOLDOWN_SECONDS="0")
        lives = Lives(service)
        for at, phone in enumerate(numbers(lives.ways)):
            lives.live(at, phone)
        server.client.flushall()
        began = time.monotonic()

        def report(what: str) -> None:
            keys, used = server.client.dbsize(), server.client.info("memory")["used_memory"]
            seconds = time.monotonic() - began
            scripts = server.client.info("commandstats").get("cmdstat_evalsha", {})
            server.client.config_resetstat()
            took = scripts.get("usec_per_call", 0)
            print(f"| {what} | {keys:,} | {used:,} | {seconds:.0f} | {took} |", flush=True)

        report("nothing")
        for at, phone in enumerate(numbers(count), start=1):
            lives.live(at, phone)
            if at % (count // STEPS) == 0:
                report(f"{at:,} verifications")
        let_pass(server.client, LONGEST)
        wait_until(
            lambda: server.client.dbsize() == 0,
            what="every key has ended",
            within=timedelta(minutes=10),
        )
        report("their time")
        # The table of keys shrinks in steps of its own.
        time.sleep(2)
        report("two seconds more")


if __name__ == "__main__":
    main()
