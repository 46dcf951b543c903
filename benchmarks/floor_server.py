"""The floor on the service's own production server, set as ``otp-service serve`` sets it.

Usage: python -m benchmarks.floor_server PORT WORKERS [THREADS]
"""

import sys
from datetime import timedelta

from benchmarks.processes import HOST
from otp_service.cli import server
from otp_service.cli.lasting_server import nothing_to_renew

_ENDS_WITHIN_SECONDS = 5


def main() -> None:
    """Serve until SIGTERM."""
    port, workers = int(sys.argv[1]), int(sys.argv[2])
    threads = int(sys.argv[3]) if sys.argv[3:] else server._CONNECTIONS_PER_WORKER
    # Not made public for this: a benchmark alone must be on the very same terms.
    server._run(
        "benchmarks.floor_app:create_app",
        address=HOST,
        port=port,
        workers=workers,
        threads=threads,
        ends_within_seconds=_ENDS_WITHIN_SECONDS,
        drain=timedelta(),
        renew=nothing_to_renew,
    )


if __name__ == "__main__":
    main()
