"""What must hold of every sign-up, whatever broke meanwhile; judged from the callers' own log."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from support.journeys import ATTEMPTS, NO_ANSWER, Journey, Told

_EXPECTED = {
    "start": {201, 502, 503},
    "right": {200, 400, 404, 410, 503},
    "wrong": {200, 400, 404, 410, 503},
    "resend": {200, 410, 429, 502, 503},
    "cancel": {200, 410, 503},
    "status": {200, 503},
    "look": {200, 503},
    "consume": {200, 503},
    "token": {201, 503},
    "receipt": {200, 503},
}
# To other calls with the same Idempotency-Key, which runs or is held by its first one.
_EXPECTED_WITH_KEY = {409}
_SENDS = ("start", "resend")


@dataclass(frozen=True)
class Allowed:
    """What the faults of a test may do to a sign-up beside answering 503.

    Args:
        longest_seconds: a call may take; the stated time-outs and what they are added to.
        lost_answers: lines to the service itself may break.
        lost_data: the store may have lost a verification, and what was counted on it.
        lost_approvals: a failover may have lost an approval and kept its verification.
        refused_numbers: the provider refuses numbers.
        outages: from when until when lines to the service may break, where not always; on
            ``time.monotonic``'s clock.
        unkept: from when until when the store may be away, so that what a request with an
            Idempotency-Key was answered cannot be kept: who repeats it is sent one more message.
    """

    longest_seconds: float
    lost_answers: bool = False
    lost_data: bool = False
    lost_approvals: bool = False
    refused_numbers: bool = False
    outages: Sequence[tuple[float, float]] = ()
    unkept: Sequence[tuple[float, float]] = ()

    def may_lose(self, told: Told) -> bool:
        """Whether this call may have got no answer."""
        return self.lost_answers or _is_within(told, self.outages)

    def may_forget(self, told: Told) -> bool:
        """Whether this call's answer may not have been kept."""
        return _is_within(told, self.unkept)


def _is_within(told: Told, spans: Sequence[tuple[float, float]]) -> bool:
    return any(told.at <= until and told.ended >= since for since, until in spans)


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
        *_of_messages(journey, allowed),
        *_of_ids(journey),
        *_of_guesses(journey, allowed),
        *_of_proofs(journey),
        *([] if allowed.lost_data else [*_of_loss(journey), *_of_status(journey)]),
    ]


def _of_answers(journey: Journey, allowed: Allowed) -> list[str]:
    problems = []
    for told in journey.log:
        if told.took > allowed.longest_seconds:
            problems.append(f"{told.call} took {told.took:.1f} s")
        if told.status == NO_ANSWER:
            if not allowed.may_lose(told):
                problems.append(f"{told.call} got no answer ({told.code})")
        elif told.status not in _expected(told, allowed):
            problems.append(f"{told.call} was answered {told.status}")
    return problems


def _expected(told: Told, allowed: Allowed) -> set[int]:
    refused = {422} if allowed.refused_numbers and told.call in _SENDS else set()
    return _EXPECTED[told.call] | refused | (_EXPECTED_WITH_KEY if told.key else set())


def _of_messages(journey: Journey, allowed: Allowed) -> list[str]:
    """What reached the phone is what was told; a receipt may bring one more, and only one."""
    if not journey.of("start"):
        return []
    bounds = [_messages_of(group, allowed) for group in _requests(journey.of(*_SENDS))]
    least = sum(low for low, _ in bounds)
    most = sum(high for _, high in bounds) + bool(journey.of("receipt"))
    problems = []
    if journey.messages > most:
        problems.append(f"{most} messages may have been sent, {journey.messages} were")
    if journey.messages < least:
        problems.append(f"told of {least} messages, {journey.messages} were sent")
    if journey.deliveries is not None and journey.messages > journey.deliveries:
        problems.append(f"{journey.messages} messages, but {journey.deliveries} were stored")
    return problems


def _messages_of(calls: list[Told], allowed: Allowed) -> tuple[int, int]:
    """Say how many messages equal requests sent, at least and at most.

    One that broke off, so that its caller or the store knows nothing of its end, may have sent one;
    who repeats it gets another.
    """
    answers = [told for told in calls if told.status in {200, 201}]
    is_forgotten = len(calls) > 1 and any(allowed.may_forget(told) for told in answers)
    unanswered = sum(told.is_lost for told in calls) + is_forgotten
    is_accepted = any(told.delivery == "accepted" for told in answers)
    return int(is_accepted), bool(answers) + unanswered


