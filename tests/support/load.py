"""Sign-ups on a running deployment, and everything that their callers were told.

Each sign-up has a number of its own and plays one of a few parts, in turn; ``support.invariants``
judges what they were told. A call that got no answer is told as status 0.
"""

import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import requests
from support.caller import Caller
from support.parallel import side_by_side

NO_ANSWER = 0
ATTEMPTS = 5

# Shops under load have limits that no load of a test reaches.
LOADED_SHOP = 'fraud_guard = "off"'
LOADED_TABLES = """
[[applications.shop.budgets]]
name = "country_starts_per_hour"
limit = 1000000

[[applications.shop.budgets]]
name = "country_starts_per_day"
limit = 1000000

[[applications.shop.budgets]]
name = "application_wrong_guesses_per_hour"
limit = 1000000

[[applications.shop.budgets]]
name = "application_sends_per_hour"
limit = 1000000
"""

# A right code is typed in again until it is answered for good, but not for ever.
_PATIENCE_SECONDS = 30
_PAUSE_SECONDS = 0.05
# Numbers of Ukraine's plan, each in a range of its own for as long as there are some.
_RANGES, _STEP = 1_000, 10_000


@dataclass(frozen=True, slots=True)
class Told:
    """One call and what came of it.

    Args:
        call: ``start``, ``right`` or ``wrong`` (guesses at the code).
        at: when it was made, on ``time.monotonic``'s clock, seconds.
        took: until its answer, seconds.
        status: HTTP, or ``NO_ANSWER``.
        code: of the problem; else the ``status`` of the reply, else what broke.
    """

    call: str
    at: float
    took: float
    status: int
    code: str
    delivery: str = ""
    attempts_left: int | None = None

    @property
    def is_trouble(self) -> bool:
        """Whether the service or the line failed, and not the caller."""
        return self.status == NO_ANSWER or self.status >= 500

    @property
    def is_last_word(self) -> bool:
        return not self.is_trouble and self.status != 429


@dataclass
class Journey:
    """One person's sign-up.

    Args:
        messages: how many the phone had in the end.
    """

    number: str
    part: str
    verification_id: str = ""
    log: list[Told] = field(default_factory=list)
    messages: int = 0

    def of(self, *calls: str) -> list[Told]:
        return [told for told in self.log if told.call in calls]


class Load:
    """Runs sign-ups from several threads until its block ends.

    Args:
        caller: with the key of a shop as ``LOADED_SHOP`` and ``LOADED_TABLES`` have it.
        first_number: of the numbers used; two loads on one store need ranges apart.
        pause: between two sign-ups of one thread, seconds.
    """

    def __init__(
        self, caller: Caller, *, threads: int = 8, first_number: int = 0, pause: float = 0.0
    ) -> None:
        self.journeys: list[Journey] = []
        self._caller = caller
        self._next = first_number
        self._pause = pause
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
            thread.join(4 * _PATIENCE_SECONDS)
        assert not any(thread.is_alive() for thread in self._threads), "a sign-up hangs"
        if self._broken:
            raise self._broken[0]
        self._look_at_phones()

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
            with requests.Session() as session:
                caller = replace(self._caller, session=session)
                while not self._ending.is_set():
                    self._sign_up(caller)
                    time.sleep(self._pause)
        except BaseException as problem:
            self._broken.append(problem)

    def _sign_up(self, caller: Caller) -> None:
        with self._lock:
            at, self._next = self._next, self._next + 1
            journey = Journey(number_of(at), PARTS[at % len(PARTS)].__name__.strip("_"))
            self.journeys.append(journey)
        started = _call(journey, "start", lambda: caller.start(journey.number))
        if started is None or started.status_code != 201:
            return
        journey.verification_id = started.json()["verification_id"]
        code = _code(caller, journey.number)
        if code is not None:
            PARTS[at % len(PARTS)](_Desk(caller, journey, code))

    def _look_at_phones(self) -> None:
        with requests.Session() as session:
            caller = replace(self._caller, session=session)
            for journey in self.journeys:
                journey.messages = len(caller.messages(journey.number))


@dataclass(frozen=True)
class _Desk:
    """Where one sign-up types codes in."""

    caller: Caller
    journey: Journey
    code: str

    def right(self) -> Told:
        """Type the right code in until that is answered for good."""
        last = time.monotonic() + _PATIENCE_SECONDS
        while True:
            self._guess("right", self.code)
            told = self.journey.log[-1]
            if told.is_last_word or time.monotonic() > last:
                return told
            time.sleep(_PAUSE_SECONDS)

    def right_at_once(self, count: int) -> None:
        side_by_side([lambda: self._guess("right", self.code, fresh=True)] * count)

    def wrong(self, count: int = 1) -> None:
        for at in range(1, count + 1):
            self._guess("wrong", f"{(int(self.code) + at) % 10**6:06d}")

    def wrong_at_once(self, count: int) -> None:
        codes = [f"{(int(self.code) + at) % 10**6:06d}" for at in range(1, count + 1)]
        side_by_side([lambda code=code: self._guess("wrong", code, fresh=True) for code in codes])

    def _guess(self, call: str, code: str, *, fresh: bool = False) -> None:
        caller = replace(self.caller, session=requests.Session()) if fresh else self.caller
        _call(self.journey, call, lambda: caller.verify(self.journey.verification_id, code))
        if fresh:
            caller.session.close()


def _plain(desk: _Desk) -> None:
    """Types the right code in, and again."""
    desk.right()
    desk.right()


def _clumsy(desk: _Desk) -> None:
    """Mistypes twice before it is right."""
    desk.wrong(2)
    desk.right()


def _hasty(desk: _Desk) -> None:
    """Sends the right code three times at the same moment."""
    desk.right_at_once(3)
    desk.right()


def _guesser(desk: _Desk) -> None:
    """Guesses more often than it may, partly side by side, and then knows the code after all."""
    desk.wrong(2)
    desk.wrong_at_once(5)
    desk.right()


PARTS: Sequence[Callable[[_Desk], None]] = (_plain, _clumsy, _hasty, _guesser)


def number_of(at: int) -> str:
    """Give the number of a sign-up: neighbours are in different ranges."""
    return f"+38067{at % _RANGES * _STEP + at // _RANGES:07d}"


def _call(
    journey: Journey, call: str, make: Callable[[], requests.Response]
) -> requests.Response | None:
    at = time.monotonic()
    try:
        answer = make()
    except requests.RequestException as broken:
        took = time.monotonic() - at
        journey.log.append(Told(call, at, took, NO_ANSWER, type(broken).__name__))
        return None
    took = time.monotonic() - at
    body: dict[str, Any] = answer.json()
    journey.log.append(
        Told(
            call,
            at,
            took,
            answer.status_code,
            body.get("code") or body.get("status", ""),
            body.get("delivery", ""),
            body.get("attempts_left"),
        )
    )
    return answer


def _code(caller: Caller, number: str) -> str | None:
    """Give the code on a phone; None where no message came."""
    messages = caller.messages(number)
    found = re.search(r"\b\d{6}\b", messages[-1]["text"]) if messages else None
    return found[0] if found else None
