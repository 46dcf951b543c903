"""What stands in Redis at the end, against what the callers' log explains."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from support.journeys import ATTEMPTS, REFUSED, Journey, Told

from otp_service.redis_store.key_names import log_key_of

BANKERS = ("client", "unreached")
"""The parts that are played at the bank; every other is played at the shop."""

_STEP = 500
# Where this is told nothing was sent, and nothing of it stays.
_UNDONE = {"provider_failed", "provider_misconfigured", "service_busy", REFUSED}
# First letters of the members of a number's log.
_NAMES = {"s": "starts", "m": "messages", "g": "wrong guesses"}


@dataclass(frozen=True)
class Span:
    """How much of something there must be at least, and may be at most."""

    least: int = 0
    most: int = 0

    def __add__(self, other: "Span") -> "Span":
        return Span(self.least + other.least, self.most + other.most)

    def __contains__(self, count: int) -> bool:
        return self.least <= count <= self.most

    def __str__(self) -> str:
        return f"{self.least} to {self.most}"


def application_of(journey: Journey) -> str:
    return "bank" if journey.part in BANKERS else "shop"


def charges_of(journey: Journey) -> dict[str, Span]:
    """Say what a number's log must hold: starts ``s``, messages ``m``, wrong guesses ``g``.

    A call that broke off may have been charged before it did, or not; what was refused is not, and
    what no provider took was given back.
    """
    starts, resends = journey.of("start"), journey.of("resend")
    started = len({told.verification_id for told in starts if told.status == 201})
    resent = sum(told.status == 200 for told in resends)
    broken = _broken(starts)
    sends = started + resent
    unsure = broken + _broken(resends) + bool(journey.of("receipt"))
    return {
        "s": Span(started, started + broken),
        "m": Span(sends, sends + unsure),
        "g": _guesses_of(journey),
    }


def shared_charges_of(journey: Journey) -> dict[str, Span]:
    """Say what a sign-up used up of the budgets that many numbers share, in the same way.

    There a start that was gone on with after it broke off may have been given back, and one to a
    number that the provider refuses stays.
    """
    own = charges_of(journey)
    refused = sum(told.status == 422 for told in journey.of("start"))
    further = sum(told.status == 422 for told in journey.of("resend"))
    is_sure = not _broken(journey.of("start"))
    return {
        "s": Span(own["s"].least * is_sure + refused, own["s"].most + refused),
        "m": Span(
            own["m"].least - own["s"].least * (not is_sure) + refused + further,
            own["m"].most + refused + further,
        ),
        "g": own["g"],
    }


def violations(
    journeys: Sequence[Journey],
    store: Any,
    *,
    number_tag: Callable[[str], str],
    country: str,
    is_calm: Callable[[Told], bool],
) -> list[str]:
    """Give what stands in Redis and should not, one sentence each.

    Args:
        store: a client of redis-py.
        number_tag: gives the tag of a number.
        country: of every number.
        is_calm: whether nothing was broken at a call. A guess is counted with the budgets that many
            numbers share only after it was judged, and not at all if Redis is away by then.
    """
    return [
        *_without_end(store),
        *_of_numbers(journeys, store, number_tag),
        *_of_shared(journeys, store, country, is_calm),
    ]


def _without_end(store: Any) -> list[str]:
    found = []
    for keys in _in_steps(store.scan_iter(count=_STEP)):
        ends = _together(store, [("PTTL", key) for key in keys])
        found += [key.decode() for key, left in zip(keys, ends, strict=True) if left == -1]
    return [f"{len(found)} keys have no end, such as {found[0]}"] if found else []


def _of_numbers(
    journeys: Iterable[Journey], store: Any, number_tag: Callable[[str], str]
) -> list[str]:
    problems = []
    for some in _in_steps(journeys):
        names = [log_key_of(number_tag(each.number), application_of(each)) for each in some]
        logs = _together(store, [("ZRANGE", name, 0, -1) for name in names])
        for journey, log in zip(some, logs, strict=True):
            held = Counter(chr(member[0]) for member in log)
            problems += [
                f"{journey.part} of {journey.number}: {_NAMES[what]} charged to the number are "
                f"{held[what]}, not {span}"
                for what, span in charges_of(journey).items()
                if held[what] not in span
            ]
    return problems


def _of_shared(
    journeys: Iterable[Journey], store: Any, country: str, is_calm: Callable[[Told], bool]
) -> list[str]:
    problems = []
    of = {"shop": list[Journey](), "bank": list[Journey]()}
    for journey in journeys:
        of[application_of(journey)].append(journey)
    for application, theirs in of.items():
        spans = {what: Span() for what in _NAMES}
        for journey in theirs:
            for what, span in shared_charges_of(journey).items():
                spans[what] += span
        shaken = sum(not is_calm(told) for each in theirs for told in each.of("wrong"))
        spans["g"] = Span(max(0, spans["g"].least - shaken), spans["g"].most)
        for what, counter in (("s", f"r:{country}:s"), ("m", "m"), ("g", "g")):
            name = f"*:{{a:{application}}}:{counter}86400"
            held = sum(int(store.hget(key, "t")) for key in store.scan_iter(match=name))
            if held not in spans[what] and (held or what != "g" or application == "shop"):
                problems.append(
                    f"{_NAMES[what]} counted of {application} are {held}, not {spans[what]}"
                )
    return problems


def _guesses_of(journey: Journey) -> Span:
    wrong = journey.of("wrong")
    if any(told.code == "verification_exhausted" for told in journey.of("wrong", "right")):
        return Span(ATTEMPTS, ATTEMPTS)
    judged = min(ATTEMPTS, sum(told.code == "code_incorrect" for told in wrong))
    return Span(judged, min(ATTEMPTS, judged + _broken(wrong)))


def _broken(calls: Iterable[Told]) -> int:
    """Count the calls of which nobody knows how far they came."""
    return sum(told.is_trouble and told.code not in _UNDONE for told in calls)


def _in_steps(things: Iterable[Any]) -> Iterable[list[Any]]:
    step: list[Any] = []
    for thing in things:
        step.append(thing)
        if len(step) == _STEP:
            yield step
            step = []
    if step:
        yield step


def _together(store: Any, commands: list[tuple[Any, ...]]) -> list[Any]:
    pipeline = store.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
    answers: list[Any] = pipeline.execute()
    return answers
