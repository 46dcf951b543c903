"""The parts that people play in a load of sign-ups."""

import itertools
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import requests
from support.caller import Caller
from support.deployments import CALLBACK_SECRET
from support.journeys import NO_ANSWER, REFUSED, Journey, Told
from support.parallel import side_by_side
from urllib3.exceptions import NewConnectionError

# A right code is typed in again until it is answered for good, but not for ever. The key of a start
# that broke off is free again after 30 s.
PATIENCE_SECONDS = 40
_PAUSE_SECONDS = 0.05
_TROUBLED_PAUSE_SECONDS = 0.2
_LATE_MESSAGE_SECONDS = 3


class Desk:
    """Where one person signs up, and where everything that is told is written down.

    Args:
        shop: the caller of most parts.
        bank: of those that have SMS too.
    """

    def __init__(self, shop: Caller, bank: Caller | None, journey: Journey) -> None:
        self.caller = shop
        self.journey = journey
        self.is_at_bank = False
        self._shop = shop
        self.codes: list[str] = []
        self._bank = bank
        self._place = _place_of(journey.number)
        self._names = itertools.count(1)

    def at_the_bank(self) -> None:
        assert self._bank is not None, "this part needs a caller of the bank"
        self.caller, self.is_at_bank = self._bank, True

    def name(self) -> str:
        """Give a fresh Idempotency-Key."""
        return f"{self.journey.number[1:]}-{next(self._names)}"

    def start(self, **body: Any) -> bool:
        """Start, and read the code on the phone; tell whether there is one."""
        return self._noted(self._start(**body))

    def start_until_answered(self, key: str, *, at_once: int = 1) -> bool:
        """Start with a key, again and again; tell whether a code came of it."""
        if at_once > 1:
            side_by_side([lambda: self._start(key=key, fresh=True)] * at_once)
        return self._noted(self._until_answered(lambda: self._start(key=key)))

    def right(self, code: str = "", *, key: str = "") -> requests.Response | None:
        """Type a right code in until that is answered for good."""
        return self._until_answered(lambda: self._guess("right", code or self.codes[-1], key=key))

    def right_at_once(self, count: int) -> None:
        side_by_side([lambda: self._guess("right", self.codes[-1], fresh=True)] * count)

    def wrong(self, count: int = 1) -> None:
        for code in self._wrong_codes(count):
            self._guess("wrong", code)

    def wrong_at_once(self, count: int) -> None:
        side_by_side(
            [
                lambda c=code: self._guess("wrong", c, fresh=True)
                for code in self._wrong_codes(count)
            ]
        )

    def resend(self) -> None:
        """Ask for one more message until that is answered for good, and read its code."""
        if self._until_answered(lambda: self._about("resend")) is not None:
            self.read_phone()

    def cancel(self) -> None:
        self._until_answered(lambda: self._about("cancel"))

    def cancel_and_right_at_once(self) -> None:
        side_by_side(
            [
                lambda: self._about("cancel", fresh=True),
                lambda: self._guess("right", self.codes[-1], fresh=True),
            ]
        )

    def read_status(self, call: str = "status") -> requests.Response | None:
        path = f"/otp/verifications/{self.journey.verification_id}"
        return self._until_answered(lambda: self._told(call, lambda caller: caller.get(path)))

    def consume(self, proof: str, *, at_once: int) -> None:
        """Use a proof up, several times at the same moment and once more."""
        body = {"proof": proof, "consume": True}
        ask = lambda caller: caller.post("/otp/proof", **body)  # noqa: E731
        side_by_side([lambda: self._told("consume", ask, fresh=True)] * at_once)
        self._until_answered(lambda: self._told("consume", ask))

    def take_token(self) -> bool:
        """Go on with a client token for this number instead of the shop's key."""
        body = {"phone": self.journey.number, "client_ip": self._place}
        minted = self._until_answered(
            lambda: self._told("token", lambda caller: caller.post("/otp/client-tokens", **body))
        )
        if minted is None or minted.status_code != 201:
            return False
        self.caller = replace(self.caller, api_key=minted.json()["token"])
        return True

    def say_it_failed(self, times: int) -> None:
        """Tell the service, as the provider, that the last message did not arrive."""
        last = self.caller.messages(self.journey.number)[-1]
        if last["channel"] != "viber":
            return
        path = f"/callbacks/nxcloud/{CALLBACK_SECRET}/receipt"
        body = {"status": "failed", "requestId": last["id"], "code": 11000}
        for _ in range(times):
            self._told("receipt", lambda caller: caller.post(path, **body))
        self.read_phone()

    def read_phone(self) -> None:
        """Read the codes of every message so far."""
        texts = [message["text"] for message in self.caller.messages(self.journey.number)]
        found = (re.search(r"\b\d{6}\b", text) for text in texts)
        self.codes = [code[0] for code in found if code]

    def look_back(self, session: requests.Session, *, with_status: bool) -> None:
        """Write down how many messages the phone had and, if asked to, how it all ended."""
        keyed = replace(self._shop, session=session)
        self.caller = replace(self.caller, session=session) if self.is_at_bank else keyed
        self.journey.messages = len(self.caller.messages(self.journey.number))
        if with_status and self.journey.verification_id:
            told = self.read_status("look")
            if told is not None and told.status_code == 200:
                self.journey.deliveries = len(told.json()["deliveries"])

    def _noted(self, started: requests.Response | None) -> bool:
        if started is None or started.status_code != 201:
            return False
        self.journey.verification_id = started.json()["verification_id"]
        self.read_phone()
        if not self.codes and started.json()["delivery"] == "unknown":
            time.sleep(_LATE_MESSAGE_SECONDS)
            self.read_phone()
        return bool(self.codes)

    def _start(
        self, *, key: str = "", fresh: bool = False, **body: Any
    ) -> requests.Response | None:
        phone = self.journey.number
        return self._told(
            "start",
            lambda caller: caller.post("/otp/start", key, phone=phone, **body),
            key=key,
            fresh=fresh,
        )

    def _about(self, call: str, *, fresh: bool = False) -> requests.Response | None:
        vid = self.journey.verification_id
        return self._told(
            call, lambda caller: caller.post(f"/otp/{call}", verification_id=vid), fresh=fresh
        )

    def _guess(
        self, call: str, code: str, *, key: str = "", fresh: bool = False
    ) -> requests.Response | None:
        body = {"verification_id": self.journey.verification_id, "code": code}
        return self._told(
            call, lambda caller: caller.post("/otp/verify", key, **body), key=key, fresh=fresh
        )

    def _wrong_codes(self, count: int) -> list[str]:
        first = int(self.codes[-1])
        codes = (f"{(first + step) % 10**6:06d}" for step in itertools.count(1))
        return list(itertools.islice((code for code in codes if code not in self.codes), count))

    def _until_answered(
        self, ask: Callable[[], requests.Response | None]
    ) -> requests.Response | None:
        last = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = ask()
            told = self.journey.log[-1]
            if told.is_last_word or time.monotonic() > last:
                return answer
            time.sleep(_PAUSE_SECONDS if told.status == 409 else _TROUBLED_PAUSE_SECONDS)

    def _told(
        self,
        call: str,
        ask: Callable[[Caller], requests.Response],
        *,
        key: str = "",
        fresh: bool = False,
    ) -> requests.Response | None:
        """Make a call, from a line of its own if ``fresh``, and write down what came of it."""
        caller = replace(self.caller, session=requests.Session()) if fresh else self.caller
        at = time.monotonic()
        try:
            answer = ask(caller)
        except requests.RequestException as broken:
            code = _what_broke(broken)
            self.journey.log.append(Told(call, at, _since(at), NO_ANSWER, code, key=key))
            return None
        finally:
            if fresh:
                caller.session.close()
        self.journey.log.append(_read(call, at, key, answer))
        return answer


