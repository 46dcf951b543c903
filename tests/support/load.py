"""Sign-ups on a running deployment, and everything that their callers were told.

Each sign-up has a number of its own and plays one of a few parts, in turn; ``support.invariants``
judges what they were told.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import requests
from support.caller import Caller
from support.journeys import ATTEMPTS, NO_ANSWER, Journey, Told
from support.parts import PARTS, PATIENCE_SECONDS, Desk, Part, part_name

__all__ = [
    "ATTEMPTS",
    "LOADED_SHOP",
    "LOADED_TABLES",
    "NO_ANSWER",
    "PARTS",
    "Journey",
    "Load",
    "Told",
    "number_of",
]

# Shops under load have limits that no load of a test reaches.
LOADED_SHOP = 'fraud_guard = "off"'


def out_of_reach(owner: str, *budgets: str) -> str:
    """Give tables that lift budgets over any load.

    Args:
        owner: what of the settings they are in, with a dot behind it; empty for all.
    """
    return "".join(f'\n[[{owner}budgets]]\nname = "{name}"\nlimit = 1000000\n' for name in budgets)


LOADED_TABLES = out_of_reach(
    "applications.shop.",
    "country_starts_per_hour",
    "country_starts_per_day",
    "application_wrong_guesses_per_hour",
    "application_sends_per_hour",
)

# Numbers of Ukraine's plan, each in a range of its own for as long as there are some.
_RANGES, _STEP = 1_000, 10_000
# A line stays with one worker: callers that kept theirs for ever would leave another worker idle.
_SIGN_UPS_A_LINE = 5


class Load:
    """Runs sign-ups from several threads until its block ends.

    Args:
        caller: with the key of a shop as ``LOADED_SHOP`` and ``LOADED_TABLES`` have it.
        first_number: of the numbers used; two loads on one store need ranges apart.
        pause: between two sign-ups of one thread, seconds.
        parts: that are played, in turn.
        bank: the caller for those parts that need one.
        look_back_after: seconds after which a sign-up's phone is looked at and its status read once
            more; None for phones alone, in the end. (The simulator keeps 10,000 phones.)
    """

    def __init__(
        self,
        caller: Caller,
        *,
        threads: int = 8,
        first_number: int = 0,
        pause: float = 0.0,
        parts: Sequence[Part] = PARTS,
        bank: Caller | None = None,
        look_back_after: float | None = None,
    ) -> None:
        self.journeys: list[Journey] = []
        self._caller = caller
        self._bank = bank
        self._parts = parts
        self._next = first_number
        self._pause = pause
        self._look_back_after = look_back_after
        self._ended: deque[tuple[float, Desk]] = deque()
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._broken: list[BaseException] = []
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Let every sign-up under way end, then look at every phone."""
        if self._ending.is_set():
            return
        self._ending.set()
        for thread in self._threads:
            thread.join(4 * PATIENCE_SECONDS)
        assert not any(thread.is_alive() for thread in self._threads), "a sign-up hangs"
        if self._broken:
            raise self._broken[0]
        with requests.Session() as session:
            self._look_back(session, until=float("inf"))

    def run_for(self, seconds: float) -> None:
        """Wait while the load runs."""
        time.sleep(seconds)
        assert not self._broken, self._broken

    def log(self) -> list[Told]:
        """Give every call so far, in the order in which they were made."""
        with self._lock:
            journeys = list(self.journeys)
        return sorted((told for each in journeys for told in list(each.log)), key=lambda t: t.at)

    def troubles(self, since: float, until: float = float("inf")) -> list[Told]:
        """Give the calls made in this time that got no answer or one of 5xx."""
        return [told for told in self.log() if since <= told.at < until and told.is_trouble]

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                with requests.Session() as session:
                    self._sign_up_some(session)
        except BaseException as problem:
            self._broken.append(problem)

    def _sign_up_some(self, session: requests.Session) -> None:
        for _ in range(_SIGN_UPS_A_LINE):
            if self._ending.is_set():
                return
            self._sign_up(session)
            if self._look_back_after is not None:
                self._look_back(session, until=time.monotonic() - self._look_back_after)
            time.sleep(self._pause)

    def _sign_up(self, session: requests.Session) -> None:
        with self._lock:
            at, self._next = self._next, self._next + 1
            part = self._parts[at % len(self._parts)]
            journey = Journey(number_of(at), part_name(part))
            self.journeys.append(journey)
        bank = replace(self._bank, session=session) if self._bank else None
        desk = Desk(replace(self._caller, session=session), bank, journey)
        part(desk)
        self._ended.append((time.monotonic(), desk))

    def _look_back(self, session: requests.Session, *, until: float) -> None:
        """Look at what became of the sign-ups that had ended by then."""
        while True:
            with self._lock:
                if not self._ended or self._ended[0][0] > until:
                    return
                _, desk = self._ended.popleft()
            desk.look_back(session, with_status=self._look_back_after is not None)


def number_of(at: int) -> str:
    """Give the number of a sign-up: neighbours are in different ranges."""
    return f"+38067{at % _RANGES * _STEP + at // _RANGES:07d}"
