"""Faults to order: what goes wrong with the next sends, decided beforehand and never by chance."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from otp_service.simulator import phone as phone_number
from otp_service.simulator.chat import CHANNELS, Channel

Kind = Literal["code", "http_status", "delay_ms", "drop", "garbage"]
KINDS: tuple[Kind, ...] = get_args(Kind)

MAX_TIMES = 1_000_000
MAX_DELAY_MS = 60_000
MAX_NUMBERS = 10_000
MAX_CODE = 999_999


class InvalidFault(Exception):
    """The order cannot be followed.

    Args:
        field: The property that is wrong, or None where it is the whole.
    """

    def __init__(self, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


@dataclass(frozen=True, kw_only=True, repr=False)
class Fault:
    """What goes wrong, for whom and how often.

    Args:
        value: The code, the status or the milliseconds; 1 for a drop or for garbage.
        phone: E.164, or None for every number.
        times: How many sends are still to come.
        channel: None for both.
    """

    kind: Kind
    value: int
    phone: str | None
    times: int
    channel: Channel | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the fault as it was ordered, with the times that are left."""
        value = True if self.kind in {"drop", "garbage"} else self.value
        channel = {} if self.channel is None else {"channel": self.channel}
        return {"phone": self.phone, "times": self.times, **channel, self.kind: value}


class Faults:
    """The faults in waiting: at most one a number and channel; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str | None, Channel | None], Fault] = {}

    def order(self, fault: Fault) -> None:
        """Let this fault happen from now on, instead of what its number (or all) had.

        Raises:
            InvalidFault: When too many numbers wait for one already.
        """
        place = (fault.phone, fault.channel)
        with self._lock:
            if place not in self._waiting and len(self._waiting) >= MAX_NUMBERS:
                raise InvalidFault(f"{MAX_NUMBERS} numbers have a fault in waiting", "phone")
            self._waiting[place] = fault

    def take(self, phone: str | None, channel: Channel) -> Fault | None:
        """Use up one time of the number's own fault, else of the fault for all.

        Of the two a fault of this channel goes before one of both.

        Args:
            phone: E.164, or None for a send whose number could not be read.
        """
        places = ((phone, channel), (phone, None), (None, channel), (None, None))
        with self._lock:
            place = next((each for each in places if each in self._waiting), None)
            if place is None:
                return None
            fault = self._waiting[place]
            if fault.times > 1:
                self._waiting[place] = replace(fault, times=fault.times - 1)
            else:
                del self._waiting[place]
            return fault

    def waiting(self) -> list[Fault]:
        """Give what is still to happen, in the order it was first ordered."""
        with self._lock:
            return list(self._waiting.values())

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._waiting.clear()


def read(order: object) -> Fault:
    """Read a fault from the JSON somebody sent.

    Raises:
        InvalidFault: With the property that is wrong.
    """
    if not isinstance(order, dict):
        raise InvalidFault("the body is no JSON object")
    for name in order:
        if name not in {"phone", "times", "channel", *KINDS}:
            raise InvalidFault("there is no such property", _shown(name))
    given = [kind for kind in KINDS if kind in order]
    if len(given) != 1:
        raise InvalidFault(f"give exactly one of {', '.join(KINDS)}", given[1] if given else None)
    kind = given[0]
    return Fault(
        kind=kind,
        value=_READERS[kind](kind, order[kind]),
        phone=_read_phone(order),
        times=_integer("times", order.get("times", 1), lowest=1, highest=MAX_TIMES),
        channel=_read_channel(order.get("channel")),
    )


def _read_phone(order: Mapping[str, Any]) -> str | None:
    if order.get("phone") is None:
        return None
    given = order["phone"]
    number = phone_number.from_person(given) if isinstance(given, str) else None
    if number is None:
        raise InvalidFault("not a phone number with its country code", "phone")
    return number


def _read_channel(value: object) -> Channel | None:
    if value is None:
        return None
    for channel in CHANNELS:
        if value == channel:
            return channel
    raise InvalidFault(f"must be one of {', '.join(CHANNELS)}", "channel")


def _read_code(name: str, value: object) -> int:
    code = _integer(name, value, lowest=-MAX_CODE, highest=MAX_CODE)
    if code == 0:
        raise InvalidFault("0 is success, and no fault", name)
    return code


def _read_http_status(name: str, value: object) -> int:
    return _integer(name, value, lowest=300, highest=599)


def _read_delay(name: str, value: object) -> int:
    return _integer(name, value, lowest=1, highest=MAX_DELAY_MS)


def _read_true(name: str, value: object) -> int:
    if value is not True:
        raise InvalidFault("must be true", name)
    return 1


_READERS: Mapping[Kind, Callable[[str, object], int]] = {
    "code": _read_code,
    "http_status": _read_http_status,
    "delay_ms": _read_delay,
    "drop": _read_true,
    "garbage": _read_true,
}


def _integer(name: str, value: object, *, lowest: int, highest: int) -> int:
    if type(value) is not int or not lowest <= value <= highest:
        raise InvalidFault(f"must be an integer from {lowest} to {highest}", name)
    return value


def _shown(name: str) -> str:
    return name[:64].encode("ascii", "backslashreplace").decode()