def _read(call: str, at: float, key: str, answer: requests.Response) -> Told:
    took = _since(at)
    try:
        body: dict[str, Any] = answer.json()
    except ValueError:
        return Told(call, at, took, answer.status_code, "no JSON", key=key)
    code = body.get("code") or body.get("status", "")
    if "active" in body:
        code = "active" if body["active"] else "inactive"
    return Told(
        call,
        at,
        took,
        answer.status_code,
        code,
        body.get("delivery", ""),
        body.get("attempts_left"),
        key,
        body.get("verification_id", ""),
    )


def _what_broke(problem: requests.RequestException) -> str:
    behind = getattr(problem.args[0], "reason", None) if problem.args else None
    return REFUSED if isinstance(behind, NewConnectionError) else type(problem).__name__


def _since(at: float) -> float:
    return time.monotonic() - at


def _place_of(number: str) -> str:
    """Give an address of the person's own, in a /64 of its own.

    Source: RFC 3849, addresses for documentation.
    """
    digits = int(number[-7:])
    return f"2001:db8:{digits >> 16:x}:{digits & 0xFFFF:x}::1"


def _plain(desk: Desk) -> None:
    """Types the right code in, and again."""
    if desk.start():
        desk.right()
        desk.right()


def _clumsy(desk: Desk) -> None:
    """Mistypes twice before it is right."""
    if desk.start():
        desk.wrong(2)
        desk.right()


