"""What is measured: each cell one load on one part."""

from dataclasses import dataclass

CONNECTIONS = 64
SLOW_CONNECTIONS = 256
PROVIDER_MS = 300
# Threads a worker that the floor is tried with beside the service's own.
FLOOR_THREADS = (4, 16, 64)

FLOOR, FLOOR_SLOW = "floor", "floor, slow provider"
SERVICE, SERVICE_SLOW, UNGUARDED = "service", "service, slow provider", "service, guards off"
FEW, MANY, ONE_WORKER = "service, few", "service, many", "service, one worker"


@dataclass(frozen=True, slots=True)
class Cell:
    """One load on one part.

    Args:
        kind: ``wrong`` and ``right`` (guesses), ``start``, ``cycle``.
        has_keys: whether each request carries an Idempotency-Key.
        beside_starts: whether starts over ``SLOW_CONNECTIONS`` go on meanwhile on the same part.
        keeps: whether what Redis holds stays; else it is emptied first.
    """

    part: str
    kind: str
    connections: int = CONNECTIONS
    has_keys: bool = False
    beside_starts: bool = False
    keeps: bool = False

    @property
    def name(self) -> str:
        """Its name in results."""
        more = [" with keys"] * self.has_keys + [" beside starts"] * self.beside_starts
        return f"{self.part}: {self.kind}{''.join(more)}"


def floor_at(threads: int) -> str:
    """Name the floor with so many threads a worker."""
    return f"floor x {threads}"


LOADS = (
    Cell(FLOOR, "wrong"),
    Cell(SERVICE, "wrong"),
    Cell(SERVICE, "right"),
    Cell(UNGUARDED, "wrong"),
    Cell(SERVICE, "wrong", has_keys=True),
    Cell(FLOOR, "start"),
    Cell(SERVICE, "start"),
    Cell(UNGUARDED, "start"),
    Cell(SERVICE, "start", has_keys=True),
    Cell(SERVICE, "cycle"),
    Cell(FLOOR_SLOW, "start", SLOW_CONNECTIONS),
    Cell(SERVICE_SLOW, "start", SLOW_CONNECTIONS),
    Cell(SERVICE_SLOW, "wrong"),
    Cell(SERVICE_SLOW, "wrong", beside_starts=True),
    *(Cell(floor_at(threads), kind) for threads in FLOOR_THREADS for kind in ("wrong", "start")),
)
GROWTH = tuple(
    Cell(part, kind, keeps=True) for kind in ("wrong", "start") for part in (FEW, MANY, ONE_WORKER)
)