def _of_ids(journey: Journey) -> list[str]:
    """Equal requests are one verification."""
    problems = []
    for calls in _requests(journey.of("start")):
        ids = {told.verification_id for told in calls if told.status == 201}
        if len(ids) > 1:
            problems.append(f"equal starts made {len(ids)} verifications")
    return problems


def _of_guesses(journey: Journey, allowed: Allowed) -> list[str]:
    problems = []
    guesses = _requests(journey.of("right", "wrong"))
    approvals = [calls[0] for calls in guesses if any(told.status == 200 for told in calls)]
    if any(told.call == "wrong" for told in approvals):
        problems.append("a wrong code was approved")
    if len(approvals) > (2 if allowed.lost_approvals else 1):
        problems.append("a code was approved twice")
    if approvals and any(told.status == 200 for told in journey.of("cancel")):
        problems.append("a code was approved and its verification was called off")
    if allowed.lost_data:
        # What a lost store had counted may be counted again; what it had used up may not be lost
        # without its record, so that a code is good once even so.
        return problems
    left = [told.attempts_left for told in journey.of("wrong") if _is_counted(told)]
    if len(left) >= ATTEMPTS:
        problems.append(f"{len(left)} wrong codes left one more")
    if twice := [count for count, times in Counter(left).items() if times > 1]:
        problems.append(f"two wrong codes left the same attempts: {twice}")
    if approvals and any(told.code == "verification_exhausted" for told in journey.log):
        problems.append("a code was approved and every attempt was used up")
    return problems


def _of_proofs(journey: Journey) -> list[str]:
    told = [each for each in journey.of("consume") if each.status == 200]
    active = sum(each.code == "active" for each in told)
    if active > 1:
        return ["a proof was used up twice"]
    is_lost = told and not active and not any(each.is_trouble for each in journey.of("consume"))
    return ["a proof was never good"] if is_lost else []


def _of_loss(journey: Journey) -> list[str]:
    """A right code is approved, unless an answer that did not come may have used it up before."""
    right = journey.of("right")
    if not right or any(told.status == 200 for told in right):
        return []
    last = right[-1]
    return [] if _is_explained(last, journey) else [f"the right code was answered {_word(last)}"]


def _is_explained(last: Told, journey: Journey) -> bool:
    """Whether what else was told explains that a right code is good no more."""
    match last.code:
        case "verification_approved":
            # With a key even the answer that did not come is kept, and given again.
            return not last.key and any(told.is_trouble for told in journey.of("right"))
        case "verification_exhausted":
            wrong = [told for told in journey.of("wrong") if told.code != "verification_approved"]
            return len(wrong) >= ATTEMPTS
        case "verification_canceled":
            cancels = journey.of("cancel")
            return any(told.status == 200 or told.is_trouble for told in cancels)
        case _:
            return False


def _of_status(journey: Journey) -> list[str]:
    """What a status says is what was told of guesses and cancels before it."""
    problems = []
    for told in journey.of("status", "look"):
        before = [each for each in journey.log if each.ended <= told.at]
        ends = {
            each.code for each in before if each.call in {"right", "cancel"} and each.status == 200
        }
        if told.status == 200 and ends and told.code not in ends:
            problems.append(f"{ends} was told, and then {told.code} of its status")
        if told.code == "approved" and not any(each.call == "right" for each in before):
            problems.append("approved, and no right code was typed in")
    return problems


def _requests(calls: list[Told]) -> list[list[Told]]:
    """Put calls with the same Idempotency-Key together; any other is one by itself."""
    keyed = sorted((told for told in calls if told.key), key=lambda told: told.key)
    together = [list(equal) for _, equal in groupby(keyed, key=lambda told: told.key)]
    return [[told] for told in calls if not told.key] + together


def _is_counted(told: Told) -> bool:
    """Whether a wrong code was judged and left another attempt; the last one leaves none."""
    return told.status == 400 and told.code == "code_incorrect"


def _words(log: Iterable[Told]) -> str:
    return ", ".join(f"{told.call} {_word(told)}" for told in log)


def _word(told: Told) -> str:
    return f"{told.status} {told.code}".rstrip()