def _hasty(desk: Desk) -> None:
    """Sends the right code three times at the same moment."""
    if desk.start():
        desk.right_at_once(3)
        desk.right()


def _guesser(desk: Desk) -> None:
    """Guesses more often than it may, partly side by side, and then knows the code after all."""
    if desk.start():
        desk.wrong(2)
        desk.wrong_at_once(5)
        desk.right()


def _repeater(desk: Desk) -> None:
    """Repeats start and guess with an Idempotency-Key each, at the same moment and afterwards."""
    if desk.start_until_answered(desk.name(), at_once=3):
        key = desk.name()
        desk.right(key=key)
        desk.right(key=key)


def _app(desk: Desk) -> None:
    """Signs up by itself, with a client token."""
    if desk.take_token() and desk.start():
        desk.wrong()
        desk.right()


def _prover(desk: Desk) -> None:
    """Shows its proof twice at the same moment, and once more."""
    if desk.start():
        approved = desk.right()
        if approved is not None and approved.status_code == 200:
            desk.consume(approved.json()["proof"], at_once=2)


def _impatient(desk: Desk) -> None:
    """Asks for another message, and types the first one's code in."""
    if desk.start():
        first = desk.codes[0]
        desk.resend()
        desk.right(first)


def _patient(desk: Desk) -> None:
    """Asks for another message and types its code in, after a wrong one."""
    if desk.start():
        desk.resend()
        desk.wrong()
        desk.right()


def _canceler(desk: Desk) -> None:
    """Calls it off, and knows the code after all."""
    if desk.start():
        desk.cancel()
        desk.right()


def _undecided(desk: Desk) -> None:
    """Calls it off and types the code in at the same moment."""
    if desk.start():
        desk.cancel_and_right_at_once()
        desk.right()


def _watcher(desk: Desk) -> None:
    """Reads how it stands, before and after."""
    if desk.start():
        desk.read_status()
        desk.right()
        desk.read_status()


def _client(desk: Desk) -> None:
    """Signs up at the bank, which has SMS too."""
    desk.at_the_bank()
    if desk.start():
        desk.right()


def _unreached(desk: Desk) -> None:
    """Gets no message over Viber, says its receipt, and so one by SMS."""
    desk.at_the_bank()
    if desk.start():
        desk.say_it_failed(2)
        desk.right()


Part = Callable[[Desk], None]

PARTS: Sequence[Part] = (_plain, _clumsy, _hasty, _guesser)
EVERY_PART: Sequence[Part] = (
    *PARTS,
    _repeater,
    _app,
    _prover,
    _impatient,
    _patient,
    _canceler,
    _undecided,
    _watcher,
    _client,
    _unreached,
)


def part_name(part: Part) -> str:
    return part.__name__.strip("_")
