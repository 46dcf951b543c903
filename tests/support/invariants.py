"""What must hold of every sign-up, whatever broke meanwhile; judged from the callers' own log."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from support.load import ATTEMPTS, NO_ANSWER, Journey, Told

_EXPECTED = {
    "start": {201, 502, 503},
    "right": {200, 400, 404, 410, 503},
    "wrong": {200, 400, 404, 410, 503},
}


@dataclass(frozen=True)
class Allowed:
    """What the faults of a test may do to a sign-up beside answering 503.

    Args:
        longest_seconds: a call may take; the stated time-outs and what they are added to.
        lost_answers: lines to the service itself may break.
        lost_data: the store may have lost a verification, and what was counted on it.
        lost_approvals: a failover may have lost an approval and kept its verification.
    """

    longest_seconds: float
    lost_answers: bool = False
    lost_data: bool = False
    lost_approvals: bool = False


def violations(journeys: Iterable[Journey], allowed: Allowed) -> list[str]:
    """Give what no caller should have been told, one sentence each."""
    return [
        f"{journey.part} of {journey.number}: {problem}; told {_words(journey.log)}"
        for journey in journeys
        for problem in _problems(journey, allowed)
    ]


def _problems(journey: Journey, allowed: Allowed) -> list[str]:
    return [
        *_of_answers(journey, allowed),
        *_of_messages(journey),
        *_of_guesses(journey, allowed),
        *([] if allowed.lost_data else _of_loss(journey)),
    ]


def _of_answers(journey: Journey, allowed: Allowed) -> list[str]:
    problems = []
    for told in journey.log:
        if told.took > allowed.longest_seconds:
            problems.append(f"{told.call} took {told.took:.1f} s")
        if told.status == NO_ANSWER:
            if not allowed.lost_answers:
                problems.append(f"{told.call} got no answer ({told.code})")
        elif told.status not in _EXPECTED[told.call]:
            problems.append(f"{told.call} was answered {told.status}")
    return problems


def _of_messages(journey: Journey) -> list[str]:
    starts = journey.of("start")
    if not starts:
        return []
    status, delivery = starts[0].status, starts[0].delivery
    most = 1 if status in {201, NO_ANSWER} else 0
    problems = []
    if journey.messages > most:
        problems.append(f"a start answered {status} sent {journey.messages} messages")
    if delivery == "accepted" and journey.messages == 0:
        problems.append("a start answered as sent sent no message")
    return problems


def _of_guesses(journey: Journey, allowed: Allowed) -> list[str]:
    problems = []
    approvals = [told for told in journey.of("right", "wrong") if told.status == 200]
    if any(told.call == "wrong" for told in approvals):
        problems.append("a wrong code was approved")
    if allowed.lost_data:
        # What a lost store had counted may be counted again; what it had used up may not be lost
        # without its record, so that a code is good once even so.
        most = 2 if allowed.lost_approvals else 1
        return problems + (["a code was approved too often"] if len(approvals) > most else [])
    if len(approvals) > 1:
        problems.append("a code was approved twice")
    left = [told.attempts_left for told in journey.of("wrong") if _is_counted(told)]
    if len(left) >= ATTEMPTS:
        problems.append(f"{len(left)} wrong codes left one more")
    if twice := [count for count, times in Counter(left).items() if times > 1]:
        problems.append(f"two wrong codes left the same attempts: {twice}")
    if approvals and any(told.code == "verification_exhausted" for told in journey.log):
        problems.append("a code was approved and every attempt was used up")
    return problems


def _of_loss(journey: Journey) -> list[str]:
    """A right code is approved, unless an answer that did not come may have used it up before."""
    right = journey.of("right")
    if not right or any(told.status == 200 for told in right):
        return []
    unanswered = [told for told in right if told.is_trouble]
    tried = [told for told in journey.of("wrong") if told.code != "verification_approved"]
    last = right[-1]
    if last.code == "verification_approved" and unanswered:
        return []
    if last.code == "verification_exhausted" and len(tried) >= ATTEMPTS:
        return []
    return [f"the right code was answered {last.status} {last.code}"]


def _is_counted(told: Told) -> bool:
    """Whether a wrong code was judged and left another attempt; the last one leaves none."""
    return told.status == 400 and told.code == "code_incorrect"


def _words(log: Iterable[Told]) -> str:
    return ", ".join(f"{told.call} {told.status} {told.code}".rstrip() for told in log)
